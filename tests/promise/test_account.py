"""Every exit ends with the ledger's own account of the run: also where the ledger itself, or sendspec, is what broke."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress
from typing import Any

import pytest
from long_rows import all_but
from project_dir import Answer, CountingServer, Done, ProjectDir, numbers

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
BROKEN_LATER = """
import sys
from sendspec.cli.main import main
from sendspec.ledger.sqlite.ledger import SqliteLedger

real, count = SqliteLedger.exchange, [0]

def exchange(self, **more):
    count[0] += 1
    if count[0] == 6:
        {breaks}
    return real(self, **more)

SqliteLedger.exchange = exchange
main(sys.argv[1:])
"""
UNCLOSED = """
import sys
from sendspec.cli.main import main
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.sqlite.ledger import SqliteLedger

real = SqliteLedger.close

def close(self):
    real(self)
    if self._run is not None:
        raise LedgerUnwritable('the disk is full', 'make room')

SqliteLedger.close = close
main(sys.argv[1:])
"""
DAMAGE = (
    "from sendspec.diagnostics.exceptions import LedgerDamaged; raise LedgerDamaged('a page is damaged', 'restore it')"
)
BUG = "raise ZeroDivisionError"


def broken(project_dir: ProjectDir, breaks: str) -> Done:
    """A send whose sixth exchange with the ledger breaks."""
    process = project_dir.started(*SEND, script=BROKEN_LATER.format(breaks=breaks))
    out, err = process.communicate(timeout=60)
    return Done(process.wait(), out, err)


def _environ(project_dir: ProjectDir) -> dict[str, str]:
    return {**os.environ, **project_dir.environ}


def account(project_dir: ProjectDir) -> dict[str, int]:
    return dict(project_dir.run("status", "--env", "test", "--format", "json").json["totals"])


def test_ledger_trouble_in_the_middle_ends_with_what_the_ledger_has(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(400))
    done = broken(ready, DAMAGE)
    assert done.code == 6, done.err
    document = done.json
    assert document["error"]["code"] == "ledger-damaged"
    totals = document["totals"]
    assert totals["accepted"] > 0
    assert totals["recipients"] == 400 == sum(totals.values()) - 400
    assert totals == account(ready)
    assert "nothing was sent" not in done.err


def test_a_bug_in_the_middle_ends_with_what_the_ledger_has(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(400))
    done = broken(ready, BUG)
    assert done.code == 70
    document = done.json
    assert document["error"]["code"] == "sendspec-bug"
    assert document["totals"]["accepted"] > 0
    assert document["totals"] == account(ready)


def test_where_the_ledger_can_not_be_read_either_nothing_is_made_up(ready: ProjectDir, server: CountingServer) -> None:
    def decide(number: int, request: Any) -> Answer:
        if number == 10:
            place = ready.folder / ".sendspec" / "test.db"
            with place.open("r+b") as ledger:
                ledger.write(b"no ledger" * (place.stat().st_size // 9))
        return Answer()

    server.decide = decide
    ready.write("people.csv", numbers(400))
    done = broken(ready, DAMAGE)
    assert done.code == 6, done.err
    assert done.json["totals"] is None
    assert "not known" in done.err


def test_people_who_were_planned_and_are_gone_from_the_table_are_counted(
    ready: ProjectDir, server: CountingServer
) -> None:
    """A hundred people were forgotten in this way, with exit code 0."""
    server.decide = lambda number, request: Answer(401, b"{}", taken=False)
    assert ready.run(*SEND).code == 5
    server.decide = lambda number, request: Answer()
    ready.write("people.csv", numbers(10))
    planned = ready.run("plan", "hello.yaml", "--env", "test", "--format", "json").json
    assert (planned["totals"]["recipients"], planned["left"]) == (10, 30)
    done = ready.run(*SEND)
    assert (done.code, done.json["totals"]["accepted"], done.json["left"]) == (3, 10, 30)
    again = ready.run(*SEND)
    assert (again.code, again.json["left"]) == (3, 30)
    told = ready.run("send", "hello.yaml", "--env", "test", "--yes")
    assert "30 messages were planned and never sent, and their rows are gone from the table" in told.out
    assert len(server.taken) == 10


def test_an_environments_limit_holds_for_all_specs_of_a_run_together(
    ready: ProjectDir, server: CountingServer, helpers: Any
) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text + "    limits: {messages: 50}\n")
    ready.write("other.yaml", helpers.SPEC.replace("name: hello", "name: other").replace("Hi ", "Dear "))
    done = ready.run("send", "hello.yaml", "other.yaml", "--env", "test", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (7, "limit-messages"), done.err
    assert server.posts == []


def test_a_failure_rate_is_looked_at_with_every_answer(ready: ProjectDir, server: CountingServer) -> None:
    (ready.folder / "hello.yaml").write_text(
        (ready.folder / "hello.yaml").read_text() + "limits: {failure_rate: 0.1}\n"
    )
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 10, concurrency: 1"))
    server.decide = lambda number, request: Answer(422, b"{}") if 5 <= number < 15 else Answer()
    done = ready.run(*SEND)
    assert (done.code, done.json["error"]["code"]) == (7, "failure-rate"), done.err
    assert len(server.posts) == 20


def test_people_that_a_retry_leaves_out_are_not_forgotten(ready: ProjectDir, server: CountingServer) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 10, concurrency: 1"))
    server.decide = lambda number, request: Answer({1: 422, 3: 402}.get(number, 202), None if number == 2 else b"{}")
    assert ready.run(*SEND).code == 5
    server.decide = lambda number, request: Answer()
    done = ready.run(*SEND, "--retry", "refused")
    assert (done.code, done.json["totals"]["accepted"]) == (3, 1)
    assert done.json["skipped"] == {"already-accepted": 1, "not-chosen": 38}


def test_a_generation_beyond_all_numbers_is_wrong_usage(ready: ProjectDir) -> None:
    done = ready.run(
        "resolve", "hello.yaml", "--generation", "9" * 20, "--as", "skipped", "--reason", "x", "--env", "test"
    )
    assert done.code == 2


@pytest.mark.parametrize("answer", all_but(["n"], ["n", ""]))
def test_a_no_is_not_an_interruption(ready: ProjectDir, server: CountingServer, answer: str) -> None:
    done = asked(ready, answer)
    assert done.code == 1, done.err
    assert "Send 40 messages to test? [y/N] " in done.err
    assert "  1 of 1 shape, 40 of 40 messages\r\n" in done.err
    assert "the answer was no: nothing was sent [not-confirmed]" in done.err
    assert server.posts == []
    assert ready.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert len(server.posts) == 40


def test_another_number_than_the_one_asked_for_is_a_no(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(120))
    done = asked(ready, "100")
    assert (done.code, server.posts) == (1, [])
    assert asked(ready, "120").code == 0
    assert len(server.posts) == 120


def test_the_end_of_the_input_at_the_question_sends_nothing(ready: ProjectDir, server: CountingServer) -> None:
    done = asked(ready, "\x04", "--format", "json")
    assert (done.code, server.posts) == (130, [])
    assert "nothing was sent" in done.err
    assert "Aborted" not in done.err
    assert (done.json["error"]["code"], done.json["totals"]["accepted"]) == ("command-interrupted", 0)


def asked(project_dir: ProjectDir, answer: str, *more: str) -> Done:
    """A send from a terminal where somebody types `answer`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        project_dir.command("send", "hello.yaml", "--env", "test", *more), cwd=project_dir.folder, env=_environ(project_dir),
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer.encode() + b"\n")
    said = bytearray()
    with suppress(OSError):  # a terminal whose other end is closed
        while read := os.read(ours, 4096):
            said += read
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return Done(process.returncode, out.decode(), said.decode())


def test_a_ledger_that_can_not_be_read_shows_no_totals(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run(*SEND).code == 0
    (ready.folder / ".sendspec" / "test.db").write_bytes(b"this is no ledger" * 1000)
    done = ready.run("status", "--env", "test", "--format", "json")
    assert done.code == 6
    assert done.json["totals"] is None
    assert done.json["error"]["code"] == "ledger-damaged"


def test_a_plan_for_another_environment_than_was_named_sends_nothing_and_says_so(
    ready: ProjectDir, server: CountingServer
) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    done = ready.run("send", "--plan", "plan.json", "--env", "sandbox", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"], server.posts) == (8, "plan-stale", [])
    assert set(done.json["totals"].values()) == {0}
    assert done.json["environment"] == "test"


def test_a_plan_that_a_limit_would_stop_says_so_by_its_exit_code(ready: ProjectDir) -> None:
    spec = (ready.folder / "hello.yaml").read_text()
    detailed = ("plan", "hello.yaml", "--env", "test", "--detailed-exitcode")
    assert ready.run(*detailed).code == 10
    ready.write("hello.yaml", spec + "limits: {messages: 20}\n")
    assert ready.run(*detailed).code == 7


def test_where_the_ledger_can_not_be_closed_the_account_is_told_all_the_same(
    ready: ProjectDir, server: CountingServer
) -> None:
    done = ready.run(*SEND, script=UNCLOSED)
    assert done.code == 6, done.err
    document = done.json
    assert document["error"]["code"] == "ledger-unwritable"
    assert document["totals"]["accepted"] == len(server.taken) == 40
    assert "nothing was sent" not in done.out + done.err
