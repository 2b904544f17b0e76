"""A plan as Markdown: what reviewers approve it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import duration_text
from sendspec.operations.plan_report import PlanReport
from sendspec.planning.decision import Skip
from sendspec.showing.account import left_words, skipped_words
from sendspec.showing.change_total import change_total
from sendspec.showing.markdown.absent_audience import absent_section
from sendspec.showing.markdown.base_change import removed_section
from sendspec.showing.markdown.destination import destination_section
from sendspec.showing.markdown.diagnostic import diagnostic_item
from sendspec.showing.markdown.foreign_text import code, name
from sendspec.showing.markdown.page import GAP, Section, more_of, page, single
from sendspec.showing.markdown.plan_spec import PlannedSpec
from sendspec.showing.markdown.plan_table import plan_table
from sendspec.showing.markdown.spec_blocks import spec_blocks
from sendspec.showing.markdown.words import cost_words, many, number
from sendspec.showing.plan import NO_DETAIL
from sendspec.showing.plan_notice import RESENT_IF_ABSENT, is_resent_if_absent, plan_notices
from sendspec.showing.untrusted import WITHOUT_LEDGER, new_words

ROOM_OF_LIST = 9_000
"""Characters for each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNotes:
    """What a page says besides the plan itself. `paths` are those of the specs, `note` a remark of ours.

    `steps` and then `commands` come next: sentences of ours, and what to type. `commit` is the commit that was planned, and `halt` why all sends
    of the ledger are halted; each is empty if it isn't known, or isn't so.
    """

    paths: Sequence[str]
    warnings: Sequence[Diagnostic] = ()
    steps: Sequence[str] = ()
    commands: Sequence[str] = ()
    note: str = ""
    commit: str = ""
    halt: str = ""


def plan_markdown(report: PlanReport, notes: ReviewNotes) -> str:
    """What people approve comes first, then what needs a decision, all specs, and the messages to be sent."""
    specs = sorted(_planned_specs(report, notes), key=lambda spec: (-spec.urgency, -spec.size))
    other_warnings = [each for each in notes.warnings if each not in report.exceeded]
    return page(
        [
            single(GAP.join([headline(report), *_top(report, notes)])),
            _list("A send would be stopped", [diagnostic_item(each) for each in report.exceeded], more_of("limit")),
            _list("To decide", list(_decisions(specs)), more_of("thing to decide", "things to decide")),
            _list("Warnings", [diagnostic_item(each) for each in other_warnings], more_of("warning")),
            destination_section(report.plans),
            *plan_table(specs, report),
            *([] if report.base is None else [removed_section(report.base)]),
            absent_section(report.absent),
            lambda room: spec_blocks(specs, room),
        ],
        single(_ending(report, notes)),
    )


def headline(report: PlanReport) -> str:
    """The whole plan in one line: `**1,200 messages would be sent** to 1,180 recipients, 1,420 segments, 106.50 EUR`.

    Against a base, what changes comes first: `**2 messages change, 1 recipient added**; all specs together: 1,573 messages`.
    """
    if report.absent and not report.plans:
        return (
            f"**{many(len(report.absent), 'spec')} without recipients in this repository**: nobody can be counted here"
        )
    stopped = "Stopped by a limit" if report.exceeded else ""
    if report.base is not None:
        change = ": ".join(filter(None, [stopped, change_total(report.base, number)]))
        return f"**{change[:1].upper()}{change[1:]}**; all specs together: {', '.join(_sizes(report))}"
    if not report.send:
        skipped = skipped_words(report.skipped, number)
        return f"**Nothing would be sent**: {many(report.recipients, 'recipient')}{f', {skipped}' if skipped else ''}"
    of_all = f" of {number(report.recipients)}" if report.skip else ""
    counts = f"to {number(report.send)}{of_all} {'recipient' if report.recipients == 1 else 'recipients'}"
    messages, *sizes = _sizes(report)
    what = f"**{stopped}**: {messages}" if stopped else f"**{messages} would be sent**"
    return ", ".join([f"{what} {counts}", *sizes])


def _sizes(report: PlanReport) -> Iterator[str]:
    """The messages; the segments, cost and time as far as they are known."""
    yield many(report.send, "message") + (", sent before or not" if report.untrusted and report.base else "")
    if report.segments.total:
        yield many(report.segments.total, "segment")
    cost = cost_words(report.cost)
    if cost:
        yield cost
    seconds = _seconds(report)
    if seconds:
        yield f"in about {duration_text(max(1, seconds))}"


def _seconds(report: PlanReport) -> float:
    """How long the send takes, one spec after the other; 0 if one of them has no rate."""
    found = [None if plan.schedule is None else plan.schedule.seconds(plan.send) for plan in report.plans if plan.send]
    known = [seconds for seconds in found if seconds is not None]
    return sum(known) if len(known) == len(found) else 0


def _top(report: PlanReport, notes: ReviewNotes) -> Iterator[str]:
    """What belongs to the first line: the digest, what isn't known, and what is in the way."""
    if notes.halt:
        yield f"**All sends of this ledger are halted**: {name(notes.halt, 300)}. Nothing goes out before somebody ends the halt."
    if report.untrusted:
        counted = "" if report.base is None else new_words(report.base, number, name(report.base.ref))
        yield ". ".join(f"{each[0].upper()}{each[1:]}" for each in (WITHOUT_LEDGER, counted) if each) + "."
    elif report.send:
        yield f"Plan digest, which people approve: {code(report.digest)}"
    commit = f", commit {code(notes.commit[:12])}" if notes.commit else ""
    base = report.base
    against = "" if base is None else f", compared with {name(base.ref)} ({code(base.commit[:12])})"
    yield f"{many(len(report.plans), 'spec')} in the environment {name(report.environment)}{commit}{against}."


def _planned_specs(report: PlanReport, notes: ReviewNotes) -> Iterator[PlannedSpec]:
    changes = {} if report.base is None else report.base.specs
    for plan, detail, path in zip(report.plans, report.details or repeat(NO_DETAIL), notes.paths, strict=False):
        yield PlannedSpec(
            plan=plan,
            detail=detail,
            path=path,
            change=changes.get(plan.target.name),
            ref="" if report.base is None else report.base.ref,
            is_stopped=plan.target.name in report.stopped,
        )


def _list(title: str, items: Sequence[str], more: Callable[[Sequence[int]], str]) -> Section:
    return Section(head=f"### {title}\n\n" if items else "", parts=items, joint="\n", more=more, most=ROOM_OF_LIST)


def _decisions(specs: Sequence[PlannedSpec]) -> Iterator[str]:
    for spec in specs:
        shown = code(spec.plan.target.name)
        doubts, refused = (spec.plan.skipped.get(skip, 0) for skip in (Skip.IN_DOUBT_BEFORE, Skip.REFUSED_BEFORE))
        if doubts:
            yield (
                f"- {shown}: **in doubt**: {many(doubts, 'message')} may have been accepted, and nobody gets them again; `sendspec reconcile` "
                "asks the API, and `sendspec resolve` notes what a person found out"
            )
        yield from (f"- {shown}: **{each.title}**: {each.text}" for each in plan_notices(spec.plan))
        if is_resent_if_absent(spec.plan):
            yield f"- {shown}: **resend_if_absent**: {RESENT_IF_ABSENT}"
        if refused:
            yield f"- {shown}: **refused before**: {many(refused, 'message')}; only a plan with `--retry refused` has them"
        if spec.plan.left:
            yield f"- {shown}: **left**: {left_words(spec.plan.left)}"


def _ending(report: PlanReport, notes: ReviewNotes) -> str:
    steps = [f"{at}. {step}" for at, step in enumerate([*notes.steps, *map(code, notes.commands)], start=1)]
    content = f"- digest of all that the files declare: {code(report.content_digest)}" if report.content_digest else ""
    return GAP.join(
        [
            *(["### Next", "\n".join(steps)] if steps else []),
            *([code(notes.note)] if notes.note else []),
            *([content] if content else []),
        ]
    )
