"""A ledger of an older version: refused until a person migrates it, alone, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record
from sendspec.diagnostics.exceptions import LedgerBusy, LedgerTooNew, LedgerTooOld, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.tables import STEPS

from .conftest import IDENTITY

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]
COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'spec'"
)


@pytest.fixture
def older(made: ServerPlace, new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> ServerPlace:
    """A ledger with eight messages planned, made before there was a step to version 2."""
    ledger = new_run()
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    ledger.close()
    monkeypatch.setitem(STEPS, 1, ("ALTER TABLE spec ADD COLUMN colour text", "UPDATE spec SET colour = 'red'"))
    return made


def migrated(place: ServerPlace) -> tuple[int, int]:
    return access.migrate(place, IDENTITY, OWNER, since="now")


def test_a_ledger_of_this_version_needs_nothing(made: ServerPlace) -> None:
    assert migrated(made) == (1, 1)


def test_an_older_one_is_refused_until_it_is_migrated(older: ServerPlace, sql: Sql) -> None:
    sql.execute("CREATE FUNCTION of_version_1() RETURNS void LANGUAGE sql AS $$ $$")
    with pytest.raises(LedgerTooOld) as raised, access.read(older, IDENTITY):
        pass
    assert "sendspec ledger migrate" in raised.value.fix
    with pytest.raises(LedgerTooOld), access.hold(older, IDENTITY, OWNER, since="now", ci=False):
        pass
    assert access.read_id(older) == IDENTITY.ledger
    assert migrated(older) == (1, 2)
    assert migrated(older) == (2, 2)
    assert sql.execute("SELECT colour FROM spec").fetchall() == [("red",)]
    assert sql.execute("SELECT to_regproc('of_version_1')").fetchone() == (None,)
    with access.hold(older, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=3.0)
        assert claim(ledger, IDS[0]) == {IDS[0]: 1}


def test_a_newer_one_stays_refused(older: ServerPlace, sql: Sql) -> None:
    sql.execute("UPDATE meta SET value = '3' WHERE name = 'version'")
    with pytest.raises(LedgerTooNew):
        migrated(older)


def test_whoever_could_execute_a_function_still_can(older: ServerPlace, sql: Sql) -> None:
    role = f"{older.schema}_role"
    sql.execute(f"CREATE ROLE {role}".encode())
    sql.execute("CREATE FUNCTION of_version_1() RETURNS void LANGUAGE sql AS $$ $$")
    sql.execute(f"GRANT EXECUTE ON FUNCTION exchange, of_version_1 TO {role}".encode())
    migrated(older)
    may = "SELECT has_function_privilege(%s, to_regproc(%s), 'EXECUTE')"
    assert [sql.execute(may, (role, name)).fetchone() for name in ("exchange", "begin_run")] == [(True,), (False,)]
    sql.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_step_that_fails_changes_nothing(older: ServerPlace, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, 1, (*STEPS[1], "SELECT nonsense"))
    with pytest.raises(LedgerTrouble, match="42703"):
        migrated(older)
    assert ("colour",) not in sql.execute(COLUMNS.encode()).fetchall()
    monkeypatch.delitem(STEPS, 1)
    with access.hold(older, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=3.0)


def test_it_waits_for_nobody_and_has_the_ledger_alone(
    made: ServerPlace, new_run: NewRun, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run()
    monkeypatch.setitem(STEPS, 1, ("SELECT 1 / 1",))
    with pytest.raises(LedgerBusy, match="1 run of the ledger"):
        migrated(made)
    run.close()
    sql.execute("SELECT pg_advisory_lock(lock_key('ledger'))")
    with pytest.raises(LedgerBusy, match="is being copied or migrated"):
        migrated(made)
    sql.execute("SELECT pg_advisory_unlock_all()")
    assert migrated(made) == (1, 2)
