"""A ledger of an older version: refused until a person migrates it, alone, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record
from sendspec.diagnostics.exceptions import LedgerBusy, LedgerTooNew, LedgerTooOld, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.delivery.observation import Observation, Source, StatusReport
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.delivery_functions import DELIVERY_FUNCTIONS
from sendspec.ledger.postgres.delivery_tables import DELIVERY_TABLE_NAMES
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.roles import function_name
from sendspec.ledger.postgres.tables import STEPS, version
from sendspec.planning.message_state import State

from .conftest import IDENTITY

NOW = version()
NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]
COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'spec'"
)


@pytest.fixture
def older(made: ServerPlace, new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> ServerPlace:
    """A ledger with eight messages planned, made before there was a step to the version after it."""
    ledger = new_run()
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    ledger.close()
    monkeypatch.setitem(STEPS, NOW, ("ALTER TABLE spec ADD COLUMN colour text", "UPDATE spec SET colour = 'red'"))
    return made


def migrated(place: ServerPlace) -> tuple[int, int]:
    return access.migrate(place, IDENTITY, OWNER, since="now")


def test_a_ledger_of_this_version_needs_nothing(made: ServerPlace) -> None:
    assert migrated(made) == (NOW, NOW)


def test_an_older_one_is_refused_until_it_is_migrated(older: ServerPlace, sql: Sql) -> None:
    sql.execute("CREATE FUNCTION of_version_1() RETURNS void LANGUAGE sql AS $$ $$")
    with pytest.raises(LedgerTooOld) as raised, access.read(older, IDENTITY):
        pass
    assert "sendspec ledger migrate" in raised.value.fix
    with pytest.raises(LedgerTooOld), access.hold(older, IDENTITY, OWNER, since="now", ci=False):
        pass
    assert access.read_id(older) == IDENTITY.ledger
    assert migrated(older) == (NOW, NOW + 1)
    assert migrated(older) == (NOW + 1, NOW + 1)
    assert sql.execute("SELECT colour FROM spec").fetchall() == [("red",)]
    assert sql.execute("SELECT to_regproc('of_version_1')").fetchone() == (None,)
    with access.hold(older, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=3.0)
        assert claim(ledger, IDS[0]) == {IDS[0]: 1}


def test_a_newer_one_stays_refused(older: ServerPlace, sql: Sql) -> None:
    sql.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
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
    monkeypatch.setitem(STEPS, NOW, (*STEPS[NOW], "SELECT nonsense"))
    with pytest.raises(LedgerTrouble, match="42703"):
        migrated(older)
    assert ("colour",) not in sql.execute(COLUMNS.encode()).fetchall()
    monkeypatch.delitem(STEPS, NOW)
    with access.hold(older, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=3.0)


def test_it_waits_for_nobody_and_has_the_ledger_alone(
    made: ServerPlace, new_run: NewRun, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run()
    monkeypatch.setitem(STEPS, NOW, ("SELECT 1 / 1",))
    with pytest.raises(LedgerBusy, match="1 run of the ledger"):
        migrated(made)
    run.close()
    sql.execute("SELECT pg_advisory_lock(lock_key('ledger'))")
    with pytest.raises(LedgerBusy, match="is being copied or migrated"):
        migrated(made)
    sql.execute("SELECT pg_advisory_unlock_all()")
    assert migrated(made) == (NOW, NOW + 1)


def test_version_1_gets_room_for_deliveries_and_keeps_what_it_holds(
    made: ServerPlace, new_run: NewRun, sql: Sql
) -> None:
    run = new_run()
    run.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    run.close()
    functions = ", ".join(map(function_name, DELIVERY_FUNCTIONS))
    sql.execute(f"DROP TABLE {', '.join(DELIVERY_TABLE_NAMES)}; DROP FUNCTION {functions}".encode())
    sql.execute("UPDATE meta SET value = '1' WHERE name = 'version'")
    for opening in (read_deliveries, open_deliveries):
        with pytest.raises(LedgerTooOld) as raised, opening(made, IDENTITY):
            pass
        assert "sendspec ledger migrate" in raised.value.fix
    assert migrated(made) == (1, NOW)
    with open_deliveries(made, IDENTITY) as store:
        store.observe([Observation(IDS[0], StatusReport("sent"), Source.LIST, 5.0)])
        assert list(store.deliveries(IDS)) == [IDS[0]]
    with access.read(made, IDENTITY) as facts:
        assert (facts.states(SEND.name, 1), facts.find_damage()) == ({State.PLANNED: 8}, [])
