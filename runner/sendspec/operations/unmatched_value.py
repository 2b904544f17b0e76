"""The values behind an `else`: what a column holds in messages where it equals none of the constants that it is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.decided_rows import Decided
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape
from sendspec.reading.tables.row import Row

MOST_ROWS = 20_000
"""Rows that are composed once more to find these values."""
_TOLD_BY_FILES = {Skip.FILTERED, Skip.DUPLICATE}


@dataclass(frozen=True, slots=True)
class UnmatchedValues:
    """The values of a column in the messages of one shape, the most frequent first; a missing one is "".

    `looked_at` is how many rows of the table were looked at, if that was not all of them.
    """

    column: str
    counts: tuple[tuple[str, int], ...]
    looked_at: int | None = None


def unmatched_values(
    job: Job, plan: Plan, shapes: Sequence[Shape], decided: Decided | None
) -> Mapping[str, tuple[UnmatchedValues, ...]]:
    """These values by the shape's id, for the shapes that have any.

    Without `decided`, nothing is known where the ledger or a list decided on a row: the values would not be those of the messages to send.
    """
    names_by_id = {shape.id: _columns(job, shape) for shape in shapes}
    if not any(names_by_id.values()) or (decided is None and plan.skipped.keys() - _TOLD_BY_FILES):
        return {}
    id_by_key = {(each.alternatives, each.segments_each, each.encoding): each.id for each in shapes}
    counts = {(shape, name): Counter[str]() for shape, names in names_by_id.items() for name in names}
    for row, message in islice(_sent_rows(job, decided), MOST_ROWS):
        shape = None if message is None else id_by_key.get(_key(message))
        if shape is not None:
            for name in names_by_id[shape]:
                counts[shape, name][str(row.values.get(name, ""))] += 1
    looked_at = MOST_ROWS if plan.recipients > MOST_ROWS else None
    return {
        shape: tuple(
            UnmatchedValues(name, tuple(counts[shape, name].most_common()), looked_at)
            for name in names
            if counts[shape, name]
        )
        for shape, names in names_by_id.items()
        if names
    }


def _columns(job: Job, shape: Shape) -> tuple[str, ...]:
    return tuple(name for name in shape.path.unmatched if name not in job.spec.variables)


def _key(message: Message) -> tuple[int, int, Encoding | None]:
    measured = message.measure
    size = (0, None) if measured is None else (measured.segments, measured.encoding)
    return (message.alternatives, *size)


def _sent_rows(job: Job, decided: Decided | None) -> Iterator[tuple[Row, Message | None]]:
    """Every row with its message; None for one that is not sent."""
    rows = job.table.rows(Problems())
    if decided is None:
        composed = job.composed(Problems())
        items = ((item, isinstance(item, Message)) for item in composed)
    else:
        items = ((decision.item, decision.skip is None) for decision in decided(job))
    for item, is_sent in items:
        row = next(row for row in rows if row.line == item.line)
        yield row, item if is_sent and isinstance(item, Message) else None
