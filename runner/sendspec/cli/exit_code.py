"""The exit code of a run; where several apply, the most serious one."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.run_report import RunReport
from sendspec.planning.decision import Skip
from sendspec.planning.delivery_gate import Verdict
from sendspec.planning.totals import Totals
from sendspec.sending.ending import (
    Ending,
    Finished,
    Halted,
    Interrupted,
    LedgerLost,
    LockLost,
    OptOutsUnread,
    SpecRefused,
    StoppedByApi,
    SuppressLost,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
    Unreachable,
)

if TYPE_CHECKING:
    from sendspec.operations.waited import Waited

ORDER = (
    ExitCode.BUG, ExitCode.LEDGER, ExitCode.API_REFUSED, ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.GUARD,
    ExitCode.GATE_FAILED, ExitCode.IN_DOUBT, ExitCode.UNDECIDED, ExitCode.INCOMPLETE, ExitCode.DONE,
)  # fmt: skip
"""From most to least serious: where several codes apply, the first of these wins."""
LEFT_OVER = (Skip.REFUSED_BEFORE, Skip.ON_HOLD, Skip.NOT_CHOSEN, Skip.NOT_IN_PLAN, Skip.EXPIRED)
"""Reasons to skip that leave the run incomplete."""


def code_of_ending(ending: Ending) -> ExitCode:
    match ending:
        case Finished():
            return ExitCode.DONE
        case Interrupted(number):
            return code_of_signal(number)
        case StoppedByApi():
            return ExitCode.API_REFUSED
        case SpecRefused() | TooManyRefused() | SuppressLost() | Halted():
            return ExitCode.GUARD
        case TooManyDoubts() | UnexpectedAnswer():
            return ExitCode.IN_DOUBT
        case Unreachable():
            return ExitCode.INCOMPLETE
        case LedgerLost() | LockLost() | OptOutsUnread():
            return ExitCode.LEDGER
        case _:
            assert_never(ending)


def code_of_signal(number: int) -> ExitCode:
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED


_CODE_BY_VERDICT = {
    Verdict.MET: ExitCode.DONE,
    Verdict.FAILED: ExitCode.GATE_FAILED,
    Verdict.UNDECIDED: ExitCode.UNDECIDED,
}


def code_of_wait(waited: Waited) -> ExitCode:
    """The verdict's, unless something more serious is the case. Messages that were not accepted are in nobody's share."""
    codes = {_CODE_BY_VERDICT[waited.verdict]}
    if any(send.status.account.refused or send.status.account.not_sent for send in waited.sends):
        codes.add(ExitCode.INCOMPLETE)
    if waited.refusal is not None:
        codes.add(ExitCode.API_REFUSED)
    if waited.signal is not None:
        codes.add(code_of_signal(waited.signal))
    if waited.in_doubt:
        codes.add(ExitCode.IN_DOUBT)
    return first_of(codes)


def first_of(codes: Iterable[ExitCode]) -> ExitCode:
    """The most serious of `codes`, by `ORDER`."""
    found = set(codes)
    return next(code for code in ORDER if code in found or code is ExitCode.DONE)


def code_of_run(report: RunReport) -> ExitCode:
    codes = {code_of_ending(ending) for ending in report.endings}
    return weightiest(codes | ({ExitCode.IN_DOUBT} if report.earlier_doubts else set()), report.account)


def weightiest(codes: Iterable[ExitCode], account: Totals) -> ExitCode:
    """The most serious (by `ORDER`) of `codes` and the codes that the account's counts call for."""
    found = set(codes)
    skipped = account.skipped
    if account.in_doubt or skipped.get(Skip.IN_DOUBT_BEFORE):
        found.add(ExitCode.IN_DOUBT)
    if account.refused or account.not_sent or account.left or any(skipped.get(skip) for skip in LEFT_OVER):
        found.add(ExitCode.INCOMPLETE)
    return first_of(found)
