"""Notes and times that somebody changed in a ledger on a server."""

from __future__ import annotations

import psycopg
import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger import access
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger

from .conftest import IDENTITY

Sql = psycopg.Connection[tuple[object, ...]]


@pytest.mark.parametrize("written", ["0", "abc", "²", "9" * 5_000])
def test_a_version_that_never_existed_is_damage(made: ServerPlace, sql: Sql, written: str) -> None:
    sql.execute("UPDATE meta SET value = %s WHERE name = 'version'", [written])
    with pytest.raises(LedgerDamaged, match="'version'"), access.read(made, IDENTITY):
        pass


def test_notes_and_times_that_are_none_are_damage(planned: PostgresLedger, sql: Sql) -> None:
    assert planned.find_damage() == []
    sql.execute("UPDATE meta SET value = 'x' WHERE name IN ('created_at', 'timeline_since')")
    sql.execute("UPDATE message SET updated_at = 'NaN' WHERE number < 3")
    sql.execute("UPDATE run SET started_at = 1e300")
    assert planned.find_damage() == [
        "1 row of run has a time that is none",
        "2 rows of message have a time that is none",
        "its note 'created_at' is no time",
        "its note 'timeline_since' is no time",
    ]
    with pytest.raises(LedgerDamaged, match="'timeline_since' is no time"):
        planned.sends()
    with pytest.raises(LedgerDamaged, match="a value can't be read"):
        list(planned.messages())
