"""How a run ended, in words: shown to people, and recorded with the run in the ledger."""

from __future__ import annotations

import signal
from typing import assert_never

from sendspec.diagnostics.exceptions import LedgerUnwritable, SuppressionListUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.outcome import RunRefused
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

INTERRUPTED = "interrupted by "
"""How the words of a run begin that a person or the machine stopped."""
GO_ON = "then run the command again: it continues where it stopped"
_FIX_BY_STATUS = {
    401: "check the access key",
    402: "check the balance",
    403: "give the key the right to send",
    404: "check workspace and channel in sendspec.yaml",
}


@dataclass(frozen=True, slots=True)
class EndingWords:
    """What happened and what to do; both empty for a run that went to its end. `code` is empty unless the ending is an error."""

    problem: str = ""
    fix: str = ""
    code: str = ""


def describe_ending(ending: Ending) -> EndingWords:
    match ending:
        case Finished():
            return EndingWords()
        case Interrupted(number):
            name = signal.Signals(number).name
            return EndingWords(f"{INTERRUPTED}{name}", "run the command again: it continues where it stopped")
        case StoppedByApi(refusal):
            return EndingWords(f"the API refuses the run: {refusal.text}", fix_of_refusal(refusal), "api-refuses")
        case SpecRefused(text):
            return EndingWords(
                f"the API refuses every message: {text}",
                "correct the spec; what was refused stays refused",
                "spec-refused",
            )
        case TooManyRefused(refused, certain):
            problem = f"{refused} of {certain} messages were refused, more than `failure_rate` allows"
            return EndingWords(problem, "see why: sendspec status --failed", "failure-rate")
        case TooManyDoubts(evidence):
            return EndingWords(f"too many messages are in doubt: {evidence}", f"find out what the API answers, {GO_ON}")
        case UnexpectedAnswer(evidence):
            return EndingWords(
                f"an unexpected answer: {evidence}", f"check `api_url`, and any proxy on the way to it, {GO_ON}"
            )
        case Unreachable(reason):
            return EndingWords(reason, f"check `api_url` and the network, {GO_ON}")
        case LedgerLost(problem, fix):
            return EndingWords(problem, fix, LedgerUnwritable.code)
        case Halted(reason):
            return EndingWords(
                f"all sends of this ledger are halted: {reason}",
                f"find out why, have it resumed, {GO_ON}",
                "ledger-halted",
            )
        case SuppressLost(problem, fix):
            return EndingWords(problem, fix, SuppressionListUnreadable.code)
        case OptOutsUnread(problem, fix, code):
            return EndingWords(problem, fix, code)
        case LockLost():
            return EndingWords(
                "the ledger or its lock file was removed or replaced during the run",
                f"restore the ledger if it is gone, make sure that no other run is going on, {GO_ON}",
                "lock-lost",
            )
        case _:
            assert_never(ending)


def refused_look(refusal: RunRefused) -> EndingWords:
    """What to say where the API refuses to tell what became of messages."""
    fix = (
        "give the key the right to read messages" if refusal.http_status == 403 else _FIX_BY_STATUS[refusal.http_status]
    )
    return EndingWords(f"the API refuses to tell: {refusal.text}", f"{fix}, then run the command again", "api-refuses")


def fix_of_refusal(refusal: RunRefused) -> str:
    """What to do when the API refuses us as a whole."""
    return f"{_FIX_BY_STATUS[refusal.http_status]}, {GO_ON}"
