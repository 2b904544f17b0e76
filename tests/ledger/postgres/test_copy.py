"""A ledger on a server as what is copied, and as the copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerDamaged,
    LedgerMissing,
    LedgerMoved,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger import access
from sendspec.ledger.copying import Copied, copy_ledger
from sendspec.ledger.place import LedgerPlace, Secret, ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.record import Settlement
from sendspec.ledger.spill_file import read_spill
from sendspec.planning.message_state import State
from sendspec.reading.environment import LedgerFile

from .conftest import IDENTITY
from .test_many_runs import kill_session

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def file(tmp_path: Path) -> LedgerFile:
    return LedgerFile(tmp_path / "copy.db", durable=True)


@pytest.fixture
def other(place: ServerPlace, tmp_path: Path) -> ServerPlace:
    """Another schema of the same server."""
    return ServerPlace(Secret(place.url.reveal()), f"test_{uuid4().hex}", "the server at OTHER_URL", tmp_path)


def copied(here: LedgerPlace, there: LedgerPlace, tell: Callable[[str], None] = lambda words: None) -> Copied:
    return copy_ledger(here, there, IDENTITY, OWNER, since="now", now=9.0, ci=False, tell=tell)


def test_no_run_begins_or_comes_back_while_it_is_copied(
    planned: PostgresLedger, made: ServerPlace, file: LedgerFile, new_run: NewRun, sql: Sql
) -> None:
    """Not even one that has lost its session and nothing on the way, which nobody takes for dead."""
    kill_session(planned, sql)

    def tell(words: str) -> None:
        if words.startswith("copying"):
            with pytest.raises(LedgerBusy, match="is being copied"):
                new_run()
            with pytest.raises(LedgerBusy, match="is being copied"):
                copied(made, LedgerFile(file.file.with_name("another.db"), durable=True))
            with pytest.raises(psycopg.Error) as raised:
                sql.execute("SELECT rejoin(1)")
            assert raised.value.sqlstate == "SS005"

    copied(made, file, tell)
    with pytest.raises(LedgerMoved, match="moved to"):
        claim(planned, IDS[0])


def test_a_run_that_waits_to_begin_learns_that_the_ledger_was_moved(
    made: ServerPlace, file: LedgerFile, other: ServerPlace
) -> None:
    with access.hold(made, IDENTITY, OWNER, since="now", ci=False) as waiting:
        copied(made, file)
        waiting.spill([Settlement(IDS[0], 1, State.ACCEPTED)])
        with pytest.raises(LedgerMoved):
            waiting.begin(OWNER, now=10.0)
        assert len(read_spill(made.folder / "one-0", "one")) == 1  # it is the copy's


def test_what_may_still_be_on_the_way_is_waited_for(
    planned: PostgresLedger, made: ServerPlace, file: LedgerFile, sql: Sql
) -> None:
    """As after a restart of the server, whose runs may come back for a while."""
    claim(planned, IDS[0])
    kill_session(planned, sql)
    sql.execute("UPDATE run SET on_the_way = 0")
    with pytest.raises(LedgerBusy, match="1 message may be on the way"):
        copied(made, file)
    sql.execute("UPDATE run SET on_the_way = 1 WHERE number = 1")
    copied(made, file)
    with access.read(file, IDENTITY) as facts:
        assert len(facts.doubts()) == 1


def test_a_copier_that_lost_its_lock_copies_nothing(made: ServerPlace, file: LedgerFile, sql: Sql) -> None:
    sql.execute("""CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_unlock(lock_key('ledger')); RETURN NEW; END $$""")
    sql.execute("CREATE TRIGGER losing BEFORE INSERT ON run FOR EACH ROW EXECUTE FUNCTION lose()")
    with pytest.raises(LedgerUnwritable, match="broke off"):
        copied(made, file)
    assert not file.file.exists()


def test_a_damaged_ledger_is_not_copied(planned: PostgresLedger, made: ServerPlace, file: LedgerFile, sql: Sql) -> None:
    planned.close()
    sql.execute("DELETE FROM message WHERE number = 1")
    with pytest.raises(LedgerDamaged, match="1 specs"):
        copied(made, file)


def test_a_halt_goes_along_or_the_ledger_stays(
    planned: PostgresLedger, made: ServerPlace, file: LedgerFile, other: ServerPlace, sql: Sql
) -> None:
    planned.close()
    sql.execute("INSERT INTO meta VALUES ('halt', 'stop it')")
    with pytest.raises(LedgerTrouble, match="are halted"):
        copied(made, file)
    copied(made, other)
    with access.hold(other, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=10.0)
        assert claim(ledger, IDS[0]) == {}


def test_no_process_of_a_copied_run_comes_back_to_the_copy(
    planned: PostgresLedger, made: ServerPlace, other: ServerPlace, sql: Sql
) -> None:
    planned.close()
    copied(made, other)
    sql.execute(f"SET search_path = {other.schema}".encode())
    with pytest.raises(psycopg.Error) as raised:
        sql.execute("SELECT rejoin(1)")
    assert raised.value.sqlstate == "SS001"


def test_claims_from_before_a_fail_over_are_looked_for_wherever_the_ledger_is(
    new_run: NewRun, made: ServerPlace, file: LedgerFile, sql: Sql
) -> None:
    ledger = new_run()
    ledger.note_clock(0.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    claim(ledger, IDS[0])
    assert [send.last_claimed_at for send in ledger.sends()] == [3.0]
    ledger.close()
    sql.execute("UPDATE meta SET value = 'another' WHERE name = 'timeline'")
    copied(made, file)
    with access.read(file, IDENTITY) as facts:
        assert [send.last_claimed_at for send in facts.sends()] == [None]


def test_a_copy_that_is_not_finished_is_no_ledger(
    planned: PostgresLedger, made: ServerPlace, other: ServerPlace, tmp_path: Path
) -> None:
    planned.close()

    class Stopped(Exception):
        pass

    def tell(words: str) -> None:
        if words.startswith("marking"):
            raise Stopped

    with pytest.raises(Stopped):
        copied(made, other, tell)
    with pytest.raises(LedgerMissing, match="never finished"), access.read(other, IDENTITY):
        pass
    with (
        pytest.raises(LedgerMissing, match="never finished"),
        access.hold(other, IDENTITY, OWNER, since="now", ci=False),
    ):
        pass
    with pytest.raises(LedgerTrouble, match="a copy of a ledger that was never finished") as raised:
        access.make(other, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    assert "sendspec ledger copy" in raised.value.fix
    assert not access.is_half_made(other, IDENTITY)
    _note(other, "UPDATE meta SET name = 'unfinished' WHERE name = 'copying'")
    with pytest.raises(LedgerTrouble, match="a ledger that was never finished") as raised:
        copied(made, other)
    assert "sendspec ledger init" in raised.value.fix
    _note(other, "UPDATE meta SET name = 'copying' WHERE name = 'unfinished'")
    with access.hold(made, IDENTITY, OWNER, since="now", ci=False) as ledger:
        assert len(ledger.facts(IDS)) == 8
    copied(made, other)


def _note(place: ServerPlace, sql: str) -> None:
    with psycopg.connect(place.url.reveal(), autocommit=True) as connection:
        connection.execute(f"SET search_path = {place.schema}".encode())
        connection.execute(sql.encode())
