"""What is asked of a server and of its ledger before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from cutting_proxy import CuttingProxy
from ledger_samples import IDS, OWNER, SEND, claims, record
from postgres_server import PostgresServer, new_server, server_folder
from processes import until
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerTooNew,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.opening import open_to_write
from sendspec.planning.message_state import State

from .conftest import IDENTITY

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]


def test_where_no_ledger_is_nothing_is_opened(place: ServerPlace) -> None:
    assert (access.is_there(place), access.read_id(place)) == (False, None)
    with pytest.raises(LedgerMissing, match="has no ledger"):
        open_to_write(place, "one")
    with pytest.raises(LedgerMissing), access.read(place, IDENTITY):
        pass


def test_a_ledger_that_is_there_tells_who_it_is(made: ServerPlace) -> None:
    assert (access.is_there(made), access.read_id(made), access.is_half_made(made, IDENTITY)) == (True, "one", False)


def test_another_ledger_or_salt_than_the_lock_names_is_refused(made: ServerPlace) -> None:
    for identity in (LedgerIdentity("two", bytes(32)), LedgerIdentity("one", b"s" * 32)):
        with pytest.raises(LedgerForeign), access.read(made, identity):
            pass
        with pytest.raises(LedgerForeign), access.hold(made, identity, OWNER, since="now", ci=True):
            pass


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("UPDATE meta SET value = '99' WHERE name = 'version'", LedgerTooNew),
        ("UPDATE meta SET value = 'x' WHERE name = 'version'", LedgerDamaged),
        ("DELETE FROM meta WHERE name = 'version'", LedgerDamaged),
        ("INSERT INTO meta VALUES ('unfinished', 'yes')", LedgerMissing),
        ("DROP TABLE meta", LedgerMissing),
    ],
)
def test_what_is_no_whole_ledger_of_this_version_is_refused(
    made: ServerPlace, sql: Sql, change: str, error: type[LedgerTrouble]
) -> None:
    sql.execute(change)
    with pytest.raises(error):
        open_to_write(made, "one")


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_confirmed_is_refused(
    server: PostgresServer, made_there: ServerPlace, setting: str
) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        until(lambda: refusal_of(made_there) is not None)  # the server takes a moment to read its settings
        assert f"{setting} turned off" in (refusal_of(made_there) or "")
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM RESET {setting}")
            connection.execute("SELECT pg_reload_conf()")


def refusal_of(place: ServerPlace) -> str | None:
    try:
        open_to_write(place, "one").close()
    except LedgerTrouble as trouble:
        return trouble.problem
    return None


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own, which its tests may change."""
    with server_folder() as folder:
        own = new_server(folder / "primary")
        own.start()
        yield own
        own.stop("immediate")


@pytest.fixture
def made_there(server: PostgresServer, tmp_path: Path) -> ServerPlace:
    place = ServerPlace(Secret(server.url), "sendspec", "the server at TEST_URL", tmp_path)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS sendspec CASCADE")
    access.make(place, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    return place


def test_a_promoted_standby_is_asked_about_seven_days_again(server: PostgresServer, made_there: ServerPlace) -> None:
    """Claims that the primary server confirmed may be missing there: no claim dated before counts as the last one."""
    ledger = open_to_write(made_there, "one")
    ledger.begin(OWNER, now=100.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=100.0)
    ledger.note_clock(0.0)
    ledger.exchange(settle=[], claim=claims(IDS[:1]), now=150.0)
    assert ledger.sends()[0].last_claimed_at is not None
    ledger.close()
    standby = server.standby(server.folder.with_name("standby"))
    try:
        standby.start()
        there = replace(made_there, url=Secret(standby.url))
        with pytest.raises(LedgerUnwritable, match="is a standby"):
            open_to_write(there, "one")
        with access.read(there, IDENTITY) as facts:
            assert facts.states("hello", 1) == {State.PLANNED: 7, State.SENDING: 1}
        standby.promote()
        promoted = open_to_write(there, "one")
        assert promoted.sends()[0].last_claimed_at is None
        promoted.begin(OWNER, now=200.0)
        assert promoted.sends()[0].last_claimed_at is None
        promoted.note_clock(0.0)
        promoted.exchange(settle=[], claim=[], now=300.0)
        promoted.close()
        again = open_to_write(there, "one")
        again.begin(OWNER, now=300.0)
        assert again._timeline_since() == 200.0
        again.close()
    finally:
        standby.stop("immediate")


def test_a_server_that_is_away_is_said_to_be_away(made: ServerPlace, proxy: CuttingProxy) -> None:
    proxy.close()
    gone = replace(made, url=Secret(f"postgresql://tester:canary@127.0.0.1:{proxy.port}/postgres"))
    with pytest.raises(LedgerTrouble, match="connection refused") as caught:
        access.is_there(gone)
    assert "canary" not in repr(caught.value)
    assert str(proxy.port) not in f"{caught.value.problem} {caught.value.fix}"


def test_reading_takes_no_lock_of_a_run(made: ServerPlace, new_run: NewRun) -> None:
    with access.read(made, IDENTITY) as facts:
        assert facts.moves == 0
        assert new_run().moves == 0
