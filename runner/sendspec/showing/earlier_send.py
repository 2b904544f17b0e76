"""Whom `only: undelivered` keeps, and what became of the others, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import grouped
from sendspec.planning.earlier_send import Reach
from sendspec.planning.plan import Plan

NOT_LOOKED_UP = "only undelivered: not looked up without a ledger, so every row is taken for one that was not reached"


def earlier_lines(plan: Plan, shown: Callable[[int], str] = grouped) -> Iterator[str]:
    """`only undelivered of order-shipped, generation 1: 3 kept (2 rejected · 1 sending failed), 92 not (90 delivered · 2 under way)`."""
    if not plan.looks_back:
        return
    earlier = plan.earlier
    if earlier is None:
        yield NOT_LOOKED_UP
        return
    kept, left = earlier.kept_outcomes, earlier.left_outcomes
    yield (
        f"only undelivered of {printable(earlier.name)}, generation {earlier.generation}:"
        f" {_counted(kept, 'kept', shown)}, {_counted(left, 'not', shown)}"
    )


def _counted(outcomes: Mapping[str, int], word: str, shown: Callable[[int], str]) -> str:
    if not outcomes:
        return f"none {word}"
    listed = " · ".join(f"{shown(count)} {outcome_words(outcome)}" for outcome, count in outcomes.items())
    return f"{shown(sum(outcomes.values()))} {word} ({listed})"


def outcome_words(outcome: str) -> str:
    if outcome == Reach.OPTED_OUT:
        return "may have opted out"
    return "not part of it" if outcome == Reach.NOT_PART else outcome.replace("_", " ")


def earlier_json(plan: Plan) -> dict[str, Any]:
    """What a plan's JSON says of it; nothing of a spec without `only`."""
    if not plan.looks_back:
        return {}
    earlier = plan.earlier
    if earlier is None:
        return {"undelivered": {"looked_up": False}}
    return {
        "undelivered": {
            "looked_up": True,
            "spec": earlier.name,
            "generation": earlier.generation,
            "kept": earlier.kept_outcomes,
            "left_out": earlier.left_outcomes,
        }
    }
