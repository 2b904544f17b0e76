"""The exit code of each ending of a run, and which code wins where several apply."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from sendspec.cli.exit_code import ORDER, code_of_ending, code_of_run, weightiest
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.run_report import RunReport, SpecReport, unsent_report
from sendspec.planning.plan import Target
from sendspec.planning.totals import Totals
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

CODES: list[tuple[Ending, int]] = [
    (Finished(), 0),
    (Interrupted(signal.SIGINT), 130),
    (Interrupted(signal.SIGTERM), 143),
    (Interrupted(signal.SIGHUP), 143),
    (StoppedByApi(RunRefused(401, "no")), 5),
    (SpecRefused("no"), 7),
    (TooManyRefused(6, 10), 7),
    (TooManyDoubts("500"), 4),
    (UnexpectedAnswer("HTTP 405"), 4),
    (Unreachable("no connection"), 3),
    (LedgerLost("the disk is full", "make room"), 6),
    (Halted("wrong price"), 7),
    (SuppressLost("out.txt can't be read", "repair it"), 7),
    (OptOutsUnread("the delivery file is gone", "restore it", "opt-outs-lost"), 6),
    (LockLost(), 6),
]


@pytest.mark.parametrize(("ending", "code"), CODES)
def test_each_ending_has_its_code(ending: Ending, code: int) -> None:
    assert code_of_ending(ending) == code


def test_every_ending_there_is_stands_in_the_table() -> None:
    assert {type(ending) for ending, _ in CODES} == set(Ending.__args__)


@pytest.mark.parametrize(
    ("endings", "account", "code"),
    [
        ([], Totals(accepted=1, skipped={"already-accepted": 1, "drift": 1, "filtered": 1, "duplicate": 1, "only-to": 1}), 0),
        ([0], Totals(refused=1, skipped={}), 3),
        ([0], Totals(not_sent=1, skipped={}), 3),
        ([], Totals(skipped={"refused-before": 1}), 3),
        ([], Totals(skipped={"on-hold": 1}), 3),
        ([0], Totals(accepted=1, skipped={"expired": 1}), 3),
        ([0], Totals(in_doubt=1, refused=1, skipped={}), 4),
        ([], Totals(skipped={"in-doubt-before": 1, "refused-before": 1}), 4),
        ([3], Totals(in_doubt=1, skipped={}), 4),
        ([7], Totals(in_doubt=1, refused=1, skipped={}), 7),
        ([130], Totals(in_doubt=1, not_sent=1, skipped={}), 130),
        ([143, 7], Totals(in_doubt=1, skipped={}), 143),
        ([130, 5], Totals(not_sent=1, skipped={}), 5),
        ([0, 6, 5], Totals(in_doubt=1, skipped={}), 6),
    ],
)  # fmt: skip
def test_where_several_codes_apply_the_weightiest_is_taken(endings: list[int], account: Totals, code: int) -> None:
    assert weightiest(map(ExitCode, endings), account) == code


def test_the_order_is_the_documented_one() -> None:
    assert ORDER == (70, 6, 5, 130, 143, 7, 9, 4, 11, 3, 0)


def test_earlier_doubts_count_also_where_no_recipient_of_today_is_in_doubt() -> None:
    target = Target(environment="production", alias="sms", name="hello", generation=1, workspace="w", channel="c")
    spec = SpecReport(target=target, account=Totals(accepted=1, skipped={}), digest="d" * 64)
    report = RunReport(
        run=1,
        environment="production",
        specs=[spec],
        requests=1,
        seconds=0.1,
        ending="",
        fix="",
        next_steps=(),
        endings=[Finished()],
    )
    assert code_of_run(report) == ExitCode.DONE
    assert code_of_run(replace(report, earlier_doubts=True)) == ExitCode.IN_DOUBT
    assert code_of_run(unsent_report("production", ending=Interrupted(signal.SIGINT))) == ExitCode.INTERRUPTED
