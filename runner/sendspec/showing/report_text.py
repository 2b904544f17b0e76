"""A send's report for a terminal: how it went, who must be called, and then the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.report_speed import PauseCause
from sendspec.operations.report_verdict import FINISHED
from sendspec.operations.send_report import Concern, Reasons, ReportedMessage, ReportedRun, SendReport, Verdict
from sendspec.showing.account import accounting_line, country_words, skipped_words
from sendspec.showing.cost import cost_words, country_lines
from sendspec.showing.delivery import delivery_lines, delivery_words, tally_line
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import moment, place_text
from sendspec.showing.report_calls import failures_of, uncertain_words
from sendspec.showing.report_words import (
    claimed_words,
    guard_text,
    headroom_text,
    least_words,
    pace_text,
    shared_words,
    took_text,
    verdict_sentence,
    warning_text,
)
from sendspec.showing.segments import segment_words
from sendspec.showing.terminal_style import TerminalStyle

WHY_LENGTH = 100
"""Characters of one person's reason; all of it stands below, by reason."""
CALLS_SHOWN, REASONS_SHOWN, RUNS_SHOWN, COUNTRIES_SHOWN = 10, 5, 5, 12
IN_SENTENCE = (
    Concern.NEVER_SENT, Concern.UNKNOWN_NAME, Concern.UNDER_WAY, Concern.REFUSED, Concern.UNDELIVERED, Concern.IN_DOUBT, Concern.NOT_SENT,
)  # fmt: skip
"""Warnings that the verdict's sentence has already."""


def report_text(report: SendReport, style: TerminalStyle) -> str:
    return "\n".join(_lines(report, style))


def _lines(report: SendReport, style: TerminalStyle) -> Iterator[str]:
    yield style.bold(clean(heading(report)))
    yield f"  {_paint(report, style)} {clean(verdict_sentence(report))}"
    if not report.was_sent:
        yield from _warning_lines(report, style)
        return
    yield f"  {accounting_line(report.account, report.under_way or 0)}"
    if words := claimed_words(report):
        yield f"  {words}"
    if report.account.skipped_total:
        yield f"  skipped: {clean(skipped_words(report.skipped))}"
    yield from _warning_lines(report, style)
    yield from _call_lines(report, style)
    yield from _reason_lines("refused", report.refusals, style.red)
    yield from _reason_lines("in doubt", report.doubts, style.yellow)
    if report.delivery is not None:
        yield f"  {tally_line(report.delivery.tally)}"
        yield from delivery_lines(report.delivery, style)
    yield from _money_lines(report)
    yield from _limit_lines(report, style)
    yield from _pace_lines(report)
    yield from _run_lines(report)
    yield from _earlier_lines(report)


def heading(report: SendReport) -> str:
    """`order-shipped (production, generation 2, run 3)`."""
    generation = f", generation {report.generation}" if (report.generation or 1) > 1 else ""
    run = "" if report.only_run is None else f", run {report.only_run}"
    return f"{report.name} ({report.environment}{generation}{run})"


def _paint(report: SendReport, style: TerminalStyle) -> str:
    paint = {Verdict.OK: style.green, Verdict.FAILED: style.red}.get(report.verdict, style.yellow)
    return paint(f"{report.verdict.value}:")


def _warning_lines(report: SendReport, style: TerminalStyle) -> Iterator[str]:
    for each in report.warnings:
        if each.concern not in IN_SENTENCE:
            yield f"  {style.yellow('⚠')} {clean(warning_text(each))}"


def _call_lines(report: SendReport, style: TerminalStyle) -> Iterator[str]:
    """The people who did not get it, each with the row that names them."""
    calls, count = failures_of(report.recipients.rows), report.to_call
    if not count:
        return
    uncertain = uncertain_words(report)
    yield f"  {style.red('call:')} {counted(count, 'person', 'people')} did not get it{uncertain}"
    for each in calls[:CALLS_SHOWN]:
        yield f"    {place_text(each.row, each.message.masked) or _planned_place(each)}{clean(each.message.masked)}  {_why(each)}"
    hidden = count - min(len(calls), CALLS_SHOWN)
    if hidden > 0:
        yield f"    and {grouped(hidden)} more; `--rows FILE` writes all"


def _planned_place(each: ReportedMessage) -> str:
    return f"line {each.message.line} when it was planned  " if each.message.line else f"{id_text(each.message.id)}  "


def _why(each: ReportedMessage) -> str:
    if each.delivery is not None:
        return _clipped(delivery_words(each.delivery))
    return _clipped(f"refused: {clean(each.message.evidence or 'no reason is noted')}")


def _clipped(words: str) -> str:
    return words if len(words) <= WHY_LENGTH else f"{words[: WHY_LENGTH - 1]}…"


def _reason_lines(what: str, reasons: Reasons, paint: Callable[[str], str]) -> Iterator[str]:
    for each in reasons.listed[:REASONS_SHOWN]:
        more = f" and {grouped(each.count - 1)} more" if each.count > 1 else ""
        yield f"  {paint(what + ':')} {clean(each.text or 'no reason is noted')} ({each.first}{more})"
    hidden = reasons.listed[REASONS_SHOWN:]
    kinds = len(hidden) + reasons.other_kinds
    if kinds:
        count = sum(each.count for each in hidden) + reasons.others
        yield f"  {what}: {grouped(count)} for {counted(kinds, 'other reason')}; `--format json` has more"


def _money_lines(report: SendReport) -> Iterator[str]:
    segments = report.segments
    if segments.total:
        yield f"  {segment_words(total=segments.total, gsm7=segments.gsm7, ucs2=segments.ucs2)}"
    if report.cost is not None and (words := cost_words(report.cost)):
        yield f"  cost of the accepted: {words}"
        lines = list(country_lines(report.cost))
        yield from (f"    {line}" for line in lines[:COUNTRIES_SHOWN])
        hidden = len(lines) - COUNTRIES_SHOWN
        if hidden > 0:
            yield f"    and {counted(hidden, 'more country', 'more countries')}; `--format json` has all"
    elif report.countries:
        yield f"  where: {country_words({each.country: each.messages for each in report.countries})}"


def _limit_lines(report: SendReport, style: TerminalStyle) -> Iterator[str]:
    """The limits in force today, with what is left; those that aren't set are named together."""
    limited = [guard for guard in report.guards if guard.limit is not None]
    if not limited:
        return
    yield "  today's limits:"
    for guard in limited:
        left = headroom_text(guard)
        words = f"    {clean(guard_text(guard))}"
        rest = f", {left} left" if left and guard.held is not False else ""
        yield style.red(words) if guard.held is False else style.yellow(words) if guard.together else f"{words}{rest}"


def _pace_lines(report: SendReport) -> Iterator[str]:
    latency = report.latency
    if latency.count:
        pace = report.attempts_per_second
        rate = f", {pace_text(pace)} attempts a second" if pace is not None and report.seconds >= 1 else ""
        yield f"  sent for {took_text(report.seconds)}{rate}{_request_words(report)}"
    if latency.count:
        parts = (("half within", latency.p50), ("90 %", latency.p90), ("99 %", latency.p99), ("all", latency.max))
        yield f"  answers: {', '.join(f'{words} {_seconds(value)}' for words, value in parts)}"
    for cause, words in ((PauseCause.THROTTLED, "throttled"), (PauseCause.BACK_OFF, "held back")):
        bands = [band for band in report.throughput.bands if band.cause is cause]
        if bands:
            attempts = sum(band.released for band in bands)
            yield f"  {words}: {counted(attempts, 'attempt')} given back and tried again ({clean(bands[0].words)})"


def _request_words(report: SendReport) -> str:
    if report.requests is None:
        return ""
    shared = f" {words}" if (words := shared_words(report)) else ""
    return f", {least_words(report)}{counted(report.requests, 'request')}{shared}"


def _seconds(value: float | None) -> str:
    return f"{value or 0.0:.3g} s"


def _run_lines(report: SendReport) -> Iterator[str]:
    if len(report.runs) > RUNS_SHOWN:
        yield f"  {grouped(len(report.runs))} runs; the latest:"
    for each in report.runs[-RUNS_SHOWN:]:
        yield f"  {clean(run_words(each))}"


def run_words(each: ReportedRun) -> str:
    """`run 3, 2026-11-29T10:00:00Z: 20 accepted, 1 refused; finished; plan 7f3a…c1e2; approved by ann`."""
    run, account = each.run, each.account
    counts = (
        (account.accepted, "accepted"), (account.refused, "refused"), (each.in_doubt, "in doubt"), (each.under_way or 0, "under way"),
        (account.not_sent, "not sent"), (each.found, "found accepted by looking"),
    )  # fmt: skip
    did = ", ".join(f"{grouped(count)} {words}" for count, words in counts if count) or "nothing"
    stop = f"; stopped: {run.ending}" if run.ending != FINISHED else ""
    ending = "; it is sending" if each.under_way is not None else "; it has no end" if run.ended_at is None else stop
    parts = [f"run {run.run}, {moment(run.started_at)}: {did}{ending}"]
    note = run.note
    if note is not None:
        digits = note.plan_digest.hex()
        parts.append(f"plan {digits[:8]}…{digits[-4:]}")
        parts += [f"commit {note.commit[:12]}"] if note.commit else []
        parts += [f"approved by {', '.join(note.verified)}"] if note.verified else []
        parts += [f"said to have started or approved it, not verified: '{note.claimed}'"] if note.claimed else []
    return "; ".join(parts)


def _earlier_lines(report: SendReport) -> Iterator[str]:
    earlier = report.earlier
    if earlier is None:
        return
    yield f"  generation {earlier.generation} before: {accounting_line(earlier.account)}"
    if earlier.segments.total:
        words = segment_words(total=earlier.segments.total, gsm7=earlier.segments.gsm7, ucs2=earlier.segments.ucs2)
        yield f"    {words}"
