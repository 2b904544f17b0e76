"""What is kept of deliveries and opt-outs beside a ledger, whatever stores it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import permutations

import pytest
from ledgers import IDENTITY, Store
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import Delivery, FailureReason, Observation, Source, StatusReport, merged
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.protocol import DeliveryCounts, DeliveryFacts, DeliveryStore, PendingReport, Written
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries

IDS = [bytes([n]) * 16 for n in range(8)]
REASON = FailureReason("unknown subscriber", 15005, "sms-messagebird", "1")
FAILED = StatusReport("delivery_failed", 20.25, REASON, 2)
DELIVERED = StatusReport("delivered", 21.5, None, 2)
SENT = StatusReport("sent", 19.0)
LIFE = [
    StatusReport("scheduled", 1.0),
    StatusReport("accepted", 2.0),
    StatusReport("processing", 3.0),
    SENT,
    StatusReport("held-by-carrier", 19.5),
    replace(FAILED, at=20.0),
    FAILED,
    DELIVERED,
]
STOP = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", "reply-1", 51.0)


def seen(message: bytes, report: StatusReport, at: float = 30.0, source: Source = Source.LIST) -> Observation:
    return Observation(message, report, source, at)


@pytest.fixture
def kept(store: Store) -> Iterator[DeliveryStore]:
    with open_deliveries(store.place, IDENTITY) as opened:
        yield opened


def facts_of(store: Store) -> AbstractContextManager[DeliveryFacts | None]:
    return read_deliveries(store.place, IDENTITY)


def test_what_was_observed_is_known_afterwards(store: Store, kept: DeliveryStore) -> None:
    odd = StatusReport("odd-word", None, FailureReason("", None, "x"), 0)
    assert kept.observe([seen(IDS[0], FAILED), seen(IDS[1], DELIVERED), seen(IDS[2], odd)]) == Written(added=3)
    expected = {
        identity: Delivery(report, Source.LIST, 30.0)
        for identity, report in zip(IDS, (FAILED, DELIVERED, odd), strict=False)
    }
    assert kept.deliveries(IDS) == expected
    with facts_of(store) as facts:
        assert facts is not None
        assert facts.deliveries(IDS) == expected
        assert facts.deliveries([]) == {}


def test_the_same_again_changes_nothing_and_more_replaces_less(kept: DeliveryStore) -> None:
    first = [seen(IDS[0], SENT), seen(IDS[1], SENT)]
    assert kept.observe(first) == Written(added=2)
    again = [
        seen(IDS[0], SENT, 99.0, Source.WEBHOOK),
        seen(IDS[1], StatusReport("accepted", 99.0)),
        seen(IDS[1], FAILED),
    ]
    assert kept.observe(again) == Written(changed=1, known=2)
    assert kept.observe([seen(IDS[1], DELIVERED), seen(IDS[1], FAILED), seen(IDS[2], SENT)]) == Written(1, 1, 1)
    assert kept.deliveries(IDS) == {
        IDS[0]: Delivery(SENT, Source.LIST, 30.0),
        IDS[1]: Delivery(DELIVERED, Source.LIST, 30.0, is_changed=True),
        IDS[2]: Delivery(SENT, Source.LIST, 30.0),
    }


def test_a_life_in_any_order_and_with_repeats_ends_in_the_same_row(kept: DeliveryStore) -> None:
    """The stores decide as `merged` does, of which tests/ledger/delivery has every order."""
    orders = random.Random(7).sample(list(permutations(range(len(LIFE)))), 60)
    expected = {}
    for number, order in enumerate(orders):
        message = number.to_bytes(16, "big")
        events = [seen(message, LIFE[n], 100.0 + n, Source(n % 3 + 1)) for n in (*order, *order[:3])]
        kept.observe(events[:5])
        kept.observe(events[5:])
        counts: Delivery | None = None
        for event in events:
            counts = merged(counts, event)
        expected[message] = counts
    assert kept.deliveries(list(expected)) == expected
    assert len({repr(one) for one in expected.values()}) == 1


def test_more_than_a_block_is_written_and_read(kept: DeliveryStore) -> None:
    ids = [n.to_bytes(16, "big") for n in range(1_201)]
    assert kept.observe(seen(identity, SENT) for identity in ids) == Written(added=1_201)
    assert len(kept.deliveries(ids)) == 1_201
    assert kept.put_interactions(Interaction(f"i{n}", IDS[0], "clicked", n) for n in range(1_201)).added == 1_201
    assert len(list(kept.interactions([*ids, IDS[0]]))) == 1_201
    assert kept.put_signals(replace(STOP, evidence=str(n)) for n in range(1_201)).added == 1_201
    assert [signal.evidence for signal in kept.signals()] == [str(n) for n in range(1_201)]
    assert kept.counts() == DeliveryCounts(1_201, 1_201, 1_201, 0)
    assert kept.find_damage() == []
    assert kept.purge(before=31.0) == 1_201
    assert kept.counts() == DeliveryCounts(0, 1_201 - 31, 1_201, 0)


def test_times_are_kept_to_the_millisecond_and_impossible_values_as_unknown(kept: DeliveryStore) -> None:
    strange = StatusReport("sent", 1e300, None, 10**9)
    kept.observe([seen(IDS[0], replace(SENT, at=1.0004), 2.0006), seen(IDS[1], strange, float("nan"))])
    found = kept.deliveries(IDS)
    assert (found[IDS[0]].report.at, found[IDS[0]].seen_at) == (1.0, 2.001)
    assert found[IDS[1]].report == StatusReport("sent")


def test_an_interaction_is_kept_once(kept: DeliveryStore) -> None:
    click = Interaction("i-1", IDS[0], "clicked", 40.125, is_first=True)
    bot = Interaction("i-2", IDS[0], "clicked", 39.0, is_bot=True)
    assert kept.put_interactions([click, bot, click]) == Written(added=2, known=1)
    assert kept.put_interactions([replace(click, kind="other"), replace(bot, id="i-3", message=IDS[1])]) == Written(
        1, 0, 1
    )
    assert sorted(kept.interactions(IDS[:1]), key=lambda one: one.id) == [click, bot]
    assert list(kept.interactions(IDS[2:])) == []


def test_a_signal_is_kept_once_and_all_in_their_order(store: Store, kept: DeliveryStore) -> None:
    start = replace(STOP, kind=SignalKind.IN, at=60.0, evidence="reply-2")
    everywhere = replace(STOP, ground=Ground.HAND, channel=None)
    assert kept.put_signals([STOP, start, STOP]) == Written(added=2, known=1)
    assert kept.put_signals([replace(STOP, noted_at=99.0), everywhere]) == Written(added=1, known=1)
    assert list(kept.signals()) == [STOP, start, everywhere]
    assert (list(kept.signals(after=2)), list(kept.signals(after=3)), kept.signal_count) == ([everywhere], [], 3)
    kept.purge(before=1e9)
    with facts_of(store) as facts:
        assert facts is not None
        assert list(facts.signals()) == [STOP, start, everywhere]


def test_no_number_of_a_reason_or_a_persons_word_is_kept(kept: DeliveryStore) -> None:
    said = "Ada, +44 (0)7700 900-123 or ada@example.com, per 123e4567-e89b-12d3-a456-446655440000"
    kept.put_signals([replace(STOP, ground=Ground.HAND, evidence=said), replace(STOP, evidence="447700900123")])
    kept.observe([seen(IDS[0], replace(FAILED, reason=FailureReason("no 447700900123")))])
    by_hand, by_keyword = kept.signals()
    assert by_hand.evidence == "Ada, •••••• or •••••• per 123e4567-e89b-12d3-a456-446655440000"
    assert by_keyword.evidence == "447700900123"  # the API's own id
    assert kept.deliveries(IDS)[IDS[0]].report.reason == FailureReason("no ••••••")


def test_texts_that_no_database_takes_are_kept_in_another_form(kept: DeliveryStore) -> None:
    kept.observe([seen(IDS[0], replace(FAILED, reason=FailureReason("a\0b \ud800 ü\n" + "x" * 900)))])
    reason = kept.deliveries(IDS)[IDS[0]].report.reason
    assert reason is not None
    assert reason.text.startswith("a\\x00b \\ud800 ü x")
    kept.put_signals([replace(STOP, channel="a\0b", evidence="\ud800")])
    assert [(one.channel, one.evidence) for one in kept.signals()] == [("a\\x00b", "\\ud800")]


def test_pending_reports_wait_until_they_are_dropped(kept: DeliveryStore) -> None:
    first = PendingReport("r-1", (b"a" * 16, b"b" * 16), FAILED, Source.WEBHOOK, 10.0)
    second = replace(first, report=replace(SENT, reason=None), seen_at=20.0)
    other, old = replace(first, remote_id="r-2", receivers=()), replace(first, remote_id="r-3", seen_at=1.0)
    kept.put_pending([first, second, other, old, first, replace(first, seen_at=99.0)])
    assert sorted(kept.pending(), key=repr) == sorted([first, second, other, old], key=repr)
    kept.drop_pending([], before=10.0)
    assert sorted(kept.pending(), key=repr) == sorted([first, second, other], key=repr)
    kept.drop_pending(["r-1", "r-9"], before=0.0)
    assert list(kept.pending()) == [other]


def test_a_mark_never_goes_back(store: Store, kept: DeliveryStore) -> None:
    assert kept.mark("a") is None
    for at in (5.0, 7.25, 6.0):
        kept.set_mark("a", at)
    kept.set_mark("b", 1.0)
    assert (kept.mark("a"), kept.mark("b")) == (7.25, 1.0)


def test_what_was_seen_long_ago_is_purged(kept: DeliveryStore) -> None:
    kept.observe([seen(IDS[0], SENT, 10.0), seen(IDS[1], SENT, 20.0)])
    kept.put_interactions([Interaction("i-1", IDS[0], "clicked", 10.0), Interaction("i-2", IDS[1], "clicked", 20.0)])
    assert kept.purge(before=20.0) == 1
    assert kept.counts() == DeliveryCounts(1, 1, 0, 0)
    assert list(kept.deliveries(IDS)) == [IDS[1]]


def test_a_reader_and_a_second_writer_see_what_the_first_has_written(store: Store, kept: DeliveryStore) -> None:
    kept.put_signals([STOP])
    with facts_of(store) as facts, open_deliveries(store.place, IDENTITY) as other:
        assert facts is not None
        assert facts.signal_count == other.signal_count == 1
        assert other.put_signals([STOP, replace(STOP, evidence="reply-2")]) == Written(added=1, known=1)
        assert facts.signal_count == kept.signal_count == 2


def test_replacing_where_nothing_was_lost_adds_signals(kept: DeliveryStore) -> None:
    kept.put_signals([STOP])
    replaced = kept.replace_lost([STOP, replace(STOP, evidence="file")], noted=1, reason="why", now=9.0)
    assert (replaced.lost, replaced.written) == (0, Written(added=1, known=1))
    assert kept.signal_count == 2
