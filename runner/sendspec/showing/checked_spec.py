"""What a check says of a spec without errors."""

from __future__ import annotations

from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.plan import Plan
from sendspec.showing.account import skipped_words


def checked_words(plan: Plan) -> str:
    """How many messages there would be, and what became of the other rows."""
    told = f"{counted(plan.send, 'message')} for {counted(plan.send, 'recipient')}"
    if plan.looks_back:
        told += " at most, as `only: undelivered` is looked up by `plan`"
    if not plan.skipped:
        return told
    skipped = skipped_words({skip.value: count for skip, count in plan.skipped.items()}, grouped)
    return f"{told}; skipped of {counted(plan.recipients, 'row')}: {skipped}"
