"""Several processes at one ledger, with its lock and without: one of them sends, and nothing goes out twice."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import Any

from invariants import InvariantCheck
from processes import SEND, holding, run_script, started, until
from project_dir import CountingServer, ProjectDir, numbers


def test_of_two_sends_one_sends_and_the_other_names_it(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 0)
    first = started(ready)
    until(lambda: len(server.posts) > 0)
    second = ready.run(*SEND)
    assert second.code == 75
    assert f"process {first.pid} on" in second.err
    assert second.out == ""
    server.released.set()
    _, err = first.communicate(timeout=30)
    assert first.returncode == 0, err
    assert len(server.posts) == 40
    assert invariants()["accepted"] == 40


def test_with_the_lock_file_removed_underneath_it_stops_and_nothing_goes_out_twice(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    server.decide = holding(server, 2)
    first = started(ready)
    until(lambda: len(server.posts) >= 6)
    (ready.folder / ".sendspec" / "test.db.lock").unlink()
    second = started(ready)
    time.sleep(1)
    server.released.set()
    codes = []
    for process in (first, second):
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        codes.append(process.returncode)
    assert codes[0] == 6
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40


WITHOUT_LOCK = """
import fcntl, sys
fcntl.flock = lambda descriptor, operation: None
if sys.argv.pop(1) == "rows":
    from sendspec.ledger.sqlite.ledger import SqliteLedger
    SqliteLedger._check_fence = lambda ledger: None
from sendspec.cli.main import main
main(sys.argv[1:])
"""


def test_four_processes_without_a_lock_send_nothing_twice(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    ready.write("people.csv", numbers(300))
    for guards in ("fence", "rows"):
        processes = [run_script(ready, WITHOUT_LOCK, guards) for _ in range(4)]
        for process in processes:
            _, err = process.communicate(timeout=60)
            assert "Traceback" not in err
            assert process.returncode in (0, 3, 4, 6), err
        ready.write("people.csv", numbers(600))
    ready.write("people.csv", numbers(300))
    references = [message["reference"] for message in server.taken]
    assert len(references) == len(set(references))
    ready.write("people.csv", numbers(600))
    totals = invariants(recipients=600)
    assert (
        totals["accepted"] + totals["in_doubt"] == 600
    )  # a run that the fence stops leaves what it had claimed in doubt


def test_looking_at_a_ledger_does_not_disturb_the_send_and_sees_no_wrong_numbers(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck
) -> None:
    busy(concurrency=4)
    ready.write("people.csv", numbers(400))
    reader = sqlite3.connect(f"file:{ready.folder}/.sendspec/test.db?mode=ro", uri=True, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()  # a snapshot that is held all the while
    sending = started(ready)
    until(lambda: len(server.posts) > 10)
    seen = []

    def look() -> None:
        while sending.poll() is None:
            seen.append(ready.run("status", "--env", "test", "--format", "json").json["totals"])
            seen.append({"recipients": ready.run("ledger", "export", "--env", "test").out.count("\n")})

    looking = threading.Thread(target=look)
    looking.start()
    _, err = sending.communicate(timeout=60)
    looking.join()
    reader.close()
    assert sending.returncode == 0, err
    assert {totals["recipients"] for totals in seen} <= {400}
    assert all(sum(totals.values()) in (400, 800) for totals in seen)
    assert invariants(recipients=400)["accepted"] == 400


def test_the_same_spec_with_other_recipients_sends_to_each_once(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    ready.write("people.csv", numbers(30))
    assert ready.run(*SEND).code == 0
    ready.write("people.csv", numbers(30, start=20))
    done = ready.run(*SEND)
    assert done.json["skipped"] == {"already-accepted": 10}
    ready.write("people.csv", numbers(30))
    assert ready.run(*SEND).json["skipped"] == {"already-accepted": 30}
    assert len(server.posts) == 50
    ready.write("people.csv", numbers(50))
    assert invariants(recipients=50)["accepted"] == 50
