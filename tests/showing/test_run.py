"""What a person reads when a run has ended, to the letter: the account, the reasons, how it ended and what to do next."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from sendspec.operations.run_ending import describe_ending
from sendspec.operations.run_report import Reason, RunReport, SpecReport
from sendspec.planning.plan import Target
from sendspec.planning.totals import Totals
from sendspec.sending.ending import (
    Ending,
    Interrupted,
    LedgerLost,
)
from sendspec.showing.run import ending_text, run_document, run_text
from sendspec.showing.terminal_style import PLAIN, TerminalStyle
from sendspec.showing.wrapped_text import wrapped


def spec(account: Totals, *, name: str = "hello", **reasons: tuple[Reason, ...]) -> SpecReport:
    target = Target(environment="production", alias="sms-nl", name=name, generation=1, workspace="w", channel="c")
    return SpecReport(target=target, account=account, digest="d" * 64, **reasons)


def report(*specs: SpecReport, **more: Any) -> RunReport:
    given: dict[str, Any] = {"run": 7, "requests": 0, "seconds": 0.0, "ending": "", "fix": "", "next_steps": ()} | more
    return RunReport(environment="production", specs=specs, **given)


def test_a_run_in_which_all_was_accepted() -> None:
    shown = report(spec(Totals(accepted=120, skipped={})), requests=121, seconds=2.46)
    assert run_text(shown, PLAIN) == (
        "hello → sms-nl (production)\n"
        "  120 recipients = 120 accepted + 0 refused + 0 in doubt + 0 not sent + 0 skipped\n"
        "121 requests in 2.5 s"
    )
    assert ending_text(shown, PLAIN) == ""


def test_on_a_terminal_too_narrow_for_it_the_account_stays_below_its_title() -> None:
    shown = run_text(report(spec(Totals(accepted=120, skipped={}))), TerminalStyle(colour=False, columns=80))
    assert wrapped(shown, 80).splitlines()[1:] == [
        "  120 recipients = 120 accepted + 0 refused + 0 in doubt + 0 not sent",
        "      + 0 skipped",
    ]


def test_a_run_that_found_everything_sent_before_says_so_and_nothing_of_requests() -> None:
    assert run_text(report(spec(Totals(skipped={"already-accepted": 120}))), PLAIN) == (
        "hello → sms-nl (production)\n"
        "  120 recipients = 0 accepted + 0 refused + 0 in doubt + 0 not sent + 120 skipped\n"
        "  skipped: 120 already accepted"
    )


def test_refusals_and_doubts_come_with_their_reasons_and_the_first_of_each() -> None:
    account = Totals(accepted=1_000, refused=3, in_doubt=1, not_sent=2, skipped={"drift": 1, "filtered": 2})
    shown = report(
        spec(
            account,
            refusals=(
                Reason(text="422: receiver: is not a number", count=2, first="m1"),
                Reason(text="422: x\x1b[2J\u202ey", count=1, first="m2"),
            ),
            doubts=(Reason(text="no answer in 30 s", count=1, first="m3"),),
        ),
        requests=1,
        seconds=0.04,
        next_steps=["sendspec status --failed --env production", "sendspec reconcile --env production"],
    )
    assert run_text(shown, PLAIN) == (
        "hello → sms-nl (production)\n"
        "  1009 recipients = 1000 accepted + 3 refused + 1 in doubt + 2 not sent + 3 skipped\n"
        "  skipped: 1 drift · 2 filtered\n"
        "  refused: 422: receiver: is not a number (m1 and 1 more)\n"
        "  refused: 422: x\\u001b[2J\\u202ey (m2)\n"
        "  in doubt: no answer in 30 s (m3)\n"
        "1 request in 0.0 s"
    )
    assert ending_text(shown, PLAIN) == (
        "\nnext: sendspec status --failed --env production\n      sendspec reconcile --env production"
    )


def test_many_reasons_are_cut_and_counted() -> None:
    reasons = tuple(Reason(text=f"reason {n}", count=1, first="m") for n in range(8))
    lines = run_text(report(spec(Totals(refused=8, skipped={}), refusals=reasons)), PLAIN).splitlines()
    assert lines[2:7] == [f"  refused: reason {n} (m)" for n in range(5)]
    assert lines[7:] == ["  refused: 3 other reasons; `sendspec status --messages` lists all"]
    one_more = run_text(report(spec(Totals(refused=6, skipped={}), refusals=reasons[:6])), PLAIN).splitlines()
    assert one_more[7:] == ["  refused: 1 other reason; `sendspec status --messages` lists all"]
    assert len(run_text(report(spec(Totals(refused=5, skipped={}), refusals=reasons[:5])), PLAIN).splitlines()) == 7


def test_several_specs_have_their_sum_below() -> None:
    shown = report(
        spec(Totals(accepted=1, skipped={}), name="a"), spec(Totals(not_sent=2, skipped={"drift": 1}), name="b")
    )
    assert run_text(shown, PLAIN) == (
        "a → sms-nl (production)\n"
        "  1 recipient = 1 accepted + 0 refused + 0 in doubt + 0 not sent + 0 skipped\n"
        "b → sms-nl (production)\n"
        "  3 recipients = 0 accepted + 0 refused + 0 in doubt + 2 not sent + 1 skipped\n"
        "  skipped: 1 drift\n"
        "4 recipients = 1 accepted + 0 refused + 0 in doubt + 2 not sent + 1 skipped"
    )


@pytest.mark.parametrize(
    ("ending", "shown"),
    [
        (Interrupted(signal.SIGINT), "stopped: interrupted by SIGINT\n    = fix: run the command again: it continues where it stopped"),
        (LedgerLost("the disk\x1b[2J is full", "make room"), "stopped: the disk\\u001b[2J is full\n    = fix: make room"),
    ],
    ids=["interrupted", "the ledger lost"],
)  # fmt: skip
def test_a_run_that_stopped_early_says_why_and_what_to_do(ending: Ending, shown: str) -> None:
    words = describe_ending(ending)
    stopped = report(spec(Totals(not_sent=1, skipped={})), ending=words.problem, fix=words.fix)
    assert ending_text(stopped, PLAIN) == shown
    [_, _, why] = run_text(stopped, PLAIN).splitlines()
    assert why == shown.splitlines()[0].replace("stopped:", "  not sent:")


def test_the_document_says_the_same() -> None:
    account = Totals(accepted=1, refused=1, skipped={"drift": 2}, left=3)
    shown = report(
        spec(account, refusals=(Reason(text="422", count=1, first="m1"),)),
        requests=2,
        seconds=1.23456,
        ending="stopped",
    )
    totals = {"recipients": 4, "accepted": 1, "refused": 1, "in_doubt": 0, "not_sent": 0, "skipped": 2}
    assert run_document(shown, {"code": "x"}) == {
        "schema": "sendspec.run/1", "run": 7, "environment": "production", "totals": totals, "skipped": {"drift": 2},
        "left": 3, "requests": 2, "seconds": 1.235, "ending": "stopped", "error": {"code": "x"}, "sent": True,
        "specs": [
            {
                "name": "hello", "generation": 1, "totals": totals, "skipped": {"drift": 2}, "left": 3, "digest": "d" * 64,
                "refusals": [{"text": "422", "count": 1, "first": "m1"}], "doubts": [],
            }
        ],
    }  # fmt: skip
    assert run_document(report())["ending"] == "finished"
    assert "error" not in run_document(report())


def test_where_the_ledger_can_not_be_read_the_totals_are_not_known() -> None:
    assert run_document(None, {"code": "x"}) == {
        "schema": "sendspec.run/1", "totals": None, "error": {"code": "x"}, "sent": None,
    }  # fmt: skip
