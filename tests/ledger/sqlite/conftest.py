"""A small SQLite ledger, in three stages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER, SEND, record
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write


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


@pytest.fixture
def running(ledger: SqliteLedger) -> SqliteLedger:
    """A ledger with a run begun and eight messages planned."""
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    return ledger
