"""What somebody asked for can't be done as asked."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.leaked_key import hide_credentials


class WrongUsage(SendspecError):
    """The command line reports it as it reports its own faults of usage; `option` is the option at fault, if it is one.
    `is_typed`: what was typed is at fault, so the command's usage is shown; if not, something else isn't as it should be.

    What a shell has put in place of a variable may be a password: credentials in the texts are masked.
    """

    exit_code = ExitCode.USAGE
    code = "usage"

    def __init__(self, problem: str, fix: str, *, option: str = "", is_typed: bool = True) -> None:
        super().__init__(hide_credentials(problem), hide_credentials(fix))
        self.option = option
        self.is_typed = is_typed
