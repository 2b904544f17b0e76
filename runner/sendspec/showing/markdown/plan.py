"""A plan as Markdown: what reviewers approve it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.operations.plan_report import PlanReport
from sendspec.showing.account import left_words, skipped_words
from sendspec.showing.markdown.absent_audience import absent_section
from sendspec.showing.markdown.base_change import change_cell, removed_section
from sendspec.showing.markdown.destination import destination_section
from sendspec.showing.markdown.diagnostic import diagnostic_item
from sendspec.showing.markdown.foreign_text import cell, code, name
from sendspec.showing.markdown.page import GAP, Section, more_of, page, single
from sendspec.showing.markdown.plan_spec import PlannedSpec
from sendspec.showing.markdown.spec_blocks import spec_blocks
from sendspec.showing.markdown.words import cost_words, many, number
from sendspec.showing.plan import NO_DETAIL
from sendspec.showing.plan_notice import RESENT_IF_ABSENT, is_resent_if_absent, plan_notices

MOST_ROWS = 60
"""Specs in the table."""
ROOM_OF_LIST = 9_000
"""Characters for each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNotes:
    """What a page says besides the plan itself. `paths` are those of the specs, `commands` what comes next, `note` a remark of ours."""

    paths: Sequence[str]
    warnings: Sequence[Diagnostic] = ()
    commands: Sequence[str] = ()
    note: str = ""


def plan_markdown(report: PlanReport, notes: ReviewNotes) -> str:
    """What needs a decision comes first, then all specs, then their messages."""
    specs = sorted(_planned_specs(report, notes), key=lambda spec: (-spec.urgency, -spec.plan.send))
    other_warnings = [each for each in notes.warnings if each not in report.exceeded]
    return page(
        [
            single(f"{headline(report)}{GAP}{_setting(report)}"),
            _list("A send would be stopped", [diagnostic_item(each) for each in report.exceeded], more_of("limit")),
            _list("To decide", list(_decisions(specs)), more_of("thing to decide", "things to decide")),
            _list("Warnings", [diagnostic_item(each) for each in other_warnings], more_of("warning")),
            destination_section(report.plans),
            *([_table(specs, report)] if specs else []),
            *([] if report.base is None else [removed_section(report.base)]),
            absent_section(report.absent),
            lambda room: spec_blocks(specs, room),
        ],
        single(_ending(report, notes)),
    )


def headline(report: PlanReport) -> str:
    """The whole plan in one line: `**1,200 messages would be sent** to 1,180 recipients, 1,420 segments, 106.50 EUR`."""
    if report.absent and not report.plans:
        return (
            f"**{many(len(report.absent), 'spec')} without recipients in this repository**: nobody can be counted here"
        )
    if not report.send:
        skipped = skipped_words(report.skipped, number)
        return f"**Nothing would be sent**: {many(report.recipients, 'recipient')}{f', {skipped}' if skipped else ''}"
    sizes = [many(report.segments.total, "segment") if report.segments.total else "", cost_words(report.cost)]
    of_all = f" of {number(report.recipients)}" if report.skip else ""
    counts = f"to {number(report.send)}{of_all} {'recipient' if report.recipients == 1 else 'recipients'}"
    messages = many(report.send, "message")
    what = f"**Stopped by a limit**: {messages}" if report.exceeded else f"**{messages} would be sent**"
    return ", ".join([f"{what} {counts}", *filter(None, sizes)])


def _planned_specs(report: PlanReport, notes: ReviewNotes) -> Iterator[PlannedSpec]:
    changes = {} if report.base is None else report.base.specs
    of_limits = {each.path for each in report.exceeded}
    for plan, detail, path in zip(report.plans, report.details or repeat(NO_DETAIL), notes.paths, strict=False):
        yield PlannedSpec(
            plan=plan,
            detail=detail,
            path=path,
            change=changes.get(plan.target.name),
            ref="" if report.base is None else report.base.ref,
            is_stopped=path in of_limits,
        )


def _setting(report: PlanReport) -> str:
    against = (
        "" if report.base is None else f", compared with {name(report.base.ref)} ({code(report.base.commit[:12])})"
    )
    return f"{many(len(report.plans), 'spec')} in the environment {name(report.environment)}{against}."


def _list(title: str, items: Sequence[str], more: Callable[[Sequence[int]], str]) -> Section:
    return Section(head=f"### {title}\n\n" if items else "", parts=items, joint="\n", more=more, most=ROOM_OF_LIST)


def _decisions(specs: Sequence[PlannedSpec]) -> Iterator[str]:
    for spec in specs:
        shown = code(spec.plan.target.name)
        yield from (f"- {shown}: **{each.title}**: {each.text}" for each in plan_notices(spec.plan))
        if is_resent_if_absent(spec.plan):
            yield f"- {shown}: **resend_if_absent**: {RESENT_IF_ABSENT}"
        if spec.plan.left:
            yield f"- {shown}: **left**: {left_words(spec.plan.left)}"


def _table(specs: Sequence[PlannedSpec], report: PlanReport) -> Section:
    """All specs, or those that send most. Columns without anything in them are left out."""
    columns = [
        ("spec", "---"),
        ("channel", "---"),
        ("send", "--:"),
        ("skip", "--:"),
        *([("segments", "--:")] if report.segments.total else []),
        *([] if report.cost is None else [("cost", "--:")]),
        *([] if report.base is None else [("change", "---")]),
    ]
    heads, lines = zip(*columns, strict=True)
    rows = [_row([_cells(spec)[head] for head in heads]) for spec in specs[:MOST_ROWS]]

    def more(left: Sequence[int]) -> str:
        missing = [*(specs[at] for at in left), *specs[MOST_ROWS:]]
        messages = many(sum(spec.plan.send for spec in missing), "message")
        return f"and {many(len(missing), 'more spec')}: {messages}"

    is_cut = len(specs) > MOST_ROWS
    return Section(head=f"{_row(heads)}\n{_row(lines)}\n", parts=rows, joint="\n", more=more, is_cut=is_cut)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(spec: PlannedSpec) -> dict[str, str]:
    plan = spec.plan
    generation = f" (generation {plan.target.generation})" if plan.target.generation > 1 else ""
    return {
        "spec": f"{'⛔ ' if spec.is_stopped else ''}{cell(plan.target.name)}{generation}",
        "channel": cell(plan.target.alias),
        "send": number(plan.send),
        "skip": number(plan.recipients - plan.send),
        "segments": number(plan.segments.total) if plan.segments.total else "",
        "cost": cost_words(plan.cost),
        "change": "" if spec.change is None else change_cell(spec.change),
    }


def _ending(report: PlanReport, notes: ReviewNotes) -> str:
    digests = [] if report.untrusted else [f"- plan digest, which people approve: {code(report.digest)}"]
    if report.content_digest:
        digests.append(f"- digest of all that the files declare: {code(report.content_digest)}")
    steps = [f"{at}. {code(command)}" for at, command in enumerate(notes.commands, start=1)]
    return GAP.join(
        [
            *(["### Next", "\n".join(steps)] if steps else []),
            *([code(notes.note)] if notes.note else []),
            "\n".join(digests),
        ]
    )
