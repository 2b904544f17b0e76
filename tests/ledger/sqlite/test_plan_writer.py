"""Plans on a full disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from claim_factory import claims
from sendspec.diagnostics.exceptions import (
    LedgerUnwritable,
)
from sendspec.ledger.record import PlannedRecord, RunOwner, SendIdentity
from sendspec.ledger.sqlite.connection import connect_to_write
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SendIdentity("hello", 1, "hello.yaml")
IDS = [bytes([n]) * 16 for n in range(8)]
DIGEST = b"d" * 24


def record(identity: bytes, digest: bytes = DIGEST) -> PlannedRecord:
    return PlannedRecord(identity, digest, None, b"r" * 16, "+31••••••78")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".sendspec" / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = open_to_write(path, "one")
    yield opened
    opened.close()


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
