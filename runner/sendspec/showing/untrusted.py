"""What a plan without a ledger doesn't know, and what its limits count."""

from __future__ import annotations

from collections.abc import Callable

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.base_change import BaseComparison
from sendspec.planning.send_size import sum_of_sizes

WITHOUT_LEDGER = (
    "planned without a ledger, so it can't tell what was sent before: the plan after the merge tells what would be sent"
)


def new_words(base: BaseComparison, shown: Callable[[int], str] = grouped, ref: str = "") -> str:
    """`limits on the whole send count what is new against main: 2 messages`; empty where nothing was counted. `ref` is the base as the form quotes it."""
    sizes = [change.new for change in base.specs.values() if change.new is not None]
    if not sizes:
        return ""
    new = sum_of_sizes(sizes)
    size = [
        counted(new.messages, "message", shown=shown),
        *([counted(new.segments, "segment", shown=shown)] if new.segments else []),
    ]
    return f"limits on the whole send count what is new against {ref or printable(base.ref[:100])}: {', '.join(size)}"
