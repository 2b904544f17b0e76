"""What a plan shows besides its numbers: the shapes of its messages with samples, and where forcing characters come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, is_gsm7, why_ucs2
from sendspec.composing.taken_path import taken_path
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.plan_sample import (
    SampleSource,
    ShapeSample,
    samples_of_recipients,
    samples_without_recipients,
    text_template,
)
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.forcing_count import ForcingCount
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, most_telling, shapes_of
from sendspec.reading.tables.row import Row

MOST_SAMPLES = 40
"""Shapes of one spec that have a sample's text, besides the longest, the dearest and the rarest."""
MOST_CHARACTERS = 100_000
"""Characters of all samples of one spec in a plan file: the header of a file is read at once."""
MOST_SOURCES = 20
"""Forcing characters of one spec whose column is looked for."""


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
    source = SampleSource.EXAMPLES if context.system.is_ci else SampleSource.RECIPIENTS
    lines = {line for each in forcing for line in each.lines}
    if source is SampleSource.RECIPIENTS:
        lines |= {shape.line for shape in sampled}
    row_by_line = {row.line: row for row in rows_at(job, lines)}
    samples = _samples(job, context, source, sampled, row_by_line)
    sources = {each.character: _source_of(job, each, row_by_line) for each in forcing}
    return PlanDetail(shapes, samples, sources)


def samples_for_file(
    job: Job, detail: PlanDetail, context: ProjectContext, source: SampleSource
) -> dict[str, ShapeSample]:
    """The samples that a plan file gets, by the shape's id, the most frequent shape first: at most `MOST_SAMPLES`, of bounded length."""
    shapes = detail.shapes[:MOST_SAMPLES]
    rows = rows_at(job, {shape.line for shape in shapes} if source is SampleSource.RECIPIENTS else ())
    found = _samples(job, context, source, shapes, {row.line: row for row in rows})
    kept, room = {}, MOST_CHARACTERS
    for shape in shapes:
        if shape.id in found and len(found[shape.id].text) <= room:
            kept[shape.id] = found[shape.id]
            room -= len(kept[shape.id].text)
    return kept


def _samples(
    job: Job,
    context: ProjectContext,
    source: SampleSource,
    shapes: Sequence[Shape],
    row_by_line: Mapping[int, Row],
) -> dict[str, ShapeSample]:
    if source is SampleSource.RECIPIENTS:
        return samples_of_recipients(job, row_by_line, shapes)
    return samples_without_recipients(job, context, shapes)


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


def _source_of(job: Job, forcing: ForcingCount, row_by_line: Mapping[int, Row]) -> ForcingSource:
    is_in = partial(_has, forcing.character) if forcing.character else _is_in_another_script
    if any(map(is_in, job.constant_texts())):
        return ForcingSource(in_template=True)
    template = text_template(job)
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
