"""The API's reason for a refusal, redacted and cut to what the ledger keeps."""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.strict_json import strict_json

MAX_TEXT = 500
MAX_DETAILS = 3
"""Fields that are quoted, and reasons for each."""

LIST_REASONS = ("channel not found", "workspace not found", "Invalid time range to filter")
"""What the API is known to say of a list that it refuses (`reference/api.md`, section 6)."""
_CODE = lazy_pattern(r"[A-Z][A-Za-z]{0,31}(?:_[A-Z]{1,31})*")
"""An error code as the API writes it: `InvalidPayload`, `INVALID_CHANNEL_CONFIGURATION`."""
MAX_CODE = 32


def refusal_text(response: HttpResponse, redaction: Redaction) -> str:
    """The API's own words and the fields they are about, without anything they repeat of ours."""
    return _kept(redaction.redacted("; ".join(_phrases(response))))


def list_refusal_text(response: HttpResponse, redaction: Redaction) -> str:
    """The API's code and, of its words, the known ones. A list is about any messages, so the rest could be a text of theirs."""
    body = strict_json(response.body)
    said = body if isinstance(body, dict) else {}
    code, message = said.get("code"), str(said.get("message")).lower()
    known = [reason for reason in LIST_REASONS if reason.lower() in message]
    if isinstance(code, str) and len(code) <= MAX_CODE and _CODE.fullmatch(code):
        known.insert(0, redaction.redacted(code))
    return " ".join([str(response.status), *known])


def rejection_text(status: int, message: dict[str, Any], redaction: Redaction) -> str:
    """Why the API rejected a message, in its own words where it gives any (`reference/api.md`, section 5)."""
    failure = message.get("failure")
    words = [
        message.get("reason"),
        message.get("details"),
        failure.get("description") if isinstance(failure, dict) else None,
    ]
    reasons = "; ".join(dict.fromkeys(word for word in words if isinstance(word, str) and word))
    return _kept(redaction.redacted(f"{status} rejected: {reasons}" if reasons else f"{status} rejected"))


def names_the_channel(response: HttpResponse) -> bool:
    """Whether a 404 is about the channel or the workspace, not about something in the message."""
    text = "; ".join(_phrases(response)).lower()
    return "channel not found" in text or "workspace not found" in text


def _phrases(response: HttpResponse) -> list[str]:
    """The summary of a refusal, then the reasons for each field, unredacted."""
    body = strict_json(response.body)
    if not isinstance(body, dict):
        return [f"{response.status}"]
    words = [str(response.status), str(body.get("code") or ""), str(body.get("message") or "")]
    found = [" ".join(word for word in words if word)]
    details = body.get("details")
    for path, reasons in list(details.items())[:MAX_DETAILS] if isinstance(details, dict) else ():
        listed = ", ".join(map(str, reasons[:MAX_DETAILS])) if isinstance(reasons, list) else str(reasons)
        found.append(f"{path}: {listed}")
    return found


def _kept(text: str) -> str:
    """Foreign text, safe to store and to print: without control characters and lone surrogates, cut to `MAX_TEXT`."""
    return printable(without_surrogates(text))[:MAX_TEXT]
