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
    return f"a request was refused: {reason_text(reason)} [{reason}]; more of this kind are counted, every minute and at the end"


def aside_text(reasons: Mapping[str, int], path: PurePath, environment: str) -> str:
    """What a receiver has taken and can't store."""
    found = "; ".join(f"{number} × {reason_text(reason)} [{reason}]" for reason, number in sorted(reasons.items()))
    return (
        f"{counted(sum(reasons.values()), 'request')} put aside into {path}: {found}; look into it, or try again:"
        f" sendspec webhook ingest {path} --key-env NAME --env {environment}"
    )


def counts_text(answered: Mapping[str, int]) -> str:
    """How many requests a receiver took, and refused."""
    refused = " · ".join(f"{number} {reason}" for reason, number in sorted(answered.items()) if reason)
    return f"{counted(answered.get('', 0), 'request')} received" + (f"; refused: {refused}" if refused else "")


def serve_text(report: ServeReport, path: PurePath) -> str:
    """What a receiver did, at its end. `path` is its spool."""
    stored = report.stored
    lines = [
        counts_text(report.answered),
        f"  {stored.stored} stored · {stored.known} known · {stored.elsewhere} elsewhere · {stored.other.total()} other"
        f" · {stored.refused.total()} unreadable" + (f" · {report.left} not stored yet" if report.left else ""),
    ]
    if report.put_aside:
        lines.append(f"  {report.put_aside} of them put aside")
    if report.left:
        lines.append(
            f"  {counted(report.left, 'request is', 'requests are')} left in {path}, and stored when `webhook serve` runs again;"
            " where opt-outs count, a send reads them there"
        )
    return "\n".join(lines)


def serve_document(environment: str, address: str) -> dict[str, Any]:
    return {"schema": "sendspec.webhook-serve/1", "environment": environment, "listen": address}
