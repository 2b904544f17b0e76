"""A send as one value: all runs of it together, or what one of them did. Made from the ledger alone, with countries from today's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Delivery
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun
from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.recipient_row import Absence
from sendspec.operations.report_speed import Latency, Throughput
from sendspec.operations.run_report import Reason
from sendspec.planning.cost import Cost
from sendspec.planning.totals import Totals
from sendspec.reading.limits import Amount


class Verdict(StrEnum):
    """How a send went. `FAILED`: nothing was accepted, or a run was stopped by the API or a guard. `UNFINISHED`: some wait to be sent."""

    OK = "ok"
    ATTENTION = "attention"
    FAILED = "failed"
    UNFINISHED = "unfinished"


class Concern(StrEnum):
    """What a warning is about. Used in JSON."""

    NEVER_SENT = "never_sent"
    UNKNOWN_NAME = "unknown_name"
    GIVEN_UP = "given_up"
    UNDER_WAY = "under_way"
    STOPPED = "stopped"
    KILLED = "killed"
    NOT_SENT = "not_sent"
    IN_DOUBT = "in_doubt"
    EARLIER_DOUBTS = "earlier_doubts"
    REFUSED = "refused"
    UNDELIVERED = "undelivered"
    LEFT = "left"
    GUARD = "guard"
    UNKNOWN_PRICE = "unknown_price"
    PRICES = "prices"
    TABLE = "table"
    SPEC = "spec"


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning: how many messages it is about, or which run, and the ledger's or the file's own words, if there are any."""

    concern: Concern
    count: int = 0
    detail: str = ""


GuardValue: TypeAlias = int | float | str | Amount
"""A number, a share from 0 to 1, Unix seconds (`not_after`), seconds (its headroom), a word or an amount of money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One of today's limits and what the send came to. `limit` None: there is none today. `found` None: it isn't known.

    `headroom` is what is left up to the limit, negative beyond it. `held` None: nothing limits it, or it can't be told. `at_least`: some
    prices are unknown, so that more than `found` was spent, and what is left isn't known.
    `together`: so many runs came to more than the limit, which was held against each alone, so that it says neither that it held nor
    that it didn't; 0: it isn't so.
    """

    name: str
    limit: GuardValue | None
    found: GuardValue | None
    headroom: GuardValue | None = None
    held: bool | None = None
    at_least: bool = False
    together: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRun:
    """A run, and what became of its claims at its end; a claim that it never settled is in doubt.

    `account` has no skips: the ledger doesn't record whom a plan skipped. `released` counts attempts that proved unsent, `found` doubts
    of earlier runs that it found accepted. `under_way`: how many of those in doubt it is sending at present; None if it isn't known to
    live. `first`, `last_claim` and `last` are its first and last claim and its
    last result in Unix seconds, None without any.
    """

    run: PlannedRun
    account: Totals
    released: int = 0
    found: int = 0
    under_way: int | None = None
    first: float | None = None
    last: float | None = None
    last_claim: float | None = None

    @property
    def in_doubt(self) -> int:
        """How many of its claims are in doubt that it isn't sending at present."""
        return self.account.in_doubt - (self.under_way or 0)

    @property
    def seconds(self) -> float:
        """From the first claim to the last result, as `send` counts them."""
        return 0.0 if self.first is None or self.last is None else max(0.0, self.last - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The most frequent reasons, most frequent first. `others` counts the messages with `other_kinds` more."""

    listed: tuple[Reason, ...] = ()
    others: int = 0
    other_kinds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentCounts:
    """Segments of messages that were not skipped; `gsm7` and `ucs2` count messages, as a plan does. `unmeasured` ones have none.

    `accepted` are the segments of the accepted messages, of which `accepted_unmeasured` have none. `most` is the longest message's.
    """

    total: int = 0
    gsm7: int = 0
    ucs2: int = 0
    unmeasured: int = 0
    accepted: int = 0
    accepted_unmeasured: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryCounts:
    """The messages to one country, as today's table has it; `unknown` for those that are no longer in it. `segments` are of the accepted."""

    country: str
    messages: int
    accepted: int
    segments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierGeneration:
    """The generation before, to compare with."""

    generation: int
    account: Totals
    segments: SegmentCounts
    delivery: DeliveryAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMove:
    """One recorded move of a message. `at` is in Unix seconds. `origin` None: it was new. The words are those of `State`."""

    at: float
    run: int | None
    attempt: int
    origin: str | None
    target: str
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMessage:
    """A message with its row in today's table, what became of it, and its recorded moves, the oldest first.

    In the report of one run, `message` has the state and evidence that this run left it in.
    """

    message: MessageRecord
    row: RecipientRow | Absence
    delivery: Delivery | None
    attempts: tuple[MessageMove, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRecipients:
    """`total` counts the send's messages; of one run, those that it claimed, and `unclaimed` those that it only planned: the ledger has
    their number alone. `rows` are all of the `total`, or the failures (`are_all` False), the most urgent first, up to a cap.
    """

    total: int = 0
    unclaimed: int = 0
    are_all: bool = True
    failures: int = 0
    rows: tuple[ReportedMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """A send of one generation. `only_run`: the one run that it is about, None for all. `path` is the one that the ledger noted.

    `generation` None: it was never sent. `under_way`: how many messages a living run is sending at present; None if none lives. `seconds`
    are those of the runs, one after the other, `requests` None if no run has noted any. `countries` None: no table was at hand.
    `cost` None: no prices, or no countries. `delivery` None: nothing is kept of deliveries.
    """

    environment: str
    name: str
    generation: int | None
    path: str | None
    verdict: Verdict
    warnings: tuple[Warned, ...] = ()
    account: Totals = field(default_factory=lambda: Totals(skipped={}))
    under_way: int | None = None
    only_run: int | None = None
    runs: tuple[ReportedRun, ...] = ()
    requests: int | None = None
    guards: tuple[Guard, ...] = ()
    throughput: Throughput = field(default_factory=Throughput)
    latency: Latency = field(default_factory=Latency)
    refusals: Reasons = field(default_factory=Reasons)
    doubts: Reasons = field(default_factory=Reasons)
    segments: SegmentCounts = field(default_factory=SegmentCounts)
    countries: tuple[CountryCounts, ...] | None = None
    cost: Cost | None = None
    delivery: DeliveryAccount | None = None
    earlier: EarlierGeneration | None = None
    recipients: ReportedRecipients = field(default_factory=ReportedRecipients)

    @property
    def skipped(self) -> Mapping[str, int]:
        return self.account.skipped

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.runs)

    @property
    def attempts_per_second(self) -> float | None:
        """Attempts that ended, by the seconds of the runs. None where that says nothing."""
        ended = sum(each.total for each in self.throughput.buckets)
        return ended / self.seconds if ended and self.seconds else None

    @property
    def requests_of_all_specs(self) -> bool:
        """Whether a run noted its requests for several specs together: how many were of this one isn't known."""
        return any(each.run.requests and each.run.specs > 1 for each in self.runs)

    @property
    def in_doubt(self) -> int:
        """How many are in doubt that no living run is sending."""
        return self.account.in_doubt - (self.under_way or 0)

    @property
    def undelivered(self) -> int:
        return 0 if self.delivery is None else self.delivery.tally.undelivered

    @property
    def to_call(self) -> int:
        """How many people won't get it unless somebody does something: refused by the API, or not delivered."""
        return self.account.refused + self.undelivered

    @property
    def was_sent(self) -> bool:
        """Whether the ledger knows the send."""
        return not (self.warned(Concern.NEVER_SENT) or self.warned(Concern.UNKNOWN_NAME))

    def warned(self, concern: Concern) -> Sequence[Warned]:
        return [each for each in self.warnings if each.concern is concern]
