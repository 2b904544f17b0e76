"""The rows that a plan skips for some reasons, by their lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sendspec.operations.decided_rows import Decided
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip

MOST_LINES = 1_000
"""Lines that are listed for each reason."""


def skipped_rows(job: Job, reasons: Collection[Skip], decided: Decided) -> Mapping[Skip, tuple[int, ...]]:
    """The lines of these rows, in order; empty for a reason that no row has. Composes the rows once more."""
    found: dict[Skip, list[int]] = {reason: [] for reason in Skip if reason in reasons}
    for decision in decided(job):
        lines = None if decision.skip is None else found.get(decision.skip)
        if lines is not None and len(lines) < MOST_LINES:
            lines.append(decision.item.line)
    return {reason: tuple(lines) for reason, lines in found.items()}
