"""A failure as text and as JSON: its code, the problem and the fix."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.redaction import printable


def error_text(error: SendspecError) -> str:
    """A foreseen failure in two lines."""
    return f"{printable(error.problem)} [{error.code}]\n    = fix: {printable(error.fix)}"


def problem_json(problem: Diagnostic) -> dict[str, str]:
    """A problem of the input that ends a command, in words."""
    return {"code": problem.code, "problem": problem.problem, "fix": problem.fix}


def error_json(error: BaseException) -> dict[str, str]:
    """A foreseen failure in words. Of a bug only its type: its text may hold a phone number."""
    if isinstance(error, SendspecError):
        return {"code": error.code, "problem": error.problem, "fix": error.fix}
    name = type(error).__name__
    return {"code": "sendspec-bug", "problem": f"this is a bug in sendspec ({name})", "fix": "report it"}
