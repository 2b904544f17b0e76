"""What is known of what became of a send's accepted messages, counted from what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Protocol

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Delivery, FailureReason, Fate
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SentMessage
from sendspec.planning.delivery_gate import DeliveryTally
from sendspec.provider.failure_words import FailureWords, failure_words

BLOCK = 1_000
MAX_REASONS = 200
"""Reasons told apart; a list of foreign texts must not grow without end."""
OTHER = FailureReason("other reasons")
CLICKED, OPTED_OUT = "clicked", "unsubscribe-request"


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many messages ended in `status` for `reason`, and the id of the first. `words` say what it means."""

    status: str
    reason: FailureReason | None
    words: FailureWords
    count: int
    first: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionCounts:
    """Clicks by people and by machines, and requests to unsubscribe."""

    clicked: int = 0
    clicked_by_bots: int = 0
    opted_out: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"clicked": self.clicked, "clicked_by_bots": self.clicked_by_bots, "opted_out": self.opted_out}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAccount:
    """`by_status` counts the messages that were seen. `reasons` are those of failed messages, the most frequent first.

    `as_of` is when the latest report was seen (Unix seconds), None without any.
    """

    tally: DeliveryTally = field(default_factory=DeliveryTally)
    by_status: Mapping[str, int] = field(default_factory=dict)
    reasons: Sequence[ReasonCount] = ()
    interactions: InteractionCounts = field(default_factory=InteractionCounts)
    as_of: float | None = None


class OfferedTo(Protocol):
    """Is offered each accepted message of a send, with what is known of it."""

    def add(self, message: SentMessage, delivery: Delivery | None) -> None: ...


def delivery_account(
    ledger: Facts, facts: DeliveryFacts | None, name: str, generation: int, undecided: OfferedTo | None = None
) -> DeliveryAccount:
    """The account of a send. Its messages are offered to `undecided`."""
    count = _Count()
    for block, known in blocks_with_deliveries(ledger.accepted_of(name, generation), facts):
        for message in block:
            delivery = known.get(message.id)
            count.add(message.id, delivery)
            if undecided is not None:
                undecided.add(message, delivery)
        if facts is not None:
            count.add_interactions(facts, [message.id for message in block])
    return count.account()


def blocks_with_deliveries(
    messages: Iterable[SentMessage], facts: DeliveryFacts | None
) -> Iterator[tuple[list[SentMessage], Mapping[bytes, Delivery]]]:
    """The messages in blocks, each with what is known of them."""
    rest = iter(messages)
    while block := list(islice(rest, BLOCK)):
        yield block, {} if facts is None else facts.deliveries([message.id for message in block])


def sum_of_accounts(accounts: Iterable[DeliveryAccount]) -> DeliveryAccount:
    """All specs' accounts as one."""
    count = _Count()
    for account in accounts:
        count.add_account(account)
    return count.account()


class _Count:
    def __init__(self) -> None:
        self._fates: Counter[Fate] = Counter()
        self._statuses: Counter[str] = Counter()
        self._reasons: Counter[tuple[str, FailureReason | None]] = Counter()
        self._first: dict[tuple[str, FailureReason | None], bytes] = {}
        self._interactions: Counter[str] = Counter()
        self._changed = 0
        self._as_of: float | None = None

    def add(self, identity: bytes, delivery: Delivery | None) -> None:
        if delivery is None:
            self._fates[Fate.UNKNOWN] += 1
            return
        report = delivery.report
        self._fates[report.fate] += 1
        self._statuses[report.status] += 1
        self._changed += delivery.is_changed
        self._see(delivery.seen_at)
        if report.fate is Fate.UNDELIVERED:
            self._add_reason(report.status, report.reason, 1, identity)

    def _add_reason(self, status: str, reason: FailureReason | None, number: int, first: bytes) -> None:
        key = (status, reason)
        if key not in self._reasons and len(self._reasons) >= MAX_REASONS:
            key = (status, OTHER)
        self._reasons[key] += number
        self._first.setdefault(key, first)

    def add_interactions(self, facts: DeliveryFacts, ids: Sequence[bytes]) -> None:
        for one in facts.interactions(ids):
            if one.kind == CLICKED:
                self._interactions["clicked_by_bots" if one.is_bot else "clicked"] += 1
            elif one.kind == OPTED_OUT:
                self._interactions["opted_out"] += 1

    def add_account(self, account: DeliveryAccount) -> None:
        tally = account.tally
        self._fates.update({
            Fate.DELIVERED: tally.delivered, Fate.UNDELIVERED: tally.undelivered,
            Fate.UNDER_WAY: tally.under_way, Fate.UNKNOWN: tally.unknown,
        })  # fmt: skip
        self._statuses.update(account.by_status)
        self._changed += tally.changed
        self._interactions.update(account.interactions.as_dict())
        for each in account.reasons:
            self._add_reason(each.status, each.reason, each.count, each.first)
        if account.as_of is not None:
            self._see(account.as_of)

    def _see(self, seen_at: float) -> None:
        self._as_of = seen_at if self._as_of is None else max(self._as_of, seen_at)

    def account(self) -> DeliveryAccount:
        fates = self._fates
        return DeliveryAccount(
            tally=DeliveryTally(
                accepted=fates.total(),
                delivered=fates[Fate.DELIVERED],
                undelivered=fates[Fate.UNDELIVERED],
                under_way=fates[Fate.UNDER_WAY],
                changed=self._changed,
            ),
            by_status=dict(self._statuses.most_common()),
            reasons=tuple(
                ReasonCount(status, reason, failure_words(status, reason), number, self._first[status, reason])
                for (status, reason), number in self._reasons.most_common()
            ),
            interactions=InteractionCounts(**self._interactions),
            as_of=self._as_of,
        )
