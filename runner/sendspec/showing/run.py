"""A finished run as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.operations.run_report import RunReport, SpecReport
from sendspec.showing.account import accounting_line, left_words, skipped_words
from sendspec.showing.diagnostics import clean
from sendspec.showing.next_step import next_text
from sendspec.showing.terminal_style import TerminalStyle

REASONS_SHOWN = 5


def run_text(report: RunReport, style: TerminalStyle) -> str:
    blocks = ["\n".join(_block(spec, report, style)) for spec in report.specs]
    if len(report.specs) > 1:
        blocks.append(style.bold(accounting_line(report.account)))
    if report.requests:
        blocks.append(f"{counted(report.requests, 'request')} in {report.seconds:.1f} s")
    return "\n".join(blocks)


def ending_text(report: RunReport, style: TerminalStyle) -> str:
    """Why the run stopped early, and what to do next; empty if there is nothing to say."""
    lines = []
    if report.ending:
        lines.append(f"{style.red('stopped:')} {clean(report.ending)}")
        lines.append(f"    {style.cyan('= fix:')} {clean(report.fix)}")
    if report.next_steps:
        lines.append(next_text(report.next_steps))
    return "\n".join(lines)


def _block(spec: SpecReport, report: RunReport, style: TerminalStyle) -> Iterator[str]:
    target, account = spec.target, spec.account
    yield style.bold(clean(f"{target.name} → {target.alias} ({report.environment})"))
    yield f"  {accounting_line(account)}"
    if account.not_sent and report.ending:
        yield f"  not sent: {clean(report.ending)}"
    if account.skipped_total:
        yield f"  skipped: {skipped_words(account.skipped)}"
    if account.left:
        yield f"  {style.yellow('left:')} {left_words(account.left)}"
    for what, paint, reasons in (("refused", style.red, spec.refusals), ("in doubt", style.yellow, spec.doubts)):
        for reason in reasons[:REASONS_SHOWN]:
            more = f" and {reason.count - 1} more" if reason.count > 1 else ""
            yield f"  {paint(what + ':')} {clean(reason.text)} ({reason.first}{more})"
        if len(reasons) > REASONS_SHOWN:
            others = counted(len(reasons) - REASONS_SHOWN, "other reason")
            yield f"  {what}: {others}; `sendspec status --messages` lists all"


def run_document(report: RunReport | None, error: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The `sendspec.run/1` document. Without a report, the fate of the messages is unknown: `totals` is null."""
    if report is None:
        return {"schema": "sendspec.run/1", "totals": None, "error": dict(error or {}), "sent": None}
    total = report.account
    document: dict[str, Any] = {
        "schema": "sendspec.run/1",
        "run": report.run,
        "environment": report.environment,
        "totals": total.as_dict(),
        "skipped": dict(total.skipped),
        "left": total.left,
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "ending": report.ending or "finished",
        "specs": [_spec(spec) for spec in report.specs],
    }
    if report.code:
        error = error or {"code": report.code, "problem": report.ending, "fix": report.fix}
    return document | ({"error": dict(error), "sent": bool(total.accepted or total.in_doubt)} if error else {})


def _spec(spec: SpecReport) -> dict[str, Any]:
    return {
        "name": spec.target.name,
        "generation": spec.target.generation,
        "totals": spec.account.as_dict(),
        "skipped": dict(spec.account.skipped),
        "left": spec.account.left,
        "digest": spec.digest,
        "refusals": [{"text": r.text, "count": r.count, "first": r.first} for r in spec.refusals],
        "doubts": [{"text": r.text, "count": r.count, "first": r.first} for r in spec.doubts],
    }
