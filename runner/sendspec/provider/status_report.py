"""What an entry of the API's list, or a webhook's payload, says of a message's status (`reference/api.md`, section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.ledger.delivery.observation import FailureReason, StatusReport
from sendspec.provider.timestamp import parse_timestamp

MAX_REASON = 200
"""Characters of a reason that are kept."""
MAX_PARTS = 1_000
_WORD = lazy_pattern(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
"""The form of a status, and of a source's name and code: a word that the API adds is kept, a text that it sends in its place isn't."""
_CODE = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
_DIGITS = lazy_pattern(r"[0-9](?:[ .()/-]?[0-9]){5,}")
_REASON = lazy_pattern(r"(?:^|;)\s*reason:\s*([a-z0-9_]+)")
"""`reason` of a failed SMS is `details: <text>; reason: <snake_case>; code: <n>`."""

UNREADABLE = "unreadable"
"""In place of a status that can't be a word of the API: the message is listed, and nothing says that this is its end."""


def status_report(entry: Mapping[str, Any], redacted: Callable[[str], str]) -> StatusReport | None:
    """The status of a message; None where it isn't text. `redacted` replaces what is ours in the API's words."""
    status = entry.get("status")
    if not isinstance(status, str):
        return None
    if _WORD.fullmatch(status) is None:
        status = UNREADABLE
    at, parts = entry.get("lastStatusAt"), entry.get("parts")
    moment = parse_timestamp(at) if isinstance(at, str) else None
    count = len(parts) if isinstance(parts, list) and 0 < len(parts) <= MAX_PARTS else None
    return StatusReport(status, moment, _failure_reason(entry, redacted), count)


def _failure_reason(entry: Mapping[str, Any], redacted: Callable[[str], str]) -> FailureReason | None:
    failure = entry.get("failure")
    failure = failure if isinstance(failure, dict) else {}
    source = failure.get("source")
    source = source if isinstance(source, dict) else {}
    code = failure.get("code")
    text = _reason_text(entry, failure)
    reason = FailureReason(
        _masked(redacted(text[: 4 * MAX_REASON])) if text else "",
        code if type(code) is int and 0 <= code < 10**9 else None,
        _matching(_WORD, source.get("name")),
        _matching(_CODE, source.get("code")),
    )
    return None if reason == FailureReason("") else reason


def _reason_text(entry: Mapping[str, Any], failure: Mapping[str, Any]) -> str:
    """The reason's words: the snake_case word that the API has for it, else its text."""
    for value in (entry.get("details"), entry.get("reason"), failure.get("description")):
        if isinstance(value, str) and value.strip():
            named = _REASON.search(value)
            return (named[1] if named else value.strip()).replace("_", " ")
    return ""


def _masked(text: str) -> str:
    """At most `MAX_REASON` characters on one line, with dots in place of anything that could be a part of a number."""
    return _DIGITS.sub("••••••", " ".join(text.split()))[:MAX_REASON]


def _matching(form: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""
