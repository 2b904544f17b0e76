"""What a plan shows besides its numbers: the shapes of its messages with samples, and where forcing characters come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of, text_path
from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, is_gsm7, why_ucs2
from sendspec.composing.taken_path import taken_path
from sendspec.composing.template_tree import Placeholder, placeholders_of
from sendspec.composing.text_outline import text_outline
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.example import composed_examples
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.forcing_count import ForcingCount
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, most_telling, shapes_of
from sendspec.reading.tables.row import Row

MOST_SAMPLES = 40
"""Shapes of one spec that have a sample's text, besides the longest, the dearest and the rarest."""
MOST_SOURCES = 20
"""Forcing characters of one spec whose column is looked for."""


@dataclass(frozen=True, slots=True)
class ShapeSample:
    """A text of a shape, and where the values in it come from."""

    text: str
    source: SampleSource


@dataclass(frozen=True, slots=True)
class ForcingSource:
    """Where a forcing character comes from: the spec's own words, or data. `column` is None if several columns have it, or none as such."""

    in_template: bool
    column: str | None = None


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """The shapes of one plan, the most frequent first; samples by the shape's id; sources by the forcing character."""

    shapes: tuple[Shape, ...] = ()
    samples: Mapping[str, ShapeSample] = field(default_factory=dict)
    sources: Mapping[str, ForcingSource] = field(default_factory=dict)


def shapes_in(job: Job, plan: Plan) -> tuple[Shape, ...]:
    return shapes_of(plan.shapes.listed, lambda alternatives: taken_path(job.program, alternatives))


def plan_detail(job: Job, plan: Plan, context: ProjectContext) -> PlanDetail:
    """Reads a few rows of the table once more. With `CI` set, samples hold no recipient's values."""
    shapes = shapes_in(job, plan)
    sampled, forcing = most_telling(shapes, MOST_SAMPLES), plan.forcing[:MOST_SOURCES]
    lines = {line for each in forcing for line in each.lines}
    if not context.system.is_ci:
        lines |= {shape.line for shape in sampled}
    row_by_line = {row.line: row for row in rows_at(job, lines)}
    samples = (
        _samples_without_recipients(job, context, sampled)
        if context.system.is_ci
        else _samples_of_recipients(job, row_by_line, sampled)
    )
    sources = {each.character: _source_of(job, each, row_by_line) for each in forcing}
    return PlanDetail(shapes, samples, sources)


def rows_at(job: Job, lines: Iterable[int]) -> Iterator[Row]:
    """The rows that begin on these lines. Only the blocks that hold one of them are read."""
    wanted = sorted(lines, reverse=True)
    for block in job.table.blocks(Problems()) if wanted else ():
        here = set()
        while wanted and block.lines and wanted[-1] <= block.lines[-1]:
            here.add(wanted.pop())
        if here:
            read_lines, _ = block.read
            yield from (block.row(index) for index, line in enumerate(read_lines) if line in here)
        if not wanted:
            return


def _samples_of_recipients(job: Job, row_by_line: Mapping[int, Row], shapes: Sequence[Shape]) -> dict[str, ShapeSample]:
    composer = job.composer(Problems())
    found = {}
    for shape in shapes:
        row = row_by_line.get(shape.line)
        composed = None if row is None else composer.compose(row)
        if isinstance(composed, Message) and composed.text is not None:
            found[shape.id] = ShapeSample(composed.text, SampleSource.RECIPIENTS)
    return found


def _samples_without_recipients(job: Job, context: ProjectContext, shapes: Sequence[Shape]) -> dict[str, ShapeSample]:
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
        text = _outline(job, shape.alternatives)
        if text is not None:
            found.setdefault(shape.id, ShapeSample(text, SampleSource.COLUMNS))
    return found


def _outline(job: Job, alternatives: int) -> str | None:
    template = _text_template(job)
    if template is None:
        return text_of(job.spec.message)
    constants = {**job.spec.variables, "generation": job.spec.generation}
    return text_outline(template.template.source, alternatives >> template.first_bit, constants)


def _text_template(job: Job) -> Placeholder | None:
    at = ("message", *text_path(job.spec.message))
    return next((each for each in placeholders_of(job.program.content) if each.at == at), None)


def _source_of(job: Job, forcing: ForcingCount, row_by_line: Mapping[int, Row]) -> ForcingSource:
    is_in = partial(_has, forcing.character) if forcing.character else _is_in_another_script
    if any(map(is_in, job.constant_texts())):
        return ForcingSource(in_template=True)
    template = _text_template(job)
    used = () if template is None else (*template.template.names, *template.template.columns)
    names = dict.fromkeys(use.name for use in used)
    rows = [row_by_line[line].values for line in forcing.lines if line in row_by_line]
    columns = [name for name in names if rows and all(_has(forcing.character, str(row.get(name, ""))) for row in rows)]
    return ForcingSource(in_template=False, column=columns[0] if len(columns) == 1 else None)


def _has(character: str, text: str) -> bool:
    """Whether the text has the character, large or small; with "", whether it has any that GSM-7 lacks."""
    return character.casefold() in text.casefold() if character else not is_gsm7(text)


def _is_in_another_script(text: str) -> bool:
    return not is_gsm7(text) and why_ucs2(text, 1) == ANOTHER_SCRIPT
