"""Why a plan file is not carried out: what would be sent, or how, is not what it names."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sendspec.diagnostics.exceptions import PlanStale
from sendspec.diagnostics.lazy_dataclass import dataclass


class Cause(StrEnum):
    """The words are used in JSON."""

    ENVIRONMENT = "environment"
    LEDGER = "ledger"
    FORMAT = "format"
    DIGEST = "digest"
    EXPIRED = "expired"
    SETTINGS = "settings"
    SPECS = "specs"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """One difference between a plan file and the present, in words that follow "the plan is stale:"."""

    cause: Cause
    text: str


FIXES = {
    Cause.ENVIRONMENT: "leave out --env, or make a plan for the other environment: sendspec plan --env E --out FILE",
    Cause.LEDGER: "make a plan against the present ledger: sendspec plan --out FILE",
    Cause.FORMAT: "make the plan again with this sendspec: sendspec plan --out FILE",
    Cause.DIGEST: "send the plan whose digest was approved: sendspec show PLAN",
}
NEW_PLAN = "look at a new plan and have it approved: sendspec plan --out FILE"


def stale_plan(differences: Sequence[PlanDifference]) -> PlanStale:
    """The error for a plan with these differences, at least one."""
    return PlanStale(
        "the plan is stale: " + "; ".join(difference.text for difference in differences),
        FIXES.get(differences[0].cause, NEW_PLAN),
        [{"cause": difference.cause.value, "text": difference.text} for difference in differences],
    )
