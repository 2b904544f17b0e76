"""What the API was seen to say of an accepted message, and which of two such observations counts.

Events arrive twice, late and in any order, so the result must not depend on their order: it is the greatest by `rank`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass

DELIVERED = "delivered"
UNDER_WAY_RANKS = {"scheduled": 0, "accepted": 1, "processing": 2, "sent": 3}
UNKNOWN_RANK = 4
"""Of a word that the API doesn't document: it is kept, and isn't final."""
FAILED_RANK, DELIVERED_RANK = 5, 6
UNDELIVERED = ("delivery_failed", "sending_failed", "rejected", "skipped", "deleted", "invalid")
"""The final statuses other than `delivered`. That `invalid`, which only the reporting API documents, is final is a guess."""

_Key: TypeAlias = tuple[int, float, int, str, str, str, int, str, int, float, int]


class Source(IntEnum):
    """Where an observation comes from. The numbers are stored."""

    LIST = 1
    GET = 2
    WEBHOOK = 3


class Fate(StrEnum):
    """What is known of an accepted message. `UNKNOWN`: the API was never seen to list it."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNDER_WAY = "under_way"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FailureReason:
    """Why a message was not delivered, in the API's words, without digits that could be a number.

    `code` is its `failure.code`, `source_name` and `source_code` those of `failure.source`; empty where it names none.
    """

    text: str
    code: int | None = None
    source_name: str = ""
    source_code: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the API says of one message. `at` is its `lastStatusAt`, in Unix seconds; `parts` counts its SMS parts, None if it doesn't say."""

    status: str
    at: float | None = None
    reason: FailureReason | None = None
    parts: int | None = None

    @property
    def rank(self) -> int:
        if self.status == DELIVERED:
            return DELIVERED_RANK
        if self.status in UNDELIVERED:
            return FAILED_RANK
        return UNDER_WAY_RANKS.get(self.status, UNKNOWN_RANK)

    @property
    def is_final(self) -> bool:
        return self.rank >= FAILED_RANK

    @property
    def fate(self) -> Fate:
        if self.rank == DELIVERED_RANK:
            return Fate.DELIVERED
        return Fate.UNDELIVERED if self.is_final else Fate.UNDER_WAY


@dataclass(frozen=True, slots=True)
class Observation:
    """A report of the message with the id `message`, seen at `seen_at` (Unix seconds by this machine's clock)."""

    message: bytes
    report: StatusReport
    source: Source
    seen_at: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """What counts of all observations of a message. `is_changed`: it was reported as delivered, and as failed too."""

    report: StatusReport
    source: Source
    seen_at: float
    is_changed: bool = False


def merged(known: Delivery | None, seen: Observation) -> Delivery:
    """What counts once `seen` has arrived too. The result doesn't depend on the order of arrival, nor on repeats."""
    return joined(known, Delivery(seen.report, seen.source, seen.seen_at))


def joined(known: Delivery | None, other: Delivery) -> Delivery:
    """What counts of the observations that two of them stand for."""
    if known is None:
        return other
    ranks = {known.report.rank, other.report.rank}
    is_changed = known.is_changed or other.is_changed or ranks == {FAILED_RANK, DELIVERED_RANK}
    winner = max(known, other, key=_key)
    return Delivery(winner.report, winner.source, winner.seen_at, is_changed)


def _key(delivery: Delivery) -> _Key:
    """By rank, then by time; the rest only makes the order total. Of one report seen twice, the first counts."""
    report = delivery.report
    reason = report.reason or FailureReason("")
    return (
        report.rank,
        float("-inf") if report.at is None else report.at,
        -1 if reason.code is None else reason.code,
        report.status,
        reason.source_name,
        reason.source_code,
        -1 if report.parts is None else report.parts,
        reason.text,
        0 if report.reason is None else 1,
        -delivery.seen_at,
        -int(delivery.source),
    )
