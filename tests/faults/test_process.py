"""The process is killed, stopped, hung up on or starved: what went out stays known, and nothing goes out twice."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from invariants import InvariantCheck, totals_of
from long_rows import all_but
from processes import SEND, holding, run_script, started, started_by, until
from project_dir import Answer, CountingServer, ProjectDir


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("posts", all_but([7], [1, 7, 23]))
def test_a_kill_loses_nothing_and_repeats_nothing(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, posts: int
) -> None:
    busy(concurrency=8)
    server.decide = holding(server, posts)
    process = started(ready)
    until(lambda: len(server.posts) > posts)
    process.kill()
    process.communicate()
    server.released.set()
    status = ready.run("status", "--env", "test", "--format", "json").json["totals"]
    assert status["in_doubt"] <= 8
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]


@pytest.mark.parametrize(("number", "code"), all_but([SIGNALS[0]], SIGNALS))
def test_a_signal_finishes_what_is_on_the_wire_and_claims_no_more(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, number: signal.Signals, code: int
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 3)
    process = started(ready)
    until(lambda: len(server.posts) >= 4)
    process.send_signal(number)
    time.sleep(0.2)
    server.released.set()
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    totals = totals_of(out)
    assert totals["in_doubt"] == 0
    assert totals["accepted"] == len(server.taken) <= 4 + 3
    assert "Traceback" not in err
    assert invariants()["accepted"] == 40


@pytest.mark.parametrize("times", [2, 10])
def test_asked_again_to_stop_it_leaves_the_rest_in_doubt_and_goes(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, times: int
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 3)
    process = started(ready)
    until(lambda: len(server.posts) >= 4)
    for _ in range(times):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert totals_of(out)["in_doubt"] >= 1
    server.released.set()
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40


def test_a_pipeline_that_is_cancelled_leaves_a_ledger_that_goes_on(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 3)
    process = started(ready)
    until(lambda: len(server.posts) >= 4)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            time.sleep(0.1)
    process.communicate(timeout=30)
    server.released.set()
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40


def test_a_stopped_owner_keeps_the_ledger_and_goes_on_later(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 3)
    process = started(ready)
    until(lambda: len(server.posts) >= 4)
    process.send_signal(signal.SIGSTOP)
    until(lambda: is_stopped(process.pid))
    second = ready.run(*SEND)
    assert second.code == 75
    assert f"process {process.pid}, which is stopped," in second.err
    server.released.set()
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert invariants()["accepted"] == 40


SIGNALLED_BEFORE = """
import os, signal, sys
from importlib import import_module
owner, name, number = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
module, _, held = owner.partition(":")
owner = getattr(import_module(module), held) if held else import_module(module)
real = getattr(owner, name)
def signalled(*arguments, **more):
    os.kill(os.getpid(), number)
    return real(*arguments, **more)
setattr(owner, name, signalled)
from sendspec.cli.main import main
main()
"""
PREPARING = [
    ("sendspec.cli.send", "open_context"),
    ("sendspec.operations.send", "plan_jobs"),
    ("sendspec.operations.agreed_messages:AgreedMessages", "put_planned"),
]


@pytest.mark.parametrize(
    ("step", "number", "code"),
    all_but(
        [(PREPARING[1], *SIGNALS[1]), (PREPARING[2], *SIGNALS[0])],
        [(step, *row) for step in PREPARING for row in SIGNALS],
    ),
)
def test_a_signal_before_the_first_claim_says_that_nothing_was_sent(
    ready: ProjectDir,
    server: CountingServer,
    invariants: InvariantCheck,
    step: tuple[str, str],
    number: signal.Signals,
    code: int,
) -> None:
    process = run_script(ready, SIGNALLED_BEFORE, *step, str(int(number)))
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert err.splitlines()[-1] == f"interrupted by {number.name}: stopped before anything was sent"
    assert json.loads(out)["error"]["code"] == "command-interrupted"
    assert server.posts == []
    assert invariants()["accepted"] == 40


def test_a_signal_after_a_look_at_an_earlier_send_says_that_nothing_was_sent(
    ready: ProjectDir, server: CountingServer
) -> None:
    server.decide = lambda number, request: Answer(422, b"{}") if number == 1 else Answer()
    assert ready.run(*SEND).code == 3
    spec = (ready.folder / "hello.yaml").read_text()
    again = spec.replace("name: hello", "name: hello\ngeneration: 2")
    ready.write("hello.yaml", again.replace("people.csv}", "people.csv, only: {undelivered: {statuses: [refused]}}}"))
    process = run_script(ready, SIGNALLED_BEFORE, *PREPARING[2], str(int(signal.SIGTERM)))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, len(server.posts)) == (143, 40), out
    assert err.splitlines()[-1] == "interrupted by SIGTERM: stopped before anything was sent"
    assert json.loads(out)["error"]["code"] == "command-interrupted"


STOPS_AFTER_A_CLAIM = """
import os, signal, sys
from sendspec.ledger.sqlite.ledger import SqliteLedger
exchange, left = SqliteLedger.exchange, [int(sys.argv.pop(1))]
def stopping(ledger, *, settle, claim, now):
    won = exchange(ledger, settle=settle, claim=claim, now=now)
    left[0] -= bool(won)
    if won and left[0] == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    return won
SqliteLedger.exchange = stopping
from sendspec.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("nth", all_but([3], [1, 3]))
def test_stopped_after_a_claim_for_longer_than_its_deadline_it_does_not_send_it_late(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, nth: int
) -> None:
    busy(concurrency=4, timeout=1)
    process = run_script(ready, STOPS_AFTER_A_CLAIM, str(nth))
    until(lambda: is_stopped(process.pid))
    with sqlite3.connect(f"file:{ready.folder}/.sendspec/test.db?mode=ro", uri=True) as ledger:
        claimed = {row[0] for row in ledger.execute("SELECT id FROM message WHERE state = 'sending'")}
    time.sleep(1.2)  # what had left by then has come to the server
    posted = {post.json["reference"] for post in server.posts}
    held = {f"m{identity.hex()}" for identity in claimed} - posted
    assert held
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=30)
    with sqlite3.connect(f"file:{ready.folder}/.sendspec/test.db?mode=ro", uri=True) as ledger:
        rows = ledger.execute("SELECT 'm' || lower(hex(id)), attempt, state FROM message").fetchall()
    attempts = {reference: attempt for reference, attempt, _ in rows}
    doubts = {reference for reference, _, state in rows if state == "in_doubt"}
    assert doubts <= posted  # on their way when it was stopped, and past their deadline when it could read the answers
    assert process.returncode == (4 if doubts else 0), err
    assert {attempts[reference] for reference in held} == {2}  # the first was given up without a byte
    assert len(server.posts) == 40
    assert invariants()["accepted"] == 40  # the list shows what became of the doubts


@pytest.mark.parametrize("stream", all_but(["stdout"], ["stdin", "stdout", "stderr"]))
def test_without_a_standard_stream_it_goes_on(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, stream: str
) -> None:
    number = {"stdin": 0, "stdout": 1, "stderr": 2}[stream]
    process = started_by(ready, "bash", "-c", f'exec {number}{"<" if number == 0 else ">"}&-; exec "$@"', "bash")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(server.taken) == 40
    assert invariants()["accepted"] == 40


def test_a_reader_that_goes_away_does_not_change_what_is_sent(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    read, write = os.pipe()
    os.close(read)
    process = started_by(ready, stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert len(server.taken) == 40
    assert invariants()["accepted"] == 40


def test_with_few_descriptors_it_makes_do_with_fewer_connections(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=64)
    process = started_by(ready, "bash", "-c", 'ulimit -n 32; exec "$@"', "bash")
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 3), err
    assert "Traceback" not in err
    totals = invariants()
    assert (totals["accepted"], totals["in_doubt"]) == (40, 0)


NO_MORE_THREADS = """
import sys, threading
start, left = threading.Thread.start, [2]
def starting(thread):
    if left[0] == 0:
        raise RuntimeError("can't start new thread")
    left[0] -= 1
    start(thread)
threading.Thread.start = starting
from sendspec.cli.main import main
main(sys.argv[1:])
"""


def test_where_no_more_threads_can_be_had_fewer_do_the_work(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=64)
    process = run_script(ready, NO_MORE_THREADS)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert invariants()["accepted"] == 40


@pytest.mark.parametrize("step", all_but([33], [33, 9]))
def test_wherever_memory_runs_out_it_is_said_and_nothing_is_lost(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, step: int
) -> None:
    codes = []
    for megabytes in range(30, 130, step):
        limit = megabytes * 1024 * 1024
        process = started_by(
            ready, env={**os.environ, **ready.environ, "MALLOC_ARENA_MAX": "1"},
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )  # fmt: skip
        _, err = process.communicate(timeout=60)
        codes.append(process.returncode)
        assert "Traceback" not in err
        assert "bug" not in err
        assert process.returncode == 0 or err.strip()
    assert codes[0] != 0
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40


def test_another_user_is_told_that_the_ledger_is_not_theirs(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run(*SEND).code == 0
    ledger = ready.folder / ".sendspec"
    before = {path.name: (path.stat().st_uid, path.stat().st_mode) for path in ledger.iterdir()}
    superuser = os.geteuid() == 0
    without_its_powers = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if superuser else ()
    try:
        if superuser:
            os.chown(ledger, 65534, 65534)
        else:
            ledger.chmod(0)
        process = started_by(ready, *without_its_powers)
        _, err = process.communicate(timeout=30)
    finally:
        if superuser:
            os.chown(ledger, 0, 0)
        ledger.chmod(0o700)
    assert process.returncode == 6, err
    assert "Traceback" not in err
    assert len(server.posts) == 40
    assert {path.name: (path.stat().st_uid, path.stat().st_mode) for path in ledger.iterdir()} == before
