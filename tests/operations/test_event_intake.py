"""Events end in the same rows whatever their order, and only those of this ledger's messages and channels are kept."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from long_rows import every
from project_dir import CHANNEL
from sendspec.composing.identity import id_text, receiver_hash
from sendspec.ledger.delivery.observation import Source
from sendspec.ledger.delivery.opt_out import SignalKind
from sendspec.ledger.delivery.protocol import DeliveryStore, PendingReport
from sendspec.ledger.delivery_access import open_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import PURGED, KnownMessage, MessageRecord
from sendspec.operations.event_intake import PENDING_SECONDS, EventIntake, IntakeCounts, IntakeSettings, settle_pending
from sendspec.planning.message_state import State
from sendspec.provider.webhook_event import OutboundEvent, read_event
from sendspec.reading.environment import LedgerFile
from webhook_requests import BEGIN, interaction_event, reply_event, status_event

SALT = b"s" * 32
NOW = BEGIN + 100
ONE, TWO = b"\1" * 16, b"\2" * 16
NUMBER = "+447700900001"


def contacts(*addresses: str) -> dict[str, Any]:
    return {"contacts": [{"identifierKey": "phonenumber", "identifierValue": address} for address in addresses]}


def listed(message: bytes, remote_id: str, **more: Any) -> dict[str, Any]:
    """A message as the API has it."""
    whole = {
        "id": remote_id,
        "reference": id_text(message),
        "receiver": contacts(NUMBER),
        "createdAt": "2026-11-29T10:00:00Z",
    }
    return {**whole, **more}


class FewMessages:
    """The part of a ledger that is asked, with messages of the test."""

    def __init__(self) -> None:
        self.known = {ONE: KnownMessage(State.ACCEPTED, receiver_hash(SALT, NUMBER), "remote-1", id_text(ONE))}

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        return {one: self.known[one] for one in ids if one in self.known}

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]:
        return {
            it.remote_id: one
            for one, it in self.known.items()
            if it.remote_id is not None and it.remote_id in remote_ids
        }

    def messages(self, states: Sequence[State] = tuple(State)) -> Iterable[MessageRecord]:
        return ()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DeliveryStore]:
    with open_deliveries(LedgerFile(tmp_path / "test.db", durable=True), LedgerIdentity("ledger", SALT)) as opened:
        yield opened


def take(
    ledger: FewMessages, store: DeliveryStore, *bodies: bytes, channels: frozenset[str] | None = frozenset({CHANNEL})
) -> IntakeCounts:
    counts = IntakeCounts()
    settings = IntakeSettings(salt=SALT, channels=channels)
    intake = EventIntake(
        ledger, store, settings, counts, lambda read: store.put_signals(one for it in read for one in it.signals)
    )
    intake.take([read_event(body) for body in bodies], NOW)
    assert counts.total == len(bodies)
    return counts


LIFE = [
    status_event(listed(ONE, "remote-1"), "accepted", 1),
    status_event(listed(ONE, "remote-1"), "sent", 3, parts=[{}, {}]),
    status_event(listed(ONE, "remote-1"), "delivery_failed", 4, details="unknown_subscriber"),
    status_event(listed(ONE, "remote-1"), "delivered", 9),
    reply_event(NUMBER, "STOP", "reply-1", 20),
    reply_event(NUMBER, "start", "reply-2", 21),
    interaction_event(listed(ONE, "remote-1"), "unsubscribe-request"),
    interaction_event(listed(ONE, "remote-1"), "clicked", "interaction-2", metadata={"isBot": True}),
]


def rows_of(store: DeliveryStore) -> tuple[Any, ...]:
    signals = sorted((replace(one, noted_at=0.0) for one in store.signals()), key=repr)
    interactions = sorted(store.interactions([ONE]), key=lambda one: one.id)
    return dict(store.deliveries([ONE])), signals, interactions, list(store.pending())


@pytest.mark.parametrize("seed", every(15, range(60)))
def test_every_order_with_repeats_ends_in_the_same_rows(tmp_path: Path, store: DeliveryStore, seed: int) -> None:
    ledger = FewMessages()
    assert take(ledger, store, *LIFE).stored == len(LIFE)
    chosen = random.Random(seed)
    life = LIFE + chosen.sample(LIFE, 5)
    chosen.shuffle(life)
    identity = LedgerIdentity("ledger", SALT)
    with open_deliveries(LedgerFile(tmp_path / "other.db", durable=True), identity) as other:
        while life:
            count = chosen.randint(1, 4)
            batch, life = life[:count], life[count:]
            take(ledger, other, *batch)
        assert rows_of(other) == rows_of(store)


def test_a_purged_message_is_known_by_its_id(store: DeliveryStore) -> None:
    ledger = FewMessages()
    ledger.known[ONE] = replace(ledger.known[ONE], receiver=PURGED)
    assert take(ledger, store, status_event(listed(ONE, "remote-1"), "delivered")).stored == 1


def test_an_interaction_without_a_receiver_is_its_messages(store: DeliveryStore) -> None:
    counts = take(
        FewMessages(), store,
        interaction_event(listed(ONE, "remote-1", receiver=None), "clicked"),
        interaction_event(listed(ONE, "another", receiver={"connector": {"id": "k"}}), "clicked", "interaction-2"),
        interaction_event(listed(TWO, "remote-2", receiver=None), "clicked", "interaction-3"),
    )  # fmt: skip
    assert (counts.stored, counts.elsewhere) == (2, 1)


def test_everybody_in_an_interaction_opts_out(store: DeliveryStore) -> None:
    both = listed(ONE, "remote-1", receiver=contacts(NUMBER, "+447700900002"))
    counts = take(FewMessages(), store, interaction_event(both, "unsubscribe-request"))
    assert (counts.stored, counts.opt_outs) == (1, 2)
    strangers = listed(TWO, "remote-2", receiver=contacts("+447700900003", "+447700900004"))
    counts = take(FewMessages(), store, interaction_event(strangers, "unsubscribe-request", "interaction-2"))
    assert (counts.stored, counts.opt_outs) == (1, 2)
    assert len({one.receiver for one in store.signals()}) == 4


def test_an_id_that_repeats_a_number_is_not_kept(store: DeliveryStore) -> None:
    entry = interaction_event(listed(ONE, "remote-1"), "clicked", f"click-{NUMBER[1:]}")
    assert take(FewMessages(), store, entry, entry).stored == 1
    (kept,) = store.interactions([ONE])
    assert NUMBER[1:] not in kept.id


def test_the_sandbox_has_channels_of_any_id(store: DeliveryStore) -> None:
    elsewhere = reply_event(NUMBER, "STOP", channel="00000000-0000-4000-8000-00000000000F")
    assert take(FewMessages(), store, elsewhere).elsewhere == 1
    assert take(FewMessages(), store, elsewhere, channels=None).stored == 1
    assert take(FewMessages(), store, reply_event(NUMBER, "STOP", "reply-2", channel=None)).stored == 1


def test_an_early_report_finds_only_its_own_receiver_and_does_not_wait_for_ever(store: DeliveryStore) -> None:
    ledger = FewMessages()
    found = read_event(status_event(listed(ONE, "remote-1"), "delivered"))
    assert isinstance(found, OutboundEvent)
    report = found.sighting.report
    assert report is not None
    mine, theirs = receiver_hash(SALT, NUMBER), receiver_hash(SALT, "+447700900009")
    waiting = [
        PendingReport("remote-1", (theirs,), report, Source.WEBHOOK, NOW - 1),
        PendingReport("remote-2", (mine,), report, Source.WEBHOOK, NOW - PENDING_SECONDS - 1),
        PendingReport("remote-3", (mine,), report, Source.WEBHOOK, NOW - PENDING_SECONDS + 1),
    ]
    store.put_pending(waiting)
    assert settle_pending(ledger, store, NOW) == 0
    assert dict(store.deliveries([ONE])) == {}
    assert [one.remote_id for one in store.pending()] == ["remote-3"]
    store.put_pending([PendingReport("remote-1", (theirs, mine), report, Source.WEBHOOK, NOW)])
    assert settle_pending(ledger, store, NOW) == 1
    assert store.deliveries([ONE])[ONE].report.status == "delivered"


def test_a_failure_that_may_be_an_opt_out_is_kept_for_a_person_once(store: DeliveryStore) -> None:
    ledger, source = FewMessages(), {"code": 14000, "source": {"name": "contact"}}
    refused = status_event(listed(ONE, "remote-1"), "sending_failed", 4, failure=source)
    assert take(ledger, store, refused).opt_outs == 1
    assert take(ledger, store, refused, refused).opt_outs == 0
    stranger = status_event(listed(TWO, "remote-2"), "sending_failed", 4, failure=source)
    assert take(ledger, store, stranger).opt_outs == 0
    ledger.known[TWO] = KnownMessage(State.SENDING, receiver_hash(SALT, NUMBER), None, id_text(TWO))
    assert take(ledger, store, stranger).opt_outs == 1, "it may come before the API's answer to the message"
    assert [(one.kind, one.evidence, one.channel) for one in store.signals()] == [
        (SignalKind.MAYBE, "remote-1", CHANNEL),
        (SignalKind.MAYBE, "remote-2", CHANNEL),
    ]
