"""A check of files that aren't trusted ended before it was done."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode


class UntrustedStopped(SendspecError):
    """A limit ended it, it can't begin, or its process failed. `code` says which."""

    exit_code = ExitCode.REJECTED

    def __init__(self, code: str, problem: str, fix: str) -> None:
        super().__init__(problem, fix)
        self.code = code
