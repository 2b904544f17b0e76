"""The verdict of a delivery gate, from counts: met, failed, or not known yet. Pure; percentages are of the accepted messages."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTally:
    """What became of a send's accepted messages. `under_way`: seen and not final; `unknown`: never seen.

    `changed` of them were reported as failed and as delivered; these are counted among the others too.
    """

    accepted: int = 0
    delivered: int = 0
    undelivered: int = 0
    under_way: int = 0
    changed: int = 0

    @property
    def unknown(self) -> int:
        return self.accepted - self.delivered - self.undelivered - self.under_way

    @property
    def undecided(self) -> int:
        return self.accepted - self.delivered - self.undelivered

    def as_dict(self) -> dict[str, int]:
        """By their names in the JSON documents: accepted = delivered + undelivered + under_way + unknown."""
        return {
            "accepted": self.accepted,
            "delivered": self.delivered,
            "undelivered": self.undelivered,
            "under_way": self.under_way,
            "unknown": self.unknown,
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What has to be delivered, as shares from 0 to 1. Without both, every message has to be delivered.

    `need`: at least this share is delivered. `max_failed`: at most this share fails.
    """

    need: Fraction | None = None
    max_failed: Fraction | None = None

    @property
    def is_given(self) -> bool:
        return self.need is not None or self.max_failed is not None


class Verdict(StrEnum):
    """The words stand in JSON documents."""

    MET = "met"
    FAILED = "failed"
    UNDECIDED = "undecided"


class Decider(StrEnum):
    """What decided a verdict. `FINAL`: every message was final, or one failed, and no gate was given."""

    NEED = "need"
    MAX_FAILED = "max_failed"
    FINAL = "final"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    by: Decider


UNDECIDED = Judgement(Verdict.UNDECIDED, Decider.TIMEOUT)


def judge(
    gate: Gate, counts: DeliveryTally, *, may_grow: bool = False, was_tried: bool = False, is_lasting: bool = False
) -> Judgement:
    """The verdict as the counts allow it now. Final statuses count as they are, though a failed message may still arrive.

    `may_grow`: a run is still sending, so that no share is known yet, and `met` is not said. Without any accepted message there is
    nothing to wait for; with `need`, that is a failure if others were tried (`was_tried`). With `is_lasting`, it is met only once no
    message that is undecided can make it fail: `need` alone can be met while more may fail than `max_failed` allows.
    """
    if may_grow:
        return UNDECIDED
    if not counts.accepted:
        if gate.need and was_tried:
            return Judgement(Verdict.FAILED, Decider.NEED)
        return Judgement(Verdict.MET, Decider.FINAL)
    if not gate.is_given:
        return _all_delivered(counts)
    if gate.max_failed is not None and counts.undelivered > gate.max_failed * counts.accepted:
        return Judgement(Verdict.FAILED, Decider.MAX_FAILED)
    most = None if gate.max_failed is None else gate.max_failed * counts.accepted
    can_fail = most is not None and counts.undelivered + counts.undecided > most
    if gate.need is not None:
        judged = _needed(gate.need * counts.accepted, counts)
        return UNDECIDED if judged.verdict is Verdict.MET and is_lasting and can_fail else judged
    return UNDECIDED if can_fail else Judgement(Verdict.MET, Decider.MAX_FAILED)


def _all_delivered(counts: DeliveryTally) -> Judgement:
    if counts.undelivered:
        return Judgement(Verdict.FAILED, Decider.FINAL)
    return UNDECIDED if counts.undecided else Judgement(Verdict.MET, Decider.FINAL)


def _needed(needed: Fraction, counts: DeliveryTally) -> Judgement:
    if counts.delivered >= needed:
        return Judgement(Verdict.MET, Decider.NEED)
    if counts.accepted - counts.undelivered < needed:
        return Judgement(Verdict.FAILED, Decider.NEED)
    return UNDECIDED


def weightiest(judgements: list[Judgement]) -> int:
    """Which of several specs' judgements is that of all: the first that failed, else the first that is undecided."""
    order = (Verdict.FAILED, Verdict.UNDECIDED, Verdict.MET)
    return min(range(len(judgements)), key=lambda at: order.index(judgements[at].verdict))
