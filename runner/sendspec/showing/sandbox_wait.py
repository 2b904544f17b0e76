"""What `sandbox wait` found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.redaction import mask, printable, quoted
from sendspec.diagnostics.wording import counted
from sendspec.operations.sandbox_wait import ArrivalReport, ArrivedHere

MAX_TEXT = 60
MAX_LISTED = 20


def arrivals_text(report: ArrivalReport) -> str:
    """The verdict, the messages, and without enough of them what there was instead."""
    request, found = report.request, report.found
    count = counted(len(found), "new message" if request.only_new else "message")
    time = "" if report.is_enough else f", after {report.seconds:.1f} s"
    lines = [f"{count}{_which(report)} arrived, {request.count} asked for{time}"]
    if len(found) > MAX_LISTED:
        lines[0] += f"; the newest {MAX_LISTED}:"
    lines += map(_line, found[-MAX_LISTED:])
    if report.instead:
        lines.append(f"instead, the newest of {counted(report.total, 'message')} in the sandbox:")
        lines += map(_line, report.instead)
    elif not report.is_enough and not report.total:
        lines.append("the sandbox has no message at all")
    if report.lost_at is not None:
        at = printable(report.lost_at[:MAX_TEXT])
        lines.append(
            f"at {at} the file with the sandbox's messages had been removed or replaced: what had arrived before is gone"
        )
    return "\n".join(lines)


def _which(report: ArrivalReport) -> str:
    wanted = report.request.wanted
    to = "" if wanted.to is None else f" to {mask(wanted.to)}"
    return to + ("" if wanted.contains is None else f" with '{quoted(wanted.contains[:MAX_TEXT])}'")


def _line(arrived: ArrivedHere) -> str:
    text = " ".join(arrived.text.split())
    short = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    return "  " + "  ".join(_words(arrived, short))


def _words(arrived: ArrivedHere, text: str) -> Iterator[str]:
    yield ", ".join(map(mask, arrived.addresses)) or "no address"
    yield printable(str(arrived.listed.get("status", "")))
    if (size := arrived.measure) is not None:
        yield f"{size.encoding} {counted(size.segments, 'segment')}"
    yield quoted(text)


def arrivals_document(report: ArrivalReport) -> dict[str, Any]:
    """With whole addresses and texts: a test holds them against what it sent."""
    request = report.request
    return {
        "schema": "sendspec.sandbox-wait/1",
        "environment": report.environment,
        "contains": request.wanted.contains,
        "to": request.wanted.to,
        "count": request.count,
        "new": request.only_new,
        "timeout_seconds": request.timeout_seconds,
        "found": len(report.found),
        "total": report.total,
        "seconds": round(report.seconds, 3),
        "lost_at": report.lost_at,
        "messages": [_json(arrived) for arrived in report.found],
        "instead": [_json(arrived) for arrived in report.instead],
    }


def _json(arrived: ArrivedHere) -> dict[str, Any]:
    listed, size = arrived.listed, arrived.measure
    return {
        "id": listed["id"],
        "channel": listed.get("channelId"),
        "reference": listed.get("reference"),
        "to": list(arrived.addresses),
        "text": arrived.text,
        "encoding": None if size is None else size.encoding,
        "segments": None if size is None else size.segments,
        "status": listed.get("status"),
        "created_at": listed.get("createdAt"),
    }
