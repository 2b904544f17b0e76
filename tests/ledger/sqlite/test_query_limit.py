"""A query that would never end is ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.query_limit import limit_queries

ENDLESS = "WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_an_endless_query_is_stopped_and_the_next_starts_from_zero(path: Path, connection: sqlite3.Connection) -> None:
    limit = limit_queries(connection, path)
    for _ in range(2):
        limit.begin()
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError) as ended:
            connection.execute(ENDLESS).fetchone()
        trouble = trouble_of(str(path), ended.value)
        assert isinstance(trouble, LedgerDamaged)
        assert "without end" in trouble.problem
