"""A report cut to what fits on a page: so many reasons, runs and warnings, and no text longer than a paragraph."""

from __future__ import annotations

from dataclasses import replace

from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.report_speed import Throughput
from sendspec.operations.send_report import Reasons, ReportedMessage, ReportedRun, SendReport

MAX_TEXT = 300
"""Characters of a foreign text, on the page and in its data."""
MAX_REASONS, MAX_RUNS, MAX_WARNINGS = 30, 30, 20


def capped(report: SendReport) -> SendReport:
    """The same report with its texts cut, and only as many reasons, runs and warnings as the page shows; without its recipients."""
    return replace(
        report,
        warnings=tuple(replace(each, detail=cut(each.detail)) for each in report.warnings[:MAX_WARNINGS]),
        runs=tuple(map(_run, report.runs[-MAX_RUNS:])),
        throughput=_throughput(report.throughput),
        refusals=few(report.refusals),
        doubts=few(report.doubts),
        delivery=_delivery(report.delivery),
        recipients=replace(report.recipients, rows=()),
    )


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def few(reasons: Reasons) -> Reasons:
    """No more than the page lists; those that are left out are counted."""
    hidden = reasons.listed[MAX_REASONS:]
    return replace(
        reasons,
        listed=tuple(replace(each, text=cut(each.text)) for each in reasons.listed[:MAX_REASONS]),
        others=reasons.others + sum(each.count for each in hidden),
        other_kinds=reasons.other_kinds + len(hidden),
    )


def cut_message(each: ReportedMessage) -> ReportedMessage:
    evidence = each.message.evidence
    if not any(text and len(text) > MAX_TEXT for text in (evidence, *(move.evidence for move in each.attempts))):
        return each
    return replace(
        each,
        message=replace(each.message, evidence=evidence and cut(evidence)),
        attempts=tuple(replace(move, evidence=move.evidence and cut(move.evidence)) for move in each.attempts),
    )


def _run(each: ReportedRun) -> ReportedRun:
    run, note = each.run, each.run.note
    if note is not None:
        note = replace(note, claimed=note.claimed and cut(note.claimed), verified=tuple(map(cut, note.verified)))
    return replace(each, run=replace(run, ending=run.ending and cut(run.ending), note=note))


def _throughput(throughput: Throughput) -> Throughput:
    return replace(throughput, bands=tuple(replace(each, words=cut(each.words)) for each in throughput.bands))


def _delivery(account: DeliveryAccount | None) -> DeliveryAccount | None:
    return None if account is None else replace(account, reasons=account.reasons[:MAX_REASONS])
