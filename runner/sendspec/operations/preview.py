"""What people will see: a message of each shape, the most frequent first, and who gets none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.forcing_cause import ForcingCause
from sendspec.operations.offline_plan import check_jobs, decided_without_ledger, suppression_of
from sendspec.operations.plan_detail import PlanDetail, detail_and_rows, shapes_in
from sendspec.operations.plan_sample import SampleSource, examples_by_shape, message_of_shape
from sendspec.operations.plan_schedule import schedule_of
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.saving import Saving
from sendspec.operations.send_job import Job
from sendspec.operations.shown_message import ShownMessage, shown_columns, shown_message
from sendspec.planning.cost import Cost, sum_of_costs
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, most_telling
from sendspec.reading.prices import PriceTable
from sendspec.reading.tables.row import Row

MOST_SHOWN = 40
"""Messages of one spec that are shown, one for each shape."""
IF_NOTHING_WAS_SENT = "if nothing was sent before"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPreview:
    """What the messages of one spec look like, as if nothing had ever been sent.

    `shown` has one message for each of the shapes that are shown, in their order, or the messages that were `asked` for. `platform` is
    the channel's, `where` the spec's condition as written. `sender` is the one that all of the shown messages name, "" for the channel's own.
    """

    path: str
    environment: str
    platform: str
    plan: Plan
    detail: PlanDetail
    shown: tuple[ShownMessage, ...]
    sender: str = ""
    where: str = ""
    asked: bool = False

    @property
    def name(self) -> str:
        return self.plan.target.name

    @property
    def generation(self) -> int:
        return self.plan.target.generation

    @property
    def channel(self) -> str:
        """The channel's name in the project file."""
        return self.plan.target.alias

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """All shapes, the most frequent first."""
        return self.detail.shapes

    @property
    def forcing(self) -> tuple[ForcingCause, ...]:
        return self.detail.forcing

    @property
    def savings(self) -> tuple[Saving, ...]:
        """What would save segments, the most first; each is by itself."""
        return self.detail.savings

    @property
    def cost(self) -> Cost | None:
        return self.plan.cost

    @property
    def shown_messages(self) -> int:
        """How many messages the shown shapes have together."""
        return sum(each.shape.messages for each in self.shown if each.shape is not None)

    @property
    def not_shown(self) -> tuple[Shape, ...]:
        """The shapes without a message of theirs in `shown`."""
        shown = {message.shape.id for message in self.shown if message.shape is not None}
        return tuple(shape for shape in self.shapes if shape.id not in shown)


@dataclass(frozen=True, slots=True)
class Preview:
    """The previews of the specs, in their order."""

    specs: tuple[SpecPreview, ...]

    @property
    def recipients(self) -> int:
        return sum(each.plan.recipients for each in self.specs)

    @property
    def send(self) -> int:
        return sum(each.plan.send for each in self.specs)

    @property
    def skipped(self) -> dict[str, int]:
        """How many recipients of all specs get nothing, by reason."""
        found: Counter[str] = Counter()
        for each in self.specs:
            found.update({skip.value: count for skip, count in each.plan.skipped.items()})
        return dict(found)

    @property
    def segments(self) -> int:
        return sum(each.plan.segments.total for each in self.specs)

    @property
    def cost(self) -> Cost | None:
        """What all cost together; None where the project has no prices."""
        return sum_of_costs(each.cost for each in self.specs)


def check_for_preview(
    jobs: Sequence[Job], context: ProjectContext | None, problems: Problems, processes: int
) -> list[Plan]:
    """The plan of each job as if nothing had ever been sent. Limits on a run that are exceeded are only warnings."""
    only_to = None if context is None else context.environment.only_to
    return check_jobs(jobs, context, problems, processes, unsent=IF_NOTHING_WAS_SENT, only_to=only_to)


def preview_of(jobs: Sequence[Job], plans: Sequence[Plan], context: ProjectContext) -> Preview:
    """Call it after `check_for_preview` found no errors. Reads a few rows of each table once more.

    With `CI` set, nothing that is shown has a recipient's value in it.
    """
    return Preview(tuple(spec_preview(job, plan, context) for job, plan in zip(jobs, plans, strict=True)))


def spec_preview(job: Job, plan: Plan, context: ProjectContext) -> SpecPreview:
    shapes = shapes_in(job, plan)
    chosen = shapes if len(shapes) <= MOST_SHOWN else most_telling(shapes, MOST_SHOWN - 3)
    only_to = context.environment.only_to
    decided = partial(decided_without_ledger, only_to=only_to)
    detail, rows = detail_and_rows(job, plan, context, shapes, chosen, decided)
    prices = None if plan.cost is None else plan.cost.prices
    by_id = _without_values(job, chosen, context) if context.system.is_ci else _of_rows(job, chosen, rows, prices)
    shown = tuple(by_id[shape.id] for shape in chosen if shape.id in by_id)
    senders = {each.sender for each in shown}
    return SpecPreview(
        path=job.spec.path,
        environment=context.environment.name,
        platform=job.channel.platform,
        plan=replace(plan, schedule=schedule_of(job, context, decided), suppression=suppression_of(job)),
        detail=detail,
        shown=shown,
        sender=senders.pop() if len(senders) == 1 else "",
        where=job.spec.where if isinstance(job.spec.where, str) else "",
    )


def _of_rows(
    job: Job, shapes: Sequence[Shape], rows: Mapping[int, Sequence[Row]], prices: PriceTable | None
) -> dict[str, ShownMessage]:
    composer, by_id = job.composer(Problems()), {shape.id: shape for shape in shapes}
    found: dict[str, ShownMessage] = {}
    for shape in shapes:
        first = message_of_shape(composer, shape, rows)
        if first is not None:
            row, message = first
            found[shape.id] = shown_message(job, row.values, message, prices, shapes=by_id)
    return found


def _without_values(job: Job, shapes: Sequence[Shape], context: ProjectContext) -> dict[str, ShownMessage]:
    """Examples that have the shape, or the names of columns."""
    by_id = {shape.id: shape for shape in shapes}
    examples = examples_by_shape(job, context, shapes)
    found: dict[str, ShownMessage] = {}
    for shape in shapes:
        if shape.id not in examples:
            found[shape.id] = shown_columns(job, shape)
            continue
        example, message = examples[shape.id]
        shown = shown_message(job, example.with_, message, None, shapes=by_id, source=SampleSource.EXAMPLES)
        found[shape.id] = replace(shown, line=shape.line)
    return found
