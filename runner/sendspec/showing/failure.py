"""A failure as it stands in a JSON document: its code, what is the case, and what to do."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.redaction import printable


def error_text(error: SendspecError) -> str:
    """A foreseen failure in two lines."""
    return f"{printable(error.problem)} [{error.code}]\n    = fix: {printable(error.fix)}"


def error_json(error: BaseException) -> dict[str, str]:
    """The words of a foreseen failure; of a bug no more than its name, since its text may hold somebody's number."""
    if isinstance(error, SendspecError):
        return {"code": error.code, "problem": error.problem, "fix": error.fix}
    name = type(error).__name__
    return {"code": "sendspec-bug", "problem": f"this is a bug in sendspec ({name})", "fix": "report it"}
