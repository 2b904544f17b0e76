"""A session with a server: whose it is, and what it takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import psycopg
import pytest
from ledger_samples import IDS, OWNER, claim
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.session import Session

from .conftest import IDENTITY

Sql = psycopg.Connection[tuple[object, ...]]


def test_a_session_belongs_to_the_process_that_opened_it(made: ServerPlace) -> None:
    """In a forked child it does nothing: the connection is the parent's."""
    session = Session(made)
    session._pid = os.getpid() + 1
    with pytest.raises(LedgerTrouble, match="belongs to process"):
        session.rows("SELECT 1")
    session.close()
    session._pid = os.getpid()
    assert session.rows("SELECT 1") == [(1,)]
    session.close()


def test_a_server_needs_the_package_for_it(made: ServerPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerTrouble, match="isn't installed") as caught:
        Session(made)
    assert caught.value.fix == "install sendspec with its extra: pip install 'sendspec[postgres]'"


def test_a_server_that_refuses_a_setting_is_left(place: ServerPlace) -> None:
    """As an old one, or one that only speaks the protocol."""
    strange = ServerPlace(place.url, 'no"schema', place.shown, place.folder)
    with pytest.raises(LedgerTrouble):
        Session(strange)


def test_a_secret_shows_nothing() -> None:
    secret = Secret("postgresql://bob:canary@127.0.0.1/x")
    assert "canary" not in f"{secret!r} {secret}"
    assert secret.reveal().endswith("/x")


def test_a_server_does_not_go_with_a_ci_job(made: ServerPlace) -> None:
    access.refuse_on_ci(made, ci=True)


def test_a_note_that_is_gone_is_damage(made: ServerPlace, sql: Sql) -> None:
    with access.read(made, IDENTITY) as facts:
        sql.execute("DELETE FROM meta WHERE name = 'id'")
        with pytest.raises(LedgerDamaged, match="a note is gone"):
            _ = facts.id


def test_on_another_server_no_claim_is_the_last(planned: PostgresLedger, made: ServerPlace, sql: Sql) -> None:
    planned.note_clock(0.0)
    claim(planned, IDS[0])
    sql.execute("UPDATE meta SET value = '0' WHERE name = 'timeline_since'")
    with access.read(made, IDENTITY) as facts:
        assert facts.sends()[0].last_claimed_at == 3.0
    sql.execute("UPDATE meta SET value = 'another' WHERE name = 'server'")
    with access.read(made, IDENTITY) as facts:
        assert facts.sends()[0].last_claimed_at is None


def test_a_living_runs_messages_are_under_way(
    planned: PostgresLedger, made: ServerPlace, new_run: Callable[..., PostgresLedger]
) -> None:
    with access.read(made, IDENTITY) as facts:
        assert facts.under_way("hello", 1) == 0
    claim(planned, *IDS[:2])
    with access.read(made, IDENTITY) as facts:
        assert facts.under_way("hello", 1) == 2
        assert [message.id for message in facts.messages() if message.is_under_way] == list(IDS[:2])
        [run] = facts.runs_at_work("hello")
        assert (run.number, run.host, run.command, run.on_the_way) == (1, OWNER.host, OWNER.command, 2)
        assert (len(facts.runs_at_work()), facts.runs_at_work("bye")) == (1, [])
    other = new_run()
    assert (other.under_way("hello", 1), len(other.runs_at_work()), planned.runs_at_work()) == (2, 1, [])
    assert [message.id for message in planned.messages() if message.is_under_way] == []
    planned.end(now=9.0, ending="finished", requests=2)
    with access.read(made, IDENTITY) as facts:
        assert (facts.under_way("hello", 1), facts.runs_at_work()) == (None, [])


def test_a_run_tells_who_holds_it(made: ServerPlace) -> None:
    with access.hold(made, IDENTITY, OWNER, since="now", ci=False) as ledger:
        assert ledger.is_shared


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_can_not_hold_every_text_is_refused(place: ServerPlace, sql: Sql, encoding: str) -> None:
    name = f"other_{encoding.lower()}_{os.getpid()}"
    sql.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    try:
        other = ServerPlace(
            Secret(place.url.reveal().replace("/postgres", f"/{name}")), place.schema, place.shown, place.folder
        )
        with pytest.raises(LedgerTrouble, match=f"has the encoding {encoding}"):
            access.make(other, place.folder / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    finally:
        sql.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_settings_of_the_role_or_the_url_change_nothing(made: ServerPlace, sql: Sql) -> None:
    low = [
        "statement_timeout=5s",
        "lock_timeout=5s",
        "idle_in_transaction_session_timeout=5s",
        "idle_session_timeout=5s",
    ]
    options = "%20".join(
        f"-c%20{each.replace('=', '%3D')}" for each in (*low, "default_transaction_isolation=serializable")
    )
    strange = f"{made.url.reveal()}?client_encoding=LATIN1&options={options}"
    session = Session(ServerPlace(Secret(strange), made.schema, made.shown, made.folder))
    expected = {
        "client_encoding": "UTF8", "standard_conforming_strings": "on", "array_nulls": "on", "statement_timeout": "10min",
        "lock_timeout": "30s", "idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0",
        "transaction_isolation": "read committed",
    }  # fmt: skip
    assert {name: session.rows(f"SHOW {name}")[0][0] for name in expected} == expected
    assert session.rows("SELECT %(text)s::text", {"text": "•日本"}) == [("•日本",)]
    session.close()
