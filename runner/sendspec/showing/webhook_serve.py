"""What a receiver of webhooks says, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.wording import counted, os_reason
from sendspec.showing.webhook_fault import reason_text

if TYPE_CHECKING:
    from sendspec.operations.webhook_serve import ServeReport  # loads an HTTP server


def refusal_text(reason: str, error: OSError | None) -> str:
    """The first refusal of a kind by a receiver."""
    if error is not None:
        return f"a request was answered with 503, and comes again: the disk refuses it: {os_reason(error)}"
    return f"a request was refused: {reason_text(reason)} [{reason}]; more of this kind are only counted"


def aside_text(reasons: Mapping[str, int], path: PurePath, environment: str) -> str:
    """What a receiver has taken and can't store."""
    found = "; ".join(f"{number} × {reason_text(reason)} [{reason}]" for reason, number in sorted(reasons.items()))
    return (
        f"{counted(sum(reasons.values()), 'request')} put aside into {path}: {found}; look into it, or try again:"
        f" sendspec webhook ingest {path} --key-env NAME --env {environment}"
    )


def serve_text(report: ServeReport) -> str:
    """What a receiver did, at its end."""
    answered = report.answered
    refused = " · ".join(f"{number} {reason}" for reason, number in sorted(answered.items()) if reason)
    stored = report.stored
    lines = [f"{counted(answered[''], 'request')} received" + (f"; refused: {refused}" if refused else "")]
    lines.append(
        f"  {stored.stored} stored · {stored.known} known · {stored.elsewhere} elsewhere · {stored.other.total()} other"
        f" · {stored.refused.total()} unreadable"
    )
    if report.put_aside:
        lines.append(f"  {report.put_aside} of them put aside")
    return "\n".join(lines)


def serve_document(environment: str, address: str) -> dict[str, Any]:
    return {"schema": "sendspec.webhook-serve/1", "environment": environment, "listen": address}
