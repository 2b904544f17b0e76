"""The request for a send, and how the whole send ended. (The outcome of one message is in `provider/outcome`.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.plan_file import NEW_PLAN_FILE, PlanFile
from sendspec.operations.run_report import RunReport
from sendspec.planning.decision import Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """What to send, and how. With `plan`, the plan file that was approved, nothing is sent that it doesn't name.

    `approved_by` says who approved it, as the caller was told.
    `processes` is how many processes may compose the rows of a long list.
    """

    specs: Sequence[str]
    recipients: str | None = None
    plan: PlanFile | None = None
    retry: Retry | None = None
    approved_by: str | None = None
    asks_witness: bool = True
    processes: int = 1


@dataclass(frozen=True, slots=True)
class InputRejected:
    """The specs or their recipients have errors: nothing was sent."""

    diagnostics: Sequence[Diagnostic]


class PlanEdited(SendspecError):
    """The plan file's numbers are not those of the messages that it names. Nothing was sent."""

    exit_code = ExitCode.REJECTED
    code = "plan-unreadable"

    def __init__(self, path: str) -> None:
        super().__init__("its segments are not those of the messages that it names: it was changed", NEW_PLAN_FILE)
        self.path = path


@dataclass(frozen=True, slots=True)
class LimitsExceeded:
    """The plan exceeds limits: nothing was sent. `diagnostics` has at least one."""

    diagnostics: Sequence[Diagnostic]
    report: RunReport


@dataclass(frozen=True, slots=True)
class StoppedBefore:
    """A signal stopped the run while earlier doubts were being looked up: nothing was sent."""

    report: RunReport


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run went to its end, or ended in a foreseen way: see the report's `endings`."""

    report: RunReport


@dataclass(frozen=True, slots=True)
class RunBroke:
    """An error ended a run that had begun. `report` is the ledger's account of it; `unread` is why there is none."""

    error: Exception
    report: RunReport | None
    unread: SendspecError | None = None


SendOutcome: TypeAlias = InputRejected | LimitsExceeded | StoppedBefore | RunEnded | RunBroke
