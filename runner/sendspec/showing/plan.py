"""A plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_report import PlanReport
from sendspec.planning.cost import sum_of_costs
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan, Segments, Suppression
from sendspec.planning.plan_digest import VERSION
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.showing.account import country_words, left_words, skip_words, skipped_words
from sendspec.showing.change_total import change_total
from sendspec.showing.cost import cost_json, cost_words, country_lines
from sendspec.showing.earlier_send import earlier_json, earlier_lines
from sendspec.showing.last_generation import last_generation_json, last_generation_words
from sendspec.showing.plan_forcing import forcing_json, forcing_lines
from sendspec.showing.plan_shape import shape_lines, shapes_json
from sendspec.showing.saving import cut_lines, savings_json
from sendspec.showing.schedule import schedule_json, schedule_lines
from sendspec.showing.segments import segment_words
from sendspec.showing.terminal_style import TerminalStyle, cells

if TYPE_CHECKING:
    from sendspec.planning.base_change import BaseComparison

NO_DETAIL = PlanDetail()
FEW = 0.05
"""The share of messages to other countries that is conspicuous."""


def plan_text(
    plans: Sequence[Plan],
    style: TerminalStyle,
    details: Sequence[PlanDetail] = (),
    *,
    full: bool = False,
    only_skipped: bool = False,
    base: BaseComparison | None = None,
    untrusted: bool = False,
) -> str:
    """Every spec's plan, and a total if there are several. `details` are those of each plan, or empty.

    `base` is what changes, which comes first. `untrusted`: nobody knows what was sent before.
    `full` shows more of them, and the cost by country; `only_skipped` shows the rows that are skipped instead of what is sent.
    """
    if base is not None:
        from sendspec.showing.plan_base import change_lines, removed_lines  # for `--base` alone

    listed = zip(plans, details or repeat(NO_DETAIL), strict=False)
    blocks = [
        "\n".join(
            (
                *head_lines(plan, style, is_alone=len(plans) == 1 and not untrusted),
                *(() if base is None else change_lines(base, plan.target.name, style, full=full)),
                *(skipped_row_lines(plan) if only_skipped else _body(plan, detail, style, full=full)),
            )
        )
        for plan, detail in listed
    ]
    if len(plans) > 1:
        send, recipients = sum(p.send for p in plans), sum(p.recipients for p in plans)
        total = f"{counted(len(plans), 'spec')}: {grouped(send)} of {counted(recipients, 'recipient')} to send"
        cost = sum_of_costs(plan.cost for plan in plans)
        blocks.append(total if cost is None else f"{total}   {cost_words(cost)}".rstrip())
    gone = [] if base is None else list(removed_lines(base))
    first = [] if base is None else [_first_line(base, plans, style, untrusted=untrusted)]
    return "\n\n".join([*first, *blocks, *(["\n".join(gone)] if gone else [])])


def _first_line(base: BaseComparison, plans: Sequence[Plan], style: TerminalStyle, *, untrusted: bool) -> str:
    """`2 messages change, 1 recipient added; all specs together: 1 573 messages to send`."""
    messages = counted(sum(plan.send for plan in plans), "message")
    total = f"all specs together: {messages}{', sent before or not' if untrusted else ' to send'}"
    return f"{style.bold(change_total(base))}; {total}"


def head_lines(plan: Plan, style: TerminalStyle, *, is_alone: bool) -> Iterator[str]:
    """Where it goes, to how many, and who is skipped. With the digest of a plan that is `is_alone`: that of one spec among several isn't what people approve."""
    target = plan.target
    title = printable(f"{target.name} → {target.alias} ({target.environment})")
    if target.generation > 1:
        title += f", generation {target.generation}"
    digits = plan.digest.removeprefix(VERSION)
    digest = f"plan {digits[:8]}…{digits[-4:]}" if is_alone else ""
    gap = " " * max(2, style.width - cells(title) - cells(digest))
    yield f"{style.bold(title)}{gap}{style.dim(digest)}" if digest else style.bold(title)
    numbers = [grouped(n) for n in (plan.recipients, plan.send, plan.recipients - plan.send)]
    width = max(map(len, numbers))
    yield f"  {counted(plan.recipients, 'recipient')}"
    sizes = (_segments(plan), "" if plan.cost is None else cost_words(plan.cost))
    yield f"    {numbers[1]:>{width}} send   {'   '.join(filter(None, sizes))}".rstrip()
    if plan.skipped:
        skipped = skipped_words({skip.value: count for skip, count in plan.skipped.items()}, grouped)
        yield f"    {numbers[2]:>{width}} skip   {skipped}"


def _body(plan: Plan, detail: PlanDetail, style: TerminalStyle, *, full: bool) -> Iterator[str]:
    if full:
        yield from skipped_row_lines(plan)
    if full and plan.cost is not None:
        yield from (f"    {line}" for line in country_lines(plan.cost))
    if plan.last is not None:
        yield f"  {last_generation_words(plan, plan.last)}"
    if plan.countries:
        yield f"  {countries_line(plan, style)}"
    if plan.suppression is not None:
        yield f"  suppress: {suppressed_words(plan, plan.suppression)}"
    if plan.opted_out is not None:
        yield f"  opt-outs: {_opted_out(plan, plan.opted_out)}"
    yield from (f"  {line}" for line in earlier_lines(plan))
    if plan.schedule is not None:
        yield from (f"  {line}" for line in schedule_lines(plan.schedule, plan.send))
    if plan.skipped.get(Skip.ON_HOLD):
        yield f"  on hold: planned with another text than the present one, whose digest is {plan.text_digest}"
    if plan.left:
        yield f"  {style.yellow('⚠')} left: {left_words(plan.left)}"
    together = min(plan.send, plan.target.batch or 1)
    if together > 1:
        yield f"  up to {together} messages a request: refused together, and in doubt together if the answer is lost"
    yield from forcing_lines(plan, detail, style, full=full)
    yield from (f"  {line}" for line in cut_lines(detail.savings, full=full))
    yield from shape_lines(plan, detail, style, full=full)


def skipped_row_lines(plan: Plan) -> Iterator[str]:
    """The first rows of some reasons to skip."""
    for skip, lines in plan.skipped_lines.items():
        count = plan.skipped.get(skip, 0)
        listed = ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
        rows = f"{'row' if count == 1 else 'rows'} {listed}" if lines else "none"
        yield f"    {skip_words(skip)}: {rows}"


def suppressed_words(plan: Plan, suppression: Suppression) -> str:
    """Said without any such recipient too: it shows that the lists were looked at."""
    found = plan.skipped.get(Skip.SUPPRESSED, 0)
    listed = f"{grouped(found) if found else 'none'} of {counted(plan.recipients, 'recipient')} {'is' if found < 2 else 'are'}"
    files = printable(", ".join(suppression.files))
    return f"{listed} listed in {files} ({counted(suppression.addresses, 'address', 'addresses')})"


def _opted_out(plan: Plan, known: int) -> str:
    """Said without any such recipient too: it shows that opt-outs were looked at."""
    found = plan.skipped.get(Skip.OPTED_OUT, 0)
    counts = f"{grouped(found) if found else 'none'} of {counted(plan.recipients, 'recipient')}"
    return f"{counts} {'has' if found < 2 else 'have'} opted out ({grouped(known)} known)"


def countries_line(plan: Plan, style: TerminalStyle) -> str:
    """Marked where few messages go to other countries than that of the spec: their numbers were hardly meant so."""
    others = sum(count for country, count in plan.countries.items() if country not in (plan.country, UNKNOWN))
    mark = f"{style.yellow('⚠')} " if others <= FEW * plan.send else ""
    return f"{mark}countries: {country_words(plan.countries)}"


def _segments(plan: Plan) -> str:
    segments = plan.segments
    return segment_words(total=segments.total, gsm7=segments.gsm7, ucs2=segments.ucs2)


def plan_document(report: PlanReport) -> dict[str, Any]:
    """The `sendspec.plan/1` document."""
    segments = report.segments
    return {
        "schema": "sendspec.plan/1",
        "environment": report.environment,
        "totals": {"recipients": report.recipients, "send": report.send, "skip": report.skip},
        "skipped": report.skipped,
        "segments": segments_json(segments),
        **({} if report.cost is None else {"cost": cost_json(report.cost)}),
        "left": report.left,
        **({"exceeded": [_exceeded(each) for each in report.exceeded]} if report.exceeded else {}),
        "digest": report.digest,
        **({"content_digest": report.content_digest} if report.content_digest else {}),
        **_base_json(report),
        "specs": [
            {**_spec(plan, detail), **_change_json(plan, report.base)}
            for plan, detail in zip(report.plans, report.details or repeat(NO_DETAIL), strict=False)
        ],
        **_untrusted_json(report),
    }


def _change_json(plan: Plan, base: BaseComparison | None) -> dict[str, Any]:
    change = None if base is None else base.specs.get(plan.target.name)
    if change is None:
        return {}
    from sendspec.showing.plan_base import change_json  # for `--base` alone

    return {"change": change_json(change)}


def _base_json(report: PlanReport) -> dict[str, Any]:
    if report.base is None:
        return {}
    from sendspec.showing.plan_base import base_json  # for `--base` alone

    return {"base": base_json(report.base)}


def _untrusted_json(report: PlanReport) -> dict[str, Any]:
    if not report.untrusted:
        return {}
    from sendspec.showing.absent_audience import absent_json  # for `--untrusted` alone

    return {"untrusted": {"absent": list(map(absent_json, report.absent))}}


def _exceeded(limit: Diagnostic) -> dict[str, str]:
    return {"code": limit.code, "path": limit.path, "problem": limit.problem, "fix": limit.fix}


def suppress_json(plan: Plan) -> dict[str, Any]:
    if plan.suppression is None:
        return {}
    found, suppression = plan.skipped.get(Skip.SUPPRESSED, 0), plan.suppression
    files = list(suppression.files)
    return {"suppress": {"recipients": found, "files": files, "addresses": suppression.addresses}}


def _opt_outs_json(plan: Plan) -> dict[str, Any]:
    if plan.opted_out is None:
        return {}
    return {"opt_outs": {"recipients": plan.skipped.get(Skip.OPTED_OUT, 0), "known": plan.opted_out}}


def _schedule_json(plan: Plan) -> dict[str, Any]:
    return {} if plan.schedule is None else schedule_json(plan.schedule, plan.send)


def _spec(plan: Plan, detail: PlanDetail) -> dict[str, Any]:
    return {
        "name": plan.target.name,
        "generation": plan.target.generation,
        "totals": {"recipients": plan.recipients, "send": plan.send, "skip": plan.recipients - plan.send},
        "skipped": {skip.value: count for skip, count in plan.skipped.items()},
        **({"skipped_rows": rows} if (rows := skipped_rows_json(plan)) else {}),
        **({"countries": dict(countries)} if (countries := plan.countries) else {}),
        **suppress_json(plan),
        **_opt_outs_json(plan),
        **earlier_json(plan),
        **({"schedule": schedule} if (schedule := _schedule_json(plan)) else {}),
        "segments": segments_json(plan.segments),
        **({} if detail is NO_DETAIL else shapes_json(plan, detail)),
        **({"forcing": forcing_json(detail)} if detail.forcing else {}),
        **({"savings": savings_json(detail.savings)} if detail.savings else {}),
        **({} if plan.cost is None else {"cost": cost_json(plan.cost)}),
        **({} if plan.last is None else {"last_generation": last_generation_json(plan.last)}),
        "left": plan.left,
        "digest": plan.digest,
        **({"content_digest": plan.content_digest} if plan.content_digest else {}),
        **({"text_digest": plan.text_digest} if plan.text_digest else {}),
        **({} if plan.target.batch is None else {"batch": plan.target.batch}),
        "channel": plan.target.alias,
        **({} if plan.settings is None else {"target": plan.settings.target, "policy": plan.settings.policy}),
    }


def skipped_rows_json(plan: Plan) -> dict[str, list[int]]:
    return {skip.value: list(lines) for skip, lines in plan.skipped_lines.items() if lines}


def segments_json(segments: Segments) -> dict[str, int]:
    return {"total": segments.total, "gsm7": segments.gsm7, "ucs2": segments.ucs2}
