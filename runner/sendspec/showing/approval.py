"""An approval of a plan: what is going to be signed, and what was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_never

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.approve import ApprovalReport, Tally, Uncounted
from sendspec.operations.approved_text import ApprovedText
from sendspec.operations.plan_file import PlanFile
from sendspec.showing.planned_spec import Reading, planned_spec_lines
from sendspec.showing.terminal_style import TerminalStyle


def text_to_sign_text(path: Path, text: ApprovedText, plan: PlanFile, style: TerminalStyle, reading: Reading) -> str:
    """What a person is asked to sign, and what the plan says of each spec."""
    rows = {
        "environment": text.environment,
        "to send": counted(plan.send, "message"),
        "digest": text.digest,
        "ledger": text.ledger,
        "expires": text.expires,
    }
    lines = [f"  {name:<12} {printable(value)}" for name, value in rows.items()]
    specs = [line for spec in plan.specs for line in planned_spec_lines(spec, style, reading)]
    return "\n".join([style.bold(f"plan {printable(str(path))}"), *lines, *specs])


def approval_text(report: ApprovalReport) -> str:
    """What was signed, and how many approvals the plan has."""
    signed = report.signed
    line = f"signed with {signed.fingerprint} in {printable(str(signed.file))}"
    match report.tally:
        case None:
            return f"{line}\n'{report.text.environment}' needs no approvals"
        case Uncounted(reason):
            return f"{line}\nthe approvals can't be counted: {printable(reason)}"
        case Tally(approvals, verified):
            by = f": {printable(', '.join(verified.approvers))}" if verified.approvers else ""
            return f"{line}\n{len(verified.approvers)} of {counted(approvals.need, 'approval')}{by}"
        case _:
            assert_never(report.tally)


def approval_warnings(report: ApprovalReport) -> Iterator[str]:
    """What must be read: signatures that were dropped or don't count."""
    if report.signed.dropped:
        yield f"{counted(report.signed.dropped, 'signature')} for another plan dropped"
    if isinstance(report.tally, Tally):
        yield from (f"not counted: {reason}" for reason in report.tally.verified.rejected)


def approval_document(report: ApprovalReport) -> dict[str, Any]:
    text, signed, tally = report.text, report.signed, report.tally
    document = {
        "schema": "sendspec.approve/1",
        "environment": text.environment,
        "plan": str(report.plan),
        "digest": text.digest,
        "ledger": text.ledger,
        "expires": text.expires,
        "signatures": str(signed.file),
        "key": signed.fingerprint,
        "dropped": signed.dropped,
    }
    if not isinstance(tally, Tally):
        return document
    counted_now = {
        "need": tally.approvals.need,
        "approvers": list(tally.verified.approvers),
        "rejected": list(tally.verified.rejected),
    }
    return {**document, "approvals": counted_now}
