"""What is seen of a server: by which role, through what, with which runs, and after what happened to it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from ledger_samples import IDS, OWNER, claim
from postgres_server import PostgresServer, as_ordinary_user, new_server, server_folder
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.inspection import FOR_PLANNING, NOT_FOR_SENDING, encryption_of
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.open_ledger import MAX_REASON
from sendspec.ledger.postgres.tables import version
from sendspec.ledger.server_state import Continuity, Encryption, LedgerState, Pool, Right, ServerState

from .conftest import IDENTITY

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]


def seen(place: ServerPlace) -> ServerState:
    return access.inspect_server(place, time.time)


def ledger_of(place: ServerPlace) -> LedgerState:
    found = seen(place).ledger
    assert found is not None
    return found


@contextmanager
def role(sql: Sql, place: ServerPlace, *grants: str) -> Iterator[ServerPlace]:
    """The place as a new role sees it, which owns nothing. `grants` are without the role's name."""
    name = f"role_{place.schema}"
    sql.execute(f"CREATE ROLE {name} LOGIN")
    try:
        for grant in grants:
            sql.execute(f"GRANT {grant} TO {name}")
        yield replace(place, url=Secret(place.url.reveal().replace("tester@", f"{name}@")))
    finally:
        sql.execute(f"DROP OWNED BY {name}")
        sql.execute(f"DROP ROLE {name}")


def test_a_server_without_a_ledger_is_seen_too(place: ServerPlace, sql: Sql) -> None:
    state = seen(place)
    assert (state.right, state.ledger, state.is_standby, dict(state.unsafe)) == (Right.MAKE, None, False, {})
    assert (state.encryption, state.pool) == (Encryption.LOCAL, Pool.NONE)
    assert state.version.split(".")[0].isdigit()
    assert abs(state.clock_skew) < 60
    with role(sql, place) as lesser:
        assert seen(lesser).right is Right.NOTHING_YET


def test_the_clock_is_compared_with_this_machines(place: ServerPlace) -> None:
    ahead = access.inspect_server(place, lambda: time.time() - 3_600)
    assert 3_500 < ahead.clock_skew < 3_700


def test_a_role_that_is_set_to_read_only_may_plan_and_not_send(made: ServerPlace) -> None:
    reading = replace(made, url=Secret(f"{made.url.reveal()}?options=-c%20default_transaction_read_only%3Don"))
    assert (seen(reading).is_read_only, seen(made).is_read_only) == (True, False)
    with access.read(reading, IDENTITY) as facts:
        assert facts.moves == 0
    with (
        pytest.raises(LedgerTrouble, match="is set to read only"),
        access.hold(reading, IDENTITY, OWNER, since="now", ci=False),
    ):
        pass


def test_what_a_role_may_do_follows_from_its_grants(made: ServerPlace, sql: Sql) -> None:
    schema = made.schema
    usage, tables = f"USAGE ON SCHEMA {schema}", f"SELECT ON ALL TABLES IN SCHEMA {schema}"
    progress, key = f"SELECT ON SEQUENCE {schema}.event_number", f"EXECUTE ON FUNCTION {schema}.{FOR_PLANNING}"
    functions = f"EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema}"
    assert (seen(made).right, seen(made).missing) == (Right.OWN, ())
    for grants, right, lacks in (
        ((), Right.NOTHING, {"meta", "event_number", "exchange"}),
        ((usage,), Right.NOTHING, {"meta", "event_number", "exchange"}),
        ((tables, progress, functions), Right.NOTHING, set()),
        ((usage, tables, key), Right.NOTHING, {"event_number", "exchange"}),
        ((usage, tables, progress), Right.NOTHING, {FOR_PLANNING, "exchange"}),
        ((usage, tables, progress, key), Right.PLAN, {"exchange"}),
        ((usage, tables, progress, functions), Right.SEND, set()),
    ):
        with role(sql, made, *grants) as lesser:
            state = seen(lesser)
            assert state.right is right, grants
            assert (state.ledger is None) == (right is Right.NOTHING)
            assert lacks & {*state.missing} == lacks
            assert bool(state.missing) == bool(lacks)


def test_whoever_may_create_tables_in_a_schema_that_is_there_may_make_the_ledger(place: ServerPlace, sql: Sql) -> None:
    schema = place.schema
    database = "ON DATABASE postgres"
    with role(sql, place, f"CREATE {database}") as lesser:
        assert seen(lesser).right is Right.MAKE
        sql.execute(f"CREATE SCHEMA {schema}")
        assert seen(lesser).right is Right.NO_TABLES
        sql.execute(f"REVOKE CREATE {database} FROM role_{schema}")
        sql.execute(f"GRANT CREATE, USAGE ON SCHEMA {schema} TO role_{schema}")
        assert seen(lesser).right is Right.MAKE
        access.make(lesser, place.folder / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
        assert seen(lesser).right is Right.OWN
        sql.execute(f"DROP SCHEMA {schema} CASCADE")


def test_the_owner_of_the_schema_alone_may_not_read_the_ledger(made: ServerPlace, sql: Sql) -> None:
    with role(sql, made) as lesser:
        sql.execute(f"ALTER SCHEMA {made.schema} OWNER TO role_{made.schema}")
        assert seen(lesser).right is Right.NOTHING
        sql.execute(f"ALTER SCHEMA {made.schema} OWNER TO tester")


def test_the_encoding_and_the_settings_of_a_database_are_seen(place: ServerPlace, sql: Sql) -> None:
    name = f"other_{place.schema}"
    sql.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    sql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        state = seen(replace(place, url=Secret(place.url.reveal().replace("/postgres", f"/{name}"))))
        assert (state.encoding, state.is_read_only, seen(place).encoding) == ("LATIN1", True, "UTF8")
    finally:
        sql.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_role_that_may_not_purge_may_send(made: ServerPlace, sql: Sql) -> None:
    schema = made.schema
    grants = (
        f"USAGE ON SCHEMA {schema}",
        f"SELECT ON ALL TABLES IN SCHEMA {schema}",
        f"SELECT ON SEQUENCE {schema}.event_number",
    )
    with role(sql, made, *grants, f"EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema}") as lesser:
        sql.execute(f"REVOKE EXECUTE ON FUNCTION {schema}.{NOT_FOR_SENDING} FROM role_{schema}")
        assert seen(lesser).right is Right.SEND
        sql.execute(f"REVOKE EXECUTE ON FUNCTION {schema}.exchange FROM role_{schema}")
        assert (seen(lesser).right, seen(lesser).missing) == (Right.PLAN, ("exchange",))


def test_living_runs_and_dead_ones_that_left_something_are_seen(
    planned: PostgresLedger, new_run: NewRun, made: ServerPlace
) -> None:
    claim(planned, *IDS[:3])
    idle, dead = new_run(now=5.0), new_run(now=6.0)
    claim(dead, *IDS[3:5])
    dead.close()
    new_run(now=7.0).close()
    assert [(run.number, run.started_at, run.on_the_way, run.is_living) for run in ledger_of(made).runs] == [
        (1, 2.0, 3, True),
        (2, 5.0, 0, True),
    ]
    last = new_run(now=8.0)
    claim(last, IDS[5])
    last.close()
    *_, left = ledger_of(made).runs
    assert (left.host, left.command, left.on_the_way, left.is_living) == (OWNER.host, OWNER.command, 1, False)
    assert idle.find_damage() == []


def test_a_run_may_come_back_to_a_server_that_was_just_started(
    planned: PostgresLedger, made: ServerPlace, sql: Sql
) -> None:
    claim(planned, IDS[0])
    planned.close()
    assert len(ledger_of(made).runs) == 1
    sql.execute("UPDATE run SET seen_at = pg_postmaster_start_time() - interval '1 second'")
    started_lately = sql.execute("SELECT now() < pg_postmaster_start_time() + interval '50 seconds'").fetchall()[0][0]
    assert len(ledger_of(made).runs) == (0 if started_lately else 1)


def test_whether_sends_are_halted_and_the_server_is_that_of_the_last_run(
    made: ServerPlace, new_run: NewRun, sql: Sql
) -> None:
    assert (ledger_of(made).continuity, ledger_of(made).halt) == (Continuity.NO_RUN, None)
    sql.execute("INSERT INTO meta VALUES ('halt', 'wrong price')")
    assert ledger_of(made).halt == "wrong price"
    sql.execute("UPDATE meta SET value = repeat('x', 4000000) WHERE name = 'halt'")
    assert ledger_of(made).halt == "x" * MAX_REASON + "…"
    ledger = new_run()
    assert ledger.exchange(settle=[], claim=[], now=3.0).halt == "x" * MAX_REASON + "…"
    ledger.close()
    sql.execute("DELETE FROM meta WHERE name IN ('halt', 'server', 'timeline')")
    new_run()
    assert (ledger_of(made).continuity, ledger_of(made).version) == (Continuity.SAME, str(version()))
    sql.execute("UPDATE meta SET value = '000000FF' WHERE name = 'timeline'")
    assert ledger_of(made).continuity is Continuity.OTHER_TIMELINE
    sql.execute("UPDATE meta SET value = '1' WHERE name = 'server'")
    assert ledger_of(made).continuity is Continuity.OTHER_SERVER


def test_a_restore_that_nothing_shows_can_be_told_to_the_ledger(
    planned: PostgresLedger, new_run: NewRun, sql: Sql
) -> None:
    """A snapshot keeps identifier and timeline. What docs/ledger.md has its owner write makes the witness look further back."""
    planned.note_clock(0.0)
    claim(planned, IDS[0])
    assert [send.last_claimed_at for send in planned.sends("hello")] == [3.0]
    sql.execute("UPDATE meta SET value = 'restored' WHERE name = 'timeline'")
    assert [send.last_claimed_at for send in planned.sends("hello")] == [None]
    assert [send.last_claimed_at for send in new_run(now=9.0).sends("hello")] == [None]
    assert [send.last_claimed_at for send in new_run(now=12.0).sends("hello")] == [None]


@pytest.mark.parametrize(
    ("encrypted", "mode", "address", "kind"),
    [
        (True, b"verify-full", "192.0.2.1", Encryption.VERIFIED),
        (True, b"require", "192.0.2.1", Encryption.UNVERIFIED),
        (True, None, "127.0.0.1", Encryption.UNVERIFIED),
        (False, b"prefer", "::1", Encryption.LOCAL),
        (False, None, "", Encryption.LOCAL),
        (False, b"disable", "192.0.2.1", Encryption.NONE),
    ],
)
def test_how_a_connection_is_protected(encrypted: bool, mode: bytes | None, address: str, kind: Encryption) -> None:
    assert encryption_of(encrypted, mode, address) is kind


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop and spoil."""
    with server_folder() as folder:
        server = new_server(folder / "own")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def test_a_server_that_changes_is_seen_to_have_changed(own_server: PostgresServer, tmp_path: Path) -> None:
    place = ServerPlace(Secret(own_server.url), "sendspec", "the server at TEST_URL", tmp_path)
    access.make(place, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=2.0)

    own_server.stop()
    with_certificate(own_server)
    configure(own_server, "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nssl = on\n")
    own_server.start()
    state = seen(place)
    assert set(state.unsafe) == {"fsync", "full_page_writes", "synchronous_commit"}
    assert (state.encryption, state.is_standby) == (Encryption.UNVERIFIED, False)
    verifying = f"{own_server.url}?sslmode=verify-ca&sslrootcert={own_server.folder}/data/server.crt"
    assert seen(replace(place, url=Secret(verifying))).encryption is Encryption.VERIFIED

    own_server.stop()
    (own_server.folder / "data" / "standby.signal").touch()
    configure(own_server, "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n")
    own_server.start()
    state = seen(place)
    assert (state.is_standby, dict(state.unsafe)) == (True, {})
    assert ledger_of(place).continuity is None

    own_server.promote()
    assert ledger_of(place).continuity is Continuity.OTHER_TIMELINE


def configure(server: PostgresServer, settings: str) -> None:
    with (server.folder / "data" / "postgresql.conf").open("a") as file:
        file.write(settings)


def with_certificate(server: PostgresServer) -> None:
    data = server.folder / "data"
    owner = as_ordinary_user()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-keyout", data / "server.key", "-out", data / "server.crt"],
        check=True, capture_output=True, cwd=server.folder, **owner,  # type: ignore[call-overload]
    )  # fmt: skip
