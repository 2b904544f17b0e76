"""Prints how a send ended."""

from __future__ import annotations

from typing import assert_never

from sendspec.cli.console import Console, rejected
from sendspec.cli.exit_code import code_of_run
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.send_outcome import (
    InputRejected,
    LimitsExceeded,
    RunBroke,
    RunEnded,
    SendOutcome,
    StoppedBefore,
)
from sendspec.showing.failure import error_json, problem_json
from sendspec.showing.run import ending_text, run_document, run_text


def show_outcome(console: Console, outcome: SendOutcome) -> int:
    """Prints how a send ended. Raises the error that broke it, if one did."""
    match outcome:
        case InputRejected(diagnostics):
            return rejected(console, diagnostics)
        case LimitsExceeded(diagnostics, report):
            console.diagnostics(diagnostics, ending="nothing was sent", as_result=False)
            console.document(run_document(report, problem_json(diagnostics[0])))
            return ExitCode.GUARD
        case StoppedBefore(report) | RunEnded(report):
            console.result(run_text(report, console.out))
            console.tell(ending_text(report, console.err))
            console.document(run_document(report))
            return code_of_run(report)
        case RunBroke():
            return _show_broken(console, outcome)
        case _:
            assert_never(outcome)


def _show_broken(console: Console, broken: RunBroke) -> int:
    """Prints the account of a run that an error ended, then raises the error."""
    error, report = broken.error, broken.report
    console.state.has_account = True
    if report is None:
        assert broken.unread is not None
        console.warn(f"what became of the messages is not known: {broken.unread.problem}")
    else:
        console.result(run_text(report, console.out))
    console.document(run_document(report, error_json(error)))
    if (
        isinstance(error, SendspecError)
        and error.exit_code == ExitCode.INCOMPLETE
        and report is not None
        and report.has_doubts
    ):
        console.warn(f"sendspec: {error.problem} [{error.code}]\n    = fix: {error.fix}")
        return ExitCode.IN_DOUBT
    raise error
