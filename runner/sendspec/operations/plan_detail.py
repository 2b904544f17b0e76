"""What a plan shows besides its numbers: the shapes of its messages with samples, and where forcing characters come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from sendspec.composing.taken_path import taken_path
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.decided_rows import Decided
from sendspec.operations.forcing_cause import MOST_CAUSES, ForcingCause, forcing_causes, with_columns
from sendspec.operations.plan_sample import (
    SampleSource,
    ShapeSample,
    rows_by_line,
    samples_of_recipients,
    samples_without_recipients,
)
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.saving import Saving, savings_of
from sendspec.operations.send_job import Job
from sendspec.operations.unmatched_value import UnmatchedValues, unmatched_values
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, most_telling, shapes_of
from sendspec.reading.tables.row import Row

MOST_SAMPLES = 40
"""Shapes of one spec that have a sample's text, besides the longest, the dearest and the rarest."""
MOST_CHARACTERS = 100_000
"""Characters of all samples of one spec in a plan file: the header of a file is read at once."""


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """The shapes of one plan, the most frequent first; samples by the shape's id; why messages are UCS-2; what would save segments.

    `values` are those behind an `else`, by the shape's id; they may be shown if `names_values`, else only their counts.
    """

    shapes: tuple[Shape, ...] = ()
    samples: Mapping[str, ShapeSample] = field(default_factory=dict)
    forcing: tuple[ForcingCause, ...] = ()
    values: Mapping[str, tuple[UnmatchedValues, ...]] = field(default_factory=dict)
    names_values: bool = True
    savings: tuple[Saving, ...] = ()


def shapes_in(job: Job, plan: Plan) -> tuple[Shape, ...]:
    return shapes_of(plan.shapes.listed, lambda alternatives: taken_path(job.program, alternatives))


def plan_detail(job: Job, plan: Plan, context: ProjectContext, decided: Decided | None = None) -> PlanDetail:
    """Reads a few rows of the table once more. With `CI` set, samples hold no recipient's values.

    `decided` is what the plan decided, for `unmatched_values`.
    """
    shapes = shapes_in(job, plan)
    return detail_and_rows(job, plan, context, shapes, most_telling(shapes, MOST_SAMPLES), decided)[0]


def detail_and_rows(
    job: Job,
    plan: Plan,
    context: ProjectContext,
    shapes: tuple[Shape, ...],
    sampled: Sequence[Shape],
    decided: Decided | None,
) -> tuple[PlanDetail, Mapping[int, Sequence[Row]]]:
    """As `plan_detail`, with samples of the shapes `sampled`; and the rows that were read for it, by line."""
    causes = forcing_causes(job, plan.forcing)
    source = SampleSource.EXAMPLES if context.system.is_ci else SampleSource.RECIPIENTS
    lines = {line for each in causes[:MOST_CAUSES] for line in each.lines}
    if source is SampleSource.RECIPIENTS:
        lines |= {shape.line for shape in sampled}
    rows = rows_by_line(rows_at(job, lines))
    samples = _samples(job, context, source, sampled, rows)
    values = unmatched_values(job, plan, sampled, decided)
    causes = with_columns(job, causes, {line: found[0] for line, found in rows.items()})
    detail = PlanDetail(
        shapes,
        samples,
        causes,
        values,
        names_values=source is SampleSource.RECIPIENTS,
        savings=savings_of(job, plan, causes),
    )
    return detail, rows


def plan_details(
    jobs: Sequence[Job], plans: Sequence[Plan], context: ProjectContext, decided: Decided | None = None
) -> tuple[PlanDetail, ...]:
    """The detail of each plan: see `plan_detail`."""
    return tuple(plan_detail(job, plan, context, decided) for job, plan in zip(jobs, plans, strict=True))


def samples_for_file(
    job: Job, detail: PlanDetail, context: ProjectContext, source: SampleSource
) -> dict[str, ShapeSample]:
    """The samples that a plan file gets, by the shape's id, the most frequent shape first: at most `MOST_SAMPLES`, of bounded length."""
    shapes = detail.shapes[:MOST_SAMPLES]
    rows = rows_at(job, {shape.line for shape in shapes} if source is SampleSource.RECIPIENTS else ())
    found = _samples(job, context, source, shapes, rows_by_line(rows))
    kept, room = {}, MOST_CHARACTERS
    for shape in shapes:
        if shape.id in found and found[shape.id].length <= room:
            kept[shape.id] = found[shape.id]
            room -= kept[shape.id].length
    return kept


def _samples(
    job: Job,
    context: ProjectContext,
    source: SampleSource,
    shapes: Sequence[Shape],
    rows: Mapping[int, Sequence[Row]],
) -> dict[str, ShapeSample]:
    if source is SampleSource.RECIPIENTS:
        return samples_of_recipients(job, rows, shapes)
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
