"""Each ending of a run in words, to the letter: what happened, what to do next, and the code of an error."""

from __future__ import annotations

import signal

import pytest
from sendspec.operations.run_ending import EndingWords, describe_ending
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

GO_ON = "then run the command again: it continues where it stopped"
ENDINGS: list[tuple[Ending, str, str, str]] = [
    (Interrupted(signal.SIGINT), "", "interrupted by SIGINT", "run the command again: it continues where it stopped"),
    (Interrupted(signal.SIGTERM), "", "interrupted by SIGTERM", "run the command again: it continues where it stopped"),
    (Interrupted(signal.SIGHUP), "", "interrupted by SIGHUP", "run the command again: it continues where it stopped"),
    (StoppedByApi(RunRefused(401, "401: no")), "api-refuses", "the API refuses the run: 401: no", f"check the access key, {GO_ON}"),
    (StoppedByApi(RunRefused(402, "402: no")), "api-refuses", "the API refuses the run: 402: no", f"check the balance, {GO_ON}"),
    (StoppedByApi(RunRefused(403, "403: no")), "api-refuses", "the API refuses the run: 403: no", f"give the key the right to send, {GO_ON}"),
    (StoppedByApi(RunRefused(404, "404: no")), "api-refuses", "the API refuses the run: 404: no", f"check workspace and channel in sendspec.yaml, {GO_ON}"),
    (SpecRefused("422: no"), "spec-refused", "the API refuses every message: 422: no", "correct the spec; what was refused stays refused"),
    (TooManyRefused(6, 10), "failure-rate", "6 of 10 messages were refused, more than `failure_rate` allows", "see why: sendspec status --failed"),
    (TooManyDoubts("500"), "", "too many messages are in doubt: 500", f"find out what the API answers, {GO_ON}"),
    (UnexpectedAnswer("HTTP 405"), "", "an unexpected answer: HTTP 405", f"check `api_url`, and any proxy on the way to it, {GO_ON}"),
    (Unreachable("no connection"), "", "no connection", f"check `api_url` and the network, {GO_ON}"),
    (LedgerLost("the disk is full", "make room"), "ledger-unwritable", "the disk is full", "make room"),
    (Halted("wrong price"), "ledger-halted", "all sends of this ledger are halted: wrong price", f"find out why, have it resumed, {GO_ON}"),
    (
        OptOutsUnread("the delivery file is gone", "restore it", "opt-outs-lost"),
        "opt-outs-lost",
        "the delivery file is gone",
        "restore it",
    ),
    (SuppressLost("out.txt can't be read", "repair it"), "suppress-unreadable", "out.txt can't be read", "repair it"),
    (LockLost(), "lock-lost", "the ledger or its lock file was removed or replaced during the run", f"restore the ledger if it is gone, make sure that no other run is going on, {GO_ON}"),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "code", "problem", "fix"), ENDINGS, ids=[problem for _, _, problem, _ in ENDINGS])
def test_each_ending_says_what_happened_and_what_to_do(ending: Ending, code: str, problem: str, fix: str) -> None:
    assert describe_ending(ending) == EndingWords(problem, fix, code)


def test_every_ending_there_is_stands_in_the_table() -> None:
    listed = {type(ending) for ending, *_ in ENDINGS} | {Finished}
    assert listed == set(Ending.__args__)
    assert describe_ending(Finished()) == EndingWords()
