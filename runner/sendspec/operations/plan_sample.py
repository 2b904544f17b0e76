"""Samples of what a plan's messages say: one text for each shape. They are no part of any digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of, text_path
from sendspec.composing.shape_text import shape_text
from sendspec.composing.template_tree import Placeholder, placeholders_of
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.example import composed_examples
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.shape import Shape
from sendspec.reading.tables.row import Row


class SampleSource(StrEnum):
    """Where a sample's values come from. The words are used in JSON, and the last two on the command line."""

    COLUMNS = "columns"
    EXAMPLES = "examples"
    RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True)
class ShapeSample:
    """A text of a shape, and where the values in it come from."""

    text: str
    source: SampleSource


def samples_of_recipients(job: Job, row_by_line: Mapping[int, Row], shapes: Sequence[Shape]) -> dict[str, ShapeSample]:
    """The texts of the first messages, by the shape's id. `row_by_line` has the rows of the shapes' lines."""
    composer = job.composer(Problems())
    found = {}
    for shape in shapes:
        row = row_by_line.get(shape.line)
        composed = None if row is None else composer.compose(row)
        if isinstance(composed, Message) and composed.text is not None:
            found[shape.id] = ShapeSample(composed.text, SampleSource.RECIPIENTS)
    return found


def samples_without_recipients(job: Job, context: ProjectContext, shapes: Sequence[Shape]) -> dict[str, ShapeSample]:
    """Texts of examples that have the shape; without one, the text with the names of columns in it."""
    found: dict[str, ShapeSample] = {}
    id_by_key = {(shape.alternatives, shape.segments_each, shape.encoding): shape.id for shape in shapes}
    for _, composed in composed_examples(job.spec, context, Problems()):
        if not isinstance(composed, Message) or composed.text is None:
            continue
        measured = composed.measure
        size = (0, None) if measured is None else (measured.segments, measured.encoding)
        shape_id = id_by_key.get((composed.alternatives, *size))
        if shape_id is not None:
            found.setdefault(shape_id, ShapeSample(composed.text, SampleSource.EXAMPLES))
    for shape in shapes:
        text = text_without_values(job, shape.alternatives)
        if text is not None:
            found.setdefault(shape.id, ShapeSample(text, SampleSource.COLUMNS))
    return found


def text_without_values(job: Job, alternatives: int) -> str | None:
    """The text of messages with these alternatives, without anyone's values; None if they have no text."""
    return text_of_columns(job.program, alternatives)


def text_of_columns(program: CompiledSpec, alternatives: int) -> str | None:
    """As `text_without_values`, of a spec without a table."""
    template = template_of_text(program)
    if template is None:
        return text_of(program.spec.message)
    constants = {**program.spec.variables, "generation": program.spec.generation}
    return shape_text(template.template.source, alternatives >> template.first_bit, constants)


def text_template(job: Job) -> Placeholder | None:
    """The template of the messages' text; None where the text is the same for all, or there is none."""
    return template_of_text(job.program)


def template_of_text(program: CompiledSpec) -> Placeholder | None:
    """As `text_template`, of a spec without a table."""
    at = ("message", *text_path(program.spec.message))
    return next((each for each in placeholders_of(program.content) if each.at == at), None)
