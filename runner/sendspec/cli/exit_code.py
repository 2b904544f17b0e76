"""The exit code of a run; where several apply, the most serious one."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import assert_never

from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.run_report import RunReport
from sendspec.planning.decision import Skip
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

ORDER = (
    ExitCode.BUG, ExitCode.LEDGER, ExitCode.API_REFUSED, ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.GUARD,
    ExitCode.IN_DOUBT, ExitCode.INCOMPLETE, ExitCode.DONE,
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
    return next(code for code in ORDER if code in found or code is ExitCode.DONE)
