"""What became of captured requests, as text and as JSON."""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.operations.webhook_ingest import IngestReport
from sendspec.showing.webhook_fault import reason_text

MAX_SHOWN = 20
"""Refused lines that are shown as text. JSON has more of them."""


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
