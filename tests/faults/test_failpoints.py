"""Killed exactly where it hurts most: between a commit and what it permits, between a byte and its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invariants import InvariantCheck
from long_rows import all_but
from project_dir import CountingServer, ProjectDir, numbers

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")

POINTS = {
    "before the claim is committed": "before(SqliteLedger, '_claim')",
    "after the claim is committed": "after(SqliteLedger, 'exchange', lambda won: bool(won))",
    "before the first byte": "before(Connection, '_exchange')",
    "after the last byte": "before(wire, 'read_response')",
    "after the answer": "after(Connection, 'post')",
    "in the middle of a group of results": "before(SqliteLedger, '_move_all')",
    "in the middle of writing the plan": "before(SqliteLedger, '_put_plan')",
    "after the plan is written": "after(SqliteLedger, 'put_planned')",
    "when the run begins": "after(OpenMirror, 'note')",
    "between the epoch and its mirror": "before(sqlite, 'write_mirror')",
    "in a checkpoint": "before(SqliteLedger, '_checkpoint')",
    "before the run's end is noted": "before(SqliteLedger, 'end')",
    "before the counts of messages are noted": "before(SqliteLedger, '_note_tally')",
}

REPEATED = list(POINTS)[:6]
"""Those that a send comes by more than once."""

SCRIPT = """
import os, signal, sys
from sendspec.ledger.sqlite import ledger as sqlite
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.progress_mirror import OpenMirror
from sendspec.sending import connection as wire
from sendspec.sending.connection import Connection

left = [int(sys.argv.pop(1))]

def die():
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def before(owner, name):
    real = getattr(owner, name)
    def replaced(*given, **named):
        die()
        return real(*given, **named)
    setattr(owner, name, replaced)

def after(owner, name, when=lambda result: True):
    real = getattr(owner, name)
    def replaced(*given, **named):
        result = real(*given, **named)
        if when(result):
            die()
        return result
    setattr(owner, name, replaced)

%s
from sendspec.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("point", "nth"),
    all_but(
        [(point, 1) for point in POINTS],
        [(point, nth) for point in POINTS for nth in (1, 4) if nth == 1 or point in REPEATED],
    ),
)
def test_killed_there_it_goes_on_without_loss_or_repetition(
    ready: ProjectDir, server: CountingServer, busy: Any, invariants: InvariantCheck, point: str, nth: int
) -> None:
    busy(concurrency=4)
    assert ready.run(str(nth), *SEND, script=SCRIPT % POINTS[point]).code == -9
    totals = invariants()
    assert totals["accepted"] + totals["in_doubt"] == 40
    assert totals["in_doubt"] <= 4


@pytest.mark.parametrize("nth", all_but([2, 5], [1, 2, 3, 4, 5]))
def test_killed_while_an_older_ledger_is_brought_up_to_date(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, nth: int, checkout: Path
) -> None:
    old = (checkout / "tests" / "ledger" / "sqlite" / "version_1.sql").read_text(encoding="utf-8")
    script = """
import json, os, signal, sqlite3, sys
from pathlib import Path
from sendspec.ledger.sqlite import migration
nth = int(sys.argv.pop(1))
class Killing:
    def __init__(self, connection):
        self.connection, self.left = connection, nth
    def execute(self, sql):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.connection.execute(sql)
real = migration.migrate
from sendspec.ledger.sqlite import writer
writer.migrate = lambda connection: real(Killing(connection))
from sendspec.cli.main import main
main(sys.argv[1:])
"""
    path = ready.folder / ".sendspec" / "test.db"
    _replace_by(path, old, ready)
    server.taken.append({"id": "id-1", "reference": "order-1", "receiver": {"contacts": []}})
    assert ready.run(str(nth), *SEND, script=script).code == -9
    totals = invariants(recipients=44)
    assert totals == {"recipients": 44, "accepted": 41, "refused": 0, "in_doubt": 2, "not_sent": 1, "skipped": 0}


def _replace_by(path: Path, old: str, project_dir: ProjectDir) -> None:
    """Puts a ledger of the first version in the place of the new one, under the same id; it holds four other messages."""
    import json
    import sqlite3

    identity = json.loads((project_dir.folder / "sendspec.lock").read_text())["environments"]["test"]["ledger"]
    for beside in path.parent.glob("test.db*"):
        beside.unlink()
    connection = sqlite3.connect(path)
    connection.executescript(old)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'id'", (identity,))
    connection.commit()
    connection.close()


def test_killed_while_purging(ready: ProjectDir, server: CountingServer, invariants: InvariantCheck) -> None:
    assert ready.run(*SEND).code == 0
    script = SCRIPT % "before(SqliteLedger, '_execute')"
    for nth in range(4, 10):
        ready.run(str(nth), "ledger", "purge", "--env", "test", "--older-than", "1d", script=script)
    ready.write("people.csv", numbers(41))
    assert invariants(recipients=41)["accepted"] == 41
