"""The account of deliveries: every accepted message in one bucket, reasons told apart within bounds, and what recipients did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import Delivery, FailureReason, Source, StatusReport
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SentMessage
from sendspec.operations.delivery_account import MAX_REASONS, OTHER, delivery_account, sum_of_accounts
from sendspec.showing.delivery import account_json, delivery_lines, delivery_words, share_text, tally_line
from sendspec.showing.terminal_style import TerminalStyle

PLAIN = TerminalStyle(False)


def identity(number: int) -> bytes:
    return number.to_bytes(16)


@dataclass
class Ledger:
    count: int

    def accepted_of(self, name: str, generation: int) -> Iterator[SentMessage]:
        return (SentMessage(identity(number), "x", 0.0, None) for number in range(self.count))


@dataclass
class Kept:
    known: Mapping[int, Delivery]
    did: Sequence[Interaction] = ()

    def deliveries(self, ids: Sequence[bytes]) -> Mapping[bytes, Delivery]:
        return {each: self.known[n] for each in ids if (n := int.from_bytes(each)) in self.known}

    def interactions(self, ids: Sequence[bytes]) -> Iterator[Interaction]:
        return (each for each in self.did if each.message in ids)


def seen(status: str, reason: str = "", *, at: float = 5.0, changed: bool = False) -> Delivery:
    report = StatusReport(status, at, FailureReason(reason, 15005) if reason else None)
    return Delivery(report, Source.LIST, at, changed)


def account(count: int, kept: Kept | None) -> Any:
    return delivery_account(cast(Facts, Ledger(count)), cast(DeliveryFacts, kept), "hello", 1)


def test_every_accepted_message_is_in_one_bucket() -> None:
    known = {
        0: seen("delivered", changed=True), 1: seen("delivery_failed", "unknown subscriber", at=9.0), 2: seen("sent"), 3: seen("a-new-word"),
        4: seen("skipped"), 1_500: seen("delivered"),
    }  # fmt: skip
    found = account(2_001, Kept(known))
    assert found.tally.as_dict() == {
        "accepted": 2_001, "delivered": 2, "undelivered": 2, "under_way": 2, "unknown": 1_995, "changed": 1,
    }  # fmt: skip
    assert found.by_status == {"delivered": 2, "delivery_failed": 1, "sent": 1, "a-new-word": 1, "skipped": 1}
    assert [(each.status, each.count, each.first, each.words.kind) for each in found.reasons] == [
        ("delivery_failed", 1, identity(1), "dead_number"), ("skipped", 1, identity(4), "withheld"),
    ]  # fmt: skip
    assert found.as_of == 9.0
    nothing = account(3, None)
    assert (nothing.tally.unknown, nothing.as_of, nothing.reasons) == (3, None, ())


def test_foreign_reasons_do_not_grow_without_end() -> None:
    known = {number: seen("delivery_failed", f"reason {number}") for number in range(MAX_REASONS + 50)}
    found = account(MAX_REASONS + 50, Kept(known))
    assert len(found.reasons) == MAX_REASONS + 1
    assert (found.reasons[0].reason, found.reasons[0].count) == (OTHER, 50)
    lines = delivery_lines(found, PLAIN)
    assert (
        lines[-1]
        == f"  not delivered: {MAX_REASONS - 29} for {MAX_REASONS - 29} more reasons, which `sendspec status --undelivered` lists"
    )


def test_what_recipients_did_is_counted_and_machines_apart() -> None:
    kinds = [("clicked", False), ("clicked", True), ("clicked", True), ("unsubscribe-request", False), ("read", False)]
    did = [Interaction(str(n), identity(n % 2), kind, 0.0, is_bot=bot) for n, (kind, bot) in enumerate(kinds)]
    found = account(2, Kept({}, did))
    assert found.interactions.as_dict() == {"clicked": 1, "clicked_by_bots": 2, "opted_out": 1}
    assert "  recipients: 1 click · 2 clicks by machines · 1 request to opt out" in delivery_lines(found, PLAIN)


def test_a_sum_is_the_account_of_all() -> None:
    one = account(
        3, Kept({0: seen("delivered"), 1: seen("rejected", "x")}, [Interaction("i", identity(0), "clicked", 0.0)])
    )
    two = account(2, Kept({0: seen("rejected", "x", at=7.0), 1: seen("sent", changed=True)}))
    total = sum_of_accounts([one, two])
    assert total.tally.as_dict() == {
        "accepted": 5, "delivered": 1, "undelivered": 2, "under_way": 1, "unknown": 1, "changed": 1,
    }  # fmt: skip
    assert [(each.count, each.first) for each in total.reasons] == [(2, identity(1))]
    assert (total.as_of, total.interactions.clicked) == (7.0, 1)
    assert account_json(sum_of_accounts([one])) == account_json(one)


def test_the_words_of_counts_and_shares() -> None:
    assert tally_line(account(0, None).tally) == "0 accepted = 0 delivered"
    assert (
        tally_line(account(2, Kept({0: seen("sent")})).tally)
        == "2 accepted = 0 delivered + 1 under way + 1 not known yet"
    )
    assert [share_text(9_499, 10_000), share_text(95, 100), share_text(1, 3), share_text(0, 7)] == [
        "94.9 %",
        "95 %",
        "33.3 %",
        "0 %",
    ]
    assert [share_text(201, 10_000, up=True), share_text(2, 100, up=True)] == ["2.1 %", "2 %"]
    quiet = account(1, Kept({0: seen("delivery_failed", "odd\x1b[31m words")}))
    assert delivery_lines(quiet, PLAIN) == ["  not delivered: 1 odd\\u001b[31m words (delivery_failed, 15005)"]
    barred, dead = (StatusReport("delivery_failed", 1.0, FailureReason("no", 15005, "sms-messagebird", code), 1) for code in ("12", "1"))  # fmt: skip
    assert [delivery_words(Delivery(each, Source.LIST, 2.0)) for each in (barred, dead)] == [
        "not delivered: no (delivery_failed, 15005): as a guess, the line is barred from receiving",
        "not delivered: no (delivery_failed, 15005): no active line has this number",
    ]
    changed = account(1, Kept({0: seen("delivered", changed=True)}))
    assert delivery_lines(changed, PLAIN) == [
        "  changed: 1 reported as delivered and as failed; they count as delivered"
    ]
