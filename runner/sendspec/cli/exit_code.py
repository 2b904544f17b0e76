"""How a run ended, in words and as an exit code."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import assert_never

from sendspec.diagnostics.exceptions import LedgerUnwritable, SuppressionListUnreadable
from sendspec.planning.decision import Skip
from sendspec.planning.totals import Totals
from sendspec.sending.ending import (
    Ending,
    Finished,
    Interrupted,
    LedgerLost,
    LockLost,
    SpecRefused,
    StoppedByApi,
    SuppressLost,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
    Unreachable,
)

IN_DOUBT = 4
ORDER = (70, 6, 5, 130, 143, 7, 4, 3, 0)
"""Where several codes apply, the first of these."""
INTERRUPTED_BY = {signal.SIGINT: 130}
TERMINATED = 143
GO_ON = "then run the command again: it goes on where it stopped"


def described(ending: Ending) -> tuple[str, str, int]:
    """What happened, what to do, and the exit code it stands for; empty words where the run went to its end."""
    match ending:
        case Finished():
            return "", "", 0
        case Interrupted(number):
            name = signal.Signals(number).name
            return (
                f"interrupted by {name}",
                "run the command again: it goes on where it stopped",
                code_of_signal(number),
            )
        case StoppedByApi(refusal):
            return f"the API refuses the run: {refusal.text}", f"{_mend(refusal.http_status)}, {GO_ON}", 5
        case SpecRefused(text):
            return f"the API refuses every message: {text}", "correct the spec; what was refused stays refused", 7
        case TooManyRefused(refused, answers):
            return (
                f"{refused} of {answers} messages were refused, more than `failure_rate` allows",
                "look at why: sendspec status --failed",
                7,
            )
        case TooManyDoubts(evidence):
            return f"too many messages are in doubt: {evidence}", f"find out what the API answers, {GO_ON}", IN_DOUBT
        case UnexpectedAnswer(evidence):
            return (
                f"an unexpected answer: {evidence}",
                f"check `api_url`, and any proxy on the way to it, {GO_ON}",
                IN_DOUBT,
            )
        case Unreachable(reason):
            return reason, f"check `api_url` and the network, {GO_ON}", 3
        case LedgerLost(problem):
            return problem, f"look at the disk, {GO_ON}", 6
        case SuppressLost(problem, fix):
            return problem, fix, 7
        case LockLost():
            return (
                "the ledger or its lock file was removed or replaced while the run held it",
                f"bring the ledger back if it is gone, make sure that no other run is under way, {GO_ON}",
                6,
            )
        case _:
            assert_never(ending)


def ending_code(ending: Ending) -> str:
    """The code of an ending whose exit code is 5, 6 or 7; empty for the others."""
    match ending:
        case StoppedByApi():
            return "api-refuses"
        case SpecRefused():
            return "spec-refused"
        case TooManyRefused():
            return "failure-rate"
        case LedgerLost():
            return LedgerUnwritable.code
        case LockLost():
            return "lock-lost"
        case SuppressLost():
            return SuppressionListUnreadable.code
        case _:
            return ""


def code_of_signal(number: int) -> int:
    return INTERRUPTED_BY.get(signal.Signals(number), TERMINATED)


def _mend(status: int) -> str:
    words = {
        401: "check the access key",
        402: "check the balance",
        403: "give the key the right to send",
        404: "check workspace and channel in sendspec.yaml",
    }
    return words[status]


def exit_code(endings: Iterable[int], account: Totals) -> int:
    """The exit code of a run: its endings' and its account's, the weightiest first."""
    codes = set(endings)
    skipped = account.skipped
    if account.in_doubt or skipped.get(Skip.IN_DOUBT_BEFORE):
        codes.add(IN_DOUBT)
    left_over = (Skip.REFUSED_BEFORE, Skip.ON_HOLD, Skip.NOT_CHOSEN)
    if account.refused or account.not_sent or account.left or any(skipped.get(skip) for skip in left_over):
        codes.add(3)
    return next(code for code in ORDER if code in codes or code == 0)
