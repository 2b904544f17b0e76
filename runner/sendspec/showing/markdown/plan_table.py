"""The table of a plan's specs in Markdown, and one line each for those that have nothing to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.operations.plan_report import PlanReport
from sendspec.planning.base_change import SpecChangeKind
from sendspec.planning.decision import Skip
from sendspec.planning.plan import NOT_DECLARED, Plan
from sendspec.showing.account import skipped_words
from sendspec.showing.markdown.base_change import change_cell
from sendspec.showing.markdown.foreign_text import cell, code
from sendspec.showing.markdown.page import Section, single
from sendspec.showing.markdown.plan_spec import PlannedSpec
from sendspec.showing.markdown.words import cost_words, many, number

MOST_ROWS, MOST_NAMED = 60, 20
SENT_BEFORE = frozenset({Skip.ALREADY_ACCEPTED, Skip.BASELINE, Skip.SETTLED_BY_HAND})
UNCERTAIN = (Skip.IN_DOUBT_BEFORE, Skip.ON_HOLD, Skip.DRIFT, Skip.REFUSED_BEFORE)
"""Reasons to skip that need somebody, and so come first."""


def plan_table(specs: Sequence[PlannedSpec], report: PlanReport) -> Iterator[Section]:
    """All specs, or those that send most; then those that have nothing to send, and without a ledger those that don't change."""
    settled = [spec for spec in specs if _is_settled(spec)]
    others = [spec for spec in specs if not _is_settled(spec)]
    same = [spec for spec in others if report.untrusted and _is_same(spec)]
    rows = [spec for spec in others if not (report.untrusted and _is_same(spec))]
    if rows:
        yield _table(rows, report)
    lines = []
    if settled:
        lines.append(f"{many(len(settled), 'spec')}: everything sent before: {_named(settled)}.")
    if same:
        messages = many(sum(spec.plan.send for spec in same), "message")
        what = "spec doesn't change" if len(same) == 1 else "specs don't change"
        lines.append(f"{number(len(same))} {what}, {messages}: {_named(same)}.")
    if lines:
        yield single("\n\n".join(lines))


def _is_settled(spec: PlannedSpec) -> bool:
    """Whether all of it was sent, and there is nothing to say of it."""
    reasons = spec.plan.skipped.keys()
    is_sent = not spec.plan.send and SENT_BEFORE & reasons and reasons <= SENT_BEFORE | NOT_DECLARED
    return bool(is_sent) and not spec.urgency and not spec.plan.left


def _is_same(spec: PlannedSpec) -> bool:
    return spec.change is not None and spec.change.kind is SpecChangeKind.SAME and not spec.urgency


def _named(specs: Sequence[PlannedSpec]) -> str:
    names = ", ".join(code(spec.plan.target.name) for spec in specs[:MOST_NAMED])
    return f"{names} and {number(len(specs) - MOST_NAMED)} more" if len(specs) > MOST_NAMED else names


def _table(specs: Sequence[PlannedSpec], report: PlanReport) -> Section:
    """Columns without anything in them are left out."""
    columns = [
        ("spec", "---"),
        ("channel", "---"),
        *([] if report.base is None else [("change", "---")]),
        ("send", "--:"),
        *([("segments", "--:")] if report.segments.total else []),
        *([] if report.cost is None else [("cost", "--:")]),
        *([("nothing for", "---")] if any(spec.plan.skipped for spec in specs) else []),
    ]
    heads, lines = zip(*columns, strict=True)
    rows = [_row([_cells(spec)[head] for head in heads]) for spec in specs[:MOST_ROWS]]

    def more(left: Sequence[int]) -> str:
        missing = [*(specs[at] for at in left), *specs[MOST_ROWS:]]
        messages = many(sum(spec.plan.send for spec in missing), "message")
        return f"and {many(len(missing), 'more spec')}: {messages}"

    is_cut = len(specs) > MOST_ROWS
    return Section(
        head=f"### Specs\n\n{_row(heads)}\n{_row(lines)}\n", parts=rows, joint="\n", more=more, is_cut=is_cut
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(spec: PlannedSpec) -> dict[str, str]:
    plan = spec.plan
    generation = f" (generation {plan.target.generation})" if plan.target.generation > 1 else ""
    return {
        "spec": f"{'⛔ ' if spec.is_stopped else ''}{cell(plan.target.name)}{generation}",
        "channel": cell(plan.target.alias),
        "send": number(plan.send),
        "nothing for": _skipped(plan),
        "segments": number(plan.segments.total) if plan.segments.total else "",
        "cost": cost_words(plan.cost),
        "change": "" if spec.change is None else change_cell(spec.change),
    }


def _skipped(plan: Plan) -> str:
    """`**2 in doubt before** · 3 filtered`."""
    uncertain = skipped_words({skip.value: plan.skipped.get(skip, 0) for skip in UNCERTAIN}, number)
    others = {skip.value: count for skip, count in plan.skipped.items() if skip not in UNCERTAIN}
    return " · ".join(filter(None, [f"**{uncertain}**" if uncertain else "", skipped_words(others, number)]))
