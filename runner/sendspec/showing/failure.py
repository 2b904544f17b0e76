"""A failure as text and as JSON: its code, the problem and the fix."""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.exceptions import PlanStale, SendspecError
from sendspec.diagnostics.redaction import printable


def error_text(error: SendspecError) -> str:
    """A foreseen failure in two lines."""
    return f"{printable(error.problem)} [{error.code}]\n    = fix: {printable(error.fix)}"


def error_json(error: BaseException) -> dict[str, Any]:
    """A foreseen failure in words. Of a bug only its type: its text may hold a phone number."""
    if isinstance(error, PlanStale) and error.causes:
        words = {"code": error.code, "problem": error.problem, "fix": error.fix}
        return {**words, "causes": [dict(cause) for cause in error.causes]}
    if isinstance(error, SendspecError):
        return {"code": error.code, "problem": error.problem, "fix": error.fix}
    name = type(error).__name__
    return {"code": "sendspec-bug", "problem": f"this is a bug in sendspec ({name})", "fix": "report it"}
