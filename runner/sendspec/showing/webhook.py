"""What `sendspec webhook` found, as text and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendspec.diagnostics.wording import counted, moment_text
from sendspec.operations.captured_request import LineFault
from sendspec.operations.event_intake import NO_ADDRESS
from sendspec.operations.webhook_ingest import IngestReport
from sendspec.operations.webhook_verify import NotVerified, Verified
from sendspec.provider.webhook_event import EventFault
from sendspec.provider.webhook_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureFault

FAULT_TEXT = {
    SignatureFault.SIGNATURE_MISSING: f"there is no header {SIGNATURE_HEADER}",
    SignatureFault.SIGNATURE_REPEATED: f"the header {SIGNATURE_HEADER} is there more than once",
    SignatureFault.SIGNATURE_EMPTY: f"the header {SIGNATURE_HEADER} is empty",
    SignatureFault.TIMESTAMP_MISSING: f"there is no header {TIMESTAMP_HEADER}",
    SignatureFault.TIMESTAMP_REPEATED: f"the header {TIMESTAMP_HEADER} is there more than once",
    SignatureFault.TIMESTAMP_EMPTY: f"the header {TIMESTAMP_HEADER} is empty",
    SignatureFault.TIMESTAMP_FORMAT: f"the header {TIMESTAMP_HEADER} is no whole number of seconds",
    SignatureFault.SIGNATURE_WRONG: "the signature fits neither this URL and body, nor another key that was named",
}
"""Each rule of `SignatureFault`, as it is broken."""
CHECK_FIX = "compare the URL, its query included, with the one that was registered; pass the body on byte by byte; try the other key"


def verify_text(found: Verified | NotVerified) -> str:
    if isinstance(found, NotVerified):
        lines = [f"not signed: {FAULT_TEXT[found.fault]} [{found.fault}]"]
        if found.hint:
            lines.append(f"    = note: {found.hint}")
        if found.fault is SignatureFault.SIGNATURE_WRONG:
            lines.append(f"    = fix: {CHECK_FIX}")
        return "\n".join(lines)
    about = found.event or "a body that isn't the documented JSON"
    return f"signed at {signed_at(found.timestamp)} with {found.key}: {about}"


def verify_document(found: Verified | NotVerified) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": "sendspec.webhook-verify/1"}
    if isinstance(found, NotVerified):
        return {
            **document,
            "verified": False,
            "rule": found.fault.value,
            "hint": found.hint,
            "key": None,
            "timestamp": None,
            "event": None,
        }
    return {
        **document, "verified": True, "rule": None, "hint": "", "key": found.key, "timestamp": found.timestamp, "event": found.event or None,
    }  # fmt: skip


def signed_at(timestamp: int) -> str:
    """The timestamp as a moment; as the number where no calendar has it."""
    try:
        return moment_text(datetime.fromtimestamp(timestamp, UTC))
    except (ValueError, OverflowError, OSError):
        return str(timestamp)


LINE_TEXT = {
    LineFault.LINE_LENGTH: "the line is longer than a request can be",
    LineFault.LINE_JSON: "it is no JSON",
    LineFault.LINE_SHAPE: "it is no object with `url`, `headers` and `body_base64`",
    LineFault.LINE_BASE64: "`body_base64` is no base64",
    LineFault.BODY_LENGTH: "its body is longer than a request's can be",
    EventFault.BODY: "it is signed, but its body isn't the documented JSON",
    EventFault.PAYLOAD: "it is signed, but its payload lacks an id, a status or a time",
    NO_ADDRESS: "somebody opted out or in, and the address can't be read: look it up with the API",
}
MAX_SHOWN = 20
"""Refused lines that are shown as text. JSON has more of them."""


def reason_text(reason: str) -> str:
    """Why a line was refused, in words."""
    found = {
        **{str(fault): text for fault, text in FAULT_TEXT.items()},
        **{str(it): text for it, text in LINE_TEXT.items()},
    }
    return found[reason]


def ingest_text(report: IngestReport, environment: str) -> str:
    counts = report.counts
    lines = [
        f"{environment}: {counted(counts.total, 'request')} = {counts.stored} stored + {counts.known} known + {counts.elsewhere} elsewhere"
        f" + {counts.other.total()} other + {counts.refused.total()} refused"
    ]
    if counts.opt_outs:
        lines.append(f"  new opt-outs and opt-ins: {counts.opt_outs}")
    if report.settled:
        lines.append(f"  found their message: {report.settled} that came early")
    if counts.other:
        lines.append("  other: " + " · ".join(f"{number} {name}" for name, number in sorted(counts.other.items())))
    lines += [f"  line {it.line}: {reason_text(it.reason)} [{it.reason}]" for it in report.refused[:MAX_SHOWN]]
    hidden = counts.refused.total() - min(len(report.refused), MAX_SHOWN)
    if hidden > 0:
        lines.append(f"  and {hidden} more refused")
    return "\n".join(lines)


def ingest_document(report: IngestReport, environment: str) -> dict[str, Any]:
    counts = report.counts
    return {
        "schema": "sendspec.webhook-ingest/1",
        "environment": environment,
        "lines": counts.total,
        "stored": counts.stored,
        "known": counts.known,
        "elsewhere": counts.elsewhere,
        "other": dict(sorted(counts.other.items())),
        "refused": dict(sorted(counts.refused.items())),
        "opt_outs": counts.opt_outs,
        "settled": report.settled,
        "problems": [{"line": it.line, "reason": it.reason} for it in report.refused],
    }
