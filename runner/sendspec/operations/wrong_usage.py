"""What somebody asked for can't be done as asked."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode


class WrongUsage(SendspecError):
    """The command line reports it as it reports its own faults of usage; `option` is the option at fault, if it is one."""

    exit_code = ExitCode.USAGE
    code = "usage"

    def __init__(self, problem: str, fix: str, *, option: str = "") -> None:
        super().__init__(problem, fix)
        self.option = option
