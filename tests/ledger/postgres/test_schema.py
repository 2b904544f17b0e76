"""The schema of a ledger: made once, never in place of what somebody else keeps there, and open to each role as far as it needs."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from ledger_samples import IDS, OWNER, SEND, record
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.functions import FUNCTIONS
from sendspec.ledger.postgres.roles import function_name
from sendspec.ledger.protocol import Ledger
from sendspec.planning.message_state import State
from sendspec.reading.ledger_schema import RESERVED

from .conftest import IDENTITY

Sql = psycopg.Connection[tuple[object, ...]]
ENTRIES = """SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)
    UNION SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s) ORDER BY 1"""


def make(place: ServerPlace, folder: Path, identity: LedgerIdentity = IDENTITY) -> LedgerIdentity:
    return access.make(place, folder / "sendspec.lock", "test", identity, OWNER, since="now", now=1.0)


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE people (name text)",
        "CREATE TYPE mood AS ENUM ('fine')",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ $$",
        "CREATE TABLE meta (id integer)",
        "CREATE TABLE meta (name text, value text); INSERT INTO meta VALUES ('unfinished', 'yes')",
    ],
)
def test_what_somebody_else_keeps_in_a_schema_stays(place: ServerPlace, tmp_path: Path, sql: Sql, theirs: str) -> None:
    sql.execute(f"CREATE SCHEMA {place.schema}; {theirs}".encode())
    before = sql.execute(ENTRIES, {"schema": place.schema}).fetchall()
    with pytest.raises(LedgerDamaged, match="is in use, and what it holds is no ledger"):
        make(place, tmp_path)
    assert sql.execute(ENTRIES, {"schema": place.schema}).fetchall() == before
    assert not (tmp_path / "sendspec.lock").exists()


def test_an_empty_schema_is_used_and_an_unfinished_ledger_in_it_made_anew(
    place: ServerPlace, tmp_path: Path, sql: Sql
) -> None:
    sql.execute(f"CREATE SCHEMA {place.schema}".encode())
    make(place, tmp_path)
    assert access.is_there(place)
    with pytest.raises(LedgerTrouble, match="has a ledger already"):
        make(place, tmp_path)
    sql.execute("INSERT INTO meta VALUES ('unfinished', 'yes'); CREATE TABLE theirs ()")
    assert (access.is_there(place), access.read_id(place), access.is_half_made(place, IDENTITY)) == (False, None, True)
    (tmp_path / "sendspec.lock").unlink()
    make(place, tmp_path, LedgerIdentity("two", bytes(32)))
    assert access.read_id(place) == "two"
    assert sql.execute("SELECT to_regclass('theirs') IS NOT NULL").fetchone() == (True,)


def test_a_ledger_that_was_noted_but_not_finished_is_completed_as_it_is(
    place: ServerPlace, tmp_path: Path, sql: Sql
) -> None:
    def fill(ledger: Ledger, identity: LedgerIdentity) -> None:
        ledger.begin(OWNER, now=2.0)
        ledger.put_baselined(SEND, map(record, IDS), now=2.0)

    access.make(place, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0, filling=fill)
    sql.execute("INSERT INTO meta VALUES ('unfinished', 'yes')")
    assert make(place, tmp_path, LedgerIdentity("two", bytes(32))) == IDENTITY
    with access.read(place, IDENTITY) as facts:
        assert facts.states("hello", 1) == {State.SKIPPED: 8}


def test_what_does_not_add_up_is_damage(place: ServerPlace, tmp_path: Path, sql: Sql) -> None:
    make(place, tmp_path)
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=2.0)
        ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
        assert ledger.find_damage() == []
        sql.execute("UPDATE run SET on_the_way = 3; DELETE FROM message WHERE number = 1")
        assert [problem.partition(" don't")[0] for problem in ledger.find_damage()] == ["1 specs", "1 runs"]


def test_a_role_may_execute_what_it_needs(made: ServerPlace, sql: Sql) -> None:
    """Whoever sends needs every function but those that purge."""
    statements = access.roles_sql(made.schema)
    for _ in range(2):
        sql.execute(statements.encode())
    may = "SELECT has_function_privilege(%s, to_regproc(%s), 'EXECUTE')"

    def executed(role: str) -> set[str]:
        names = map(function_name, FUNCTIONS)
        return {name for name in names if sql.execute(may, (f"{made.schema}_{role}", name)).fetchone() == (True,)}

    assert executed("plan") == {"lock_key"}
    assert {*map(function_name, FUNCTIONS)} - executed("send") == {"purge_messages", "purge_kept"}
    for role in ("plan", "send", "owner"):
        sql.execute(f"DROP OWNED BY {made.schema}_{role} CASCADE; DROP ROLE {made.schema}_{role}".encode())


def test_no_schema_is_called_by_a_word_that_needs_quotes(sql: Sql) -> None:
    words = sql.execute("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')").fetchall()
    assert {word for (word,) in words} <= RESERVED
