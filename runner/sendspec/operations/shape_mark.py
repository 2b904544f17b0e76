"""What the ledger keeps of a message's shape: a mark of the shape under the spec's present text.

The text is part of it, so that approval of one text is none of another whose templates branch alike.
"""

from __future__ import annotations

from hashlib import sha256

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.message import Message
from sendspec.composing.platforms.sms_segments import segments_in, size_of
from sendspec.composing.taken_path import taken_path
from sendspec.ledger.protocol import Facts
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.send_job import Job
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, shape_of
from sendspec.planning.shape_count import MAX_SHAPES, ShapeCount

MARK_BYTES = 7
"""A mark is a whole number that SQLite keeps, above 0."""


class ShapeMarks:
    """The marks of one job's shapes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._text = text_digest(job.spec)
        self._mark_by_key: dict[tuple[int, int], int] = {}

    def of(self, message: Message) -> int:
        return self.of_size(message.alternatives, None if message.measure is None else size_of(message.measure))

    def of_size(self, alternatives: int, size: int | None) -> int:
        """The mark of messages that took these alternatives and have this `size_of`; None for a text that isn't measured."""
        key = alternatives, size or 0
        mark = self._mark_by_key.get(key)
        if mark is None:
            if len(self._mark_by_key) == MAX_SHAPES:
                self._mark_by_key.clear()
            is_ucs2 = bool(key[1] & 1)
            count = ShapeCount(
                alternatives=alternatives, segments=segments_in(key[1]), is_ucs2=is_ucs2, messages=1, line=1
            )
            mark = self._mark_by_key[key] = self._of_shape(self._shape(count))
        return mark

    def are_known(self, plan: Plan, ledger: Facts) -> bool:
        """Whether the API has accepted messages of each of the plan's shapes before, of this spec in any generation."""
        if plan.shapes.other_messages:
            return False
        planned = {self._of_shape(self._shape(count)) for count in plan.shapes.listed}
        return planned <= ledger.shapes_accepted(names_of([self._job.spec], ledger))

    def _shape(self, count: ShapeCount) -> Shape:
        return shape_of(count, taken_path(self._job.program, count.alternatives))

    def _of_shape(self, shape: Shape) -> int:
        return int.from_bytes(sha256(f"{self._text} {shape.id}".encode()).digest()[:MARK_BYTES])
