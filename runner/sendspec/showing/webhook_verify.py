"""Whether a request is signed, as text and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendspec.diagnostics.wording import moment_text
from sendspec.operations.webhook_verify import NotVerified, Verified
from sendspec.provider.webhook_signature import SignatureFault
from sendspec.showing.webhook_fault import FAULT_TEXT

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
