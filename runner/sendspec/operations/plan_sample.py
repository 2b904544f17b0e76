"""Samples of what a plan's messages say: one text for each shape. They are no part of any digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson

from sendspec.composing.composer import Composer
from sendspec.composing.message import Message
from sendspec.composing.message_part import MessagePart, parts_of
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.shape_payload import columns_alone, shape_payload, spelled_payload
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.example import composed_examples
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.shape import Shape
from sendspec.reading.spec import Example
from sendspec.reading.tables.row import Row


class SampleSource(StrEnum):
    """Where a sample's values come from. The words are used in JSON, and the last two on the command line."""

    COLUMNS = "columns"
    EXAMPLES = "examples"
    RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True)
class ShapeSample:
    """What a message of a shape says, and where the values in it come from. All texts are `spelled`.

    `text` is "" where the message has none; `parts` are all else that people read or click.
    """

    text: str
    source: SampleSource
    parts: tuple[MessagePart, ...] = ()

    @property
    def length(self) -> int:
        """Characters of all of it."""
        lengths = (len(part.at) + len(part.text) + sum(map(len, part.links)) for part in self.parts)
        return len(self.text) + sum(lengths)


def rows_by_line(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Rows of a list in the spec may share a line."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.line, []).append(row)
    return found


def message_of_shape(composer: Composer, shape: Shape, rows: Mapping[int, Sequence[Row]]) -> tuple[Row, Message] | None:
    """The first of the shape's messages, and its row, which is among those of the shape's line."""
    first = None
    for row in rows.get(shape.line, ()):
        composed = composer.compose(row)
        if isinstance(composed, Message):
            if _key_of(composed) == (shape.alternatives, shape.segments_each, shape.encoding):
                return row, composed
            first = first or (row, composed)
    return first


def _key_of(message: Message) -> tuple[int, int, Encoding | None]:
    measured = message.measure
    size = (0, None) if measured is None else (measured.segments, measured.encoding)
    return (message.alternatives, *size)


def samples_of_recipients(
    job: Job, rows: Mapping[int, Sequence[Row]], shapes: Sequence[Shape]
) -> dict[str, ShapeSample]:
    """The texts of the first messages, by the shape's id. `rows` has the rows of the shapes' lines."""
    composer = job.composer(Problems())
    found: dict[str, ShapeSample] = {}
    for shape in shapes:
        first = message_of_shape(composer, shape, rows)
        if first is not None:
            _put(found, shape.id, sample_of(spelled_body(first[1]), SampleSource.RECIPIENTS))
    return found


def samples_without_recipients(job: Job, context: ProjectContext, shapes: Sequence[Shape]) -> dict[str, ShapeSample]:
    """Texts of examples that have the shape; without one, the text with the names of columns in it."""
    found: dict[str, ShapeSample] = {}
    for shape_id, (_, message) in examples_by_shape(job, context, shapes).items():
        _put(found, shape_id, sample_of(spelled_body(message), SampleSource.EXAMPLES))
    for shape in shapes:
        if shape.id not in found:
            _put(found, shape.id, sample_of(shape_payload(job.program, shape.alternatives), SampleSource.COLUMNS))
    return found


def examples_by_shape(job: Job, context: ProjectContext, shapes: Sequence[Shape]) -> dict[str, tuple[Example, Message]]:
    """The first example of each shape, by the shape's id, and its message.

    An example tells what others get only where values stand as they are: elsewhere its values could hide what the spec says.
    """
    found: dict[str, tuple[Example, Message]] = {}
    id_by_key = {(shape.alternatives, shape.segments_each, shape.encoding): shape.id for shape in shapes}
    for example, composed in composed_examples(job.spec, context, Problems()):
        if not isinstance(composed, Message) or not columns_alone(job.program, composed.alternatives):
            continue
        shape_id = id_by_key.get(_key_of(composed))
        if shape_id is not None:
            found.setdefault(shape_id, (example, composed))
    return found


def _put(samples: dict[str, ShapeSample], shape_id: str, sample: ShapeSample | None) -> None:
    if sample is not None:
        samples.setdefault(shape_id, sample)


def spelled_body(message: Message) -> Mapping[str, Any]:
    """A message's payload, all of its texts `spelled`."""
    payload: Mapping[str, Any] = spelled_payload(orjson.loads(message.body))
    return payload


def sample_of(payload: Mapping[str, Any], source: SampleSource) -> ShapeSample | None:
    """What a payload with `spelled` texts says; None if there is nothing to read in it."""
    text, parts = text_of(payload), parts_of(payload)
    return None if text is None and not parts else ShapeSample(text or "", source, parts)
