"""Plans on a full disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER, SEND, claims, record
from sendspec.diagnostics.exceptions import (
    LedgerUnwritable,
)
from sendspec.ledger.sqlite.connection import connect_to_write
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write


def test_a_full_disk_rolls_the_plan_back_and_ends_the_ledger(path: Path) -> None:
    def small(name: str) -> sqlite3.Connection:
        connection = connect_to_write(name)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    ledger = open_to_write(path, "one", connect=small)
    ledger.begin(OWNER, now=2.0)
    with pytest.raises(LedgerUnwritable, match="disk is full"):
        ledger.put_planned(SEND, (record(os.urandom(16)) for _ in range(5_000)), b"p" * 32, now=3.0)
    with pytest.raises(LedgerUnwritable):
        ledger.exchange(settle=[], claim=claims([IDS[0]]), now=4.0)
    ledger.close()
    again = open_to_read(path, "one")
    assert again.states("hello", 1) == {}
    again.close()
