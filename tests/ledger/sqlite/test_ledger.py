"""Runs, claims and moves as SQLite keeps them: their history, the fence between runs, the dates of claims."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import IDS, OWNER, claim, settle
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
)
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.message_state import State


def test_every_move_stands_in_the_history_and_no_other(running: SqliteLedger) -> None:
    claim(running, IDS[0], IDS[1])
    settle(running, IDS[0], 1, State.ACCEPTED)
    settle(running, IDS[1], 1, State.PLANNED)
    events = sqlite3.connect(running.path).execute("SELECT origin, target FROM event ORDER BY number").fetchall()
    assert events == [("planned", "sending"), ("planned", "sending"), ("sending", "accepted"), ("sending", "planned")]
    assert running.odd_moves() == []


def test_a_move_that_no_message_may_make_is_found_in_the_history(running: SqliteLedger) -> None:
    with sqlite3.connect(running.path) as other:
        other.execute(
            "INSERT INTO event (message, at, attempt, origin, target) VALUES (x'00', 1, 1, 'accepted', 'planned')"
        )
    assert running.odd_moves() == [("accepted", "planned", 1)]


def test_a_second_run_fences_the_first_one_off(running: SqliteLedger, path: Path) -> None:
    claim(running, IDS[0])
    second = open_to_write(path, "one")
    second.begin(OWNER, now=5.0)
    with pytest.raises(LedgerTrouble, match="taken over"):
        settle(running, IDS[0], 1, State.ACCEPTED)
    with pytest.raises(LedgerTrouble, match="taken over"):
        claim(running, IDS[1])
    second.close()


def test_commits_wait_for_the_disk(ledger: SqliteLedger) -> None:
    connection: Any = ledger._connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_forked_process_may_not_use_the_ledger(running: SqliteLedger) -> None:
    running._pid = os.getpid() + 1
    with pytest.raises(LedgerTrouble, match="belongs to process"):
        claim(running, IDS[0])
