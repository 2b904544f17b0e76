"""The ledger's note of how many opt-out signals there are: written whenever the run lock is had, and never for longer than a moment."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_samples import OWNER
from ledgers import IDENTITY, PostgresStore, SqliteStore
from sendspec.diagnostics.exceptions import LedgerBusy, LedgerDamaged, LedgerForeign, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery_access import open_deliveries
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.run_lock import NOTING, lock_path, take_lock

STOP = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", "reply-1", 51.0)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path)


def noted(store: SqliteStore) -> int:
    with store.read() as facts:
        return facts.opt_outs_noted


def opt_out(store: SqliteStore, *names: str) -> None:
    with open_deliveries(store.place, IDENTITY) as kept:
        kept.put_signals(replace(STOP, evidence=name) for name in names)


def note(store: SqliteStore, count: int) -> bool:
    return access.note_opt_outs(store.place, IDENTITY, OWNER, count)


def test_it_is_noted_outside_of_runs_and_never_shrinks(store: SqliteStore) -> None:
    assert noted(store) == 0
    for count, known in ((3, 3), (2, 3), (3, 3), (4, 4)):
        assert note(store, count)
        assert noted(store) == known
    with store.hold() as ledger:
        ledger.note_opt_outs(9)
        ledger.note_opt_outs(8)
    assert noted(store) == 9


def test_a_run_notes_what_was_written_before_and_during_it(store: SqliteStore) -> None:
    opt_out(store, "one", "two")
    with store.hold() as ledger:
        assert noted(store) == 0
        ledger.begin(OWNER, now=2.0)
        assert noted(store) == 2
        opt_out(store, "three")
        assert not note(store, 3)
        assert noted(store) == 2
        ledger.end(now=3.0, ending="finished", requests=0)
    assert noted(store) == 3


def test_another_ledger_is_not_written_to(store: SqliteStore) -> None:
    with pytest.raises(LedgerForeign):
        access.note_opt_outs(store.place, replace(IDENTITY, ledger="two"), OWNER, 3)
    assert noted(store) == 0


@pytest.mark.parametrize("value", ["many", "-1", "٣", "9" * 50])
def test_a_note_that_is_no_count_is_damage(store: SqliteStore, tmp_path: Path, value: str) -> None:
    with closing(open_to_write(tmp_path / "test.db", "one")) as ledger:
        ledger._connection.execute("INSERT INTO meta VALUES ('opt_outs', ?)", (value,))
    with pytest.raises(LedgerDamaged, match="count of opt-outs"):
        noted(store)


def test_a_run_that_begins_while_something_is_noted_waits_for_a_moment(tmp_path: Path) -> None:
    ledger = tmp_path / "test.db"
    lock = take_lock(ledger, replace(OWNER, command=NOTING), since="now")
    ends: list[str] = []

    def end() -> None:
        ends.append("noted")
        lock.release()

    threading.Timer(0.1, end).start()
    take_lock(ledger, OWNER, since="now").release()
    assert ends == ["noted"]


def test_nobody_waits_for_a_run(tmp_path: Path) -> None:
    ledger = tmp_path / "test.db"
    lock = take_lock(ledger, OWNER, since="now")
    for owner in (OWNER, replace(OWNER, command=NOTING)):
        with pytest.raises(LedgerBusy):
            take_lock(ledger, owner, since="now")
    lock_path(ledger).write_bytes(b"")  # held without a name: on a full disk
    with pytest.raises(LedgerBusy):
        take_lock(ledger, OWNER, since="now")
    lock.release()


def test_a_place_that_takes_no_lock_takes_no_note(store: SqliteStore, tmp_path: Path) -> None:
    lock_path(tmp_path / "test.db").unlink(missing_ok=True)
    lock_path(tmp_path / "test.db").mkdir()
    assert not note(store, 3)
    assert noted(store) == 0


def test_an_unreadable_mirror_begins_no_run(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "test.db.opt-outs").write_text("two")
    with store.hold() as ledger, pytest.raises(LedgerTrouble, match="opt-outs can't be read"):
        ledger.begin(OWNER, now=2.0)


@pytest.mark.process
def test_a_server_needs_no_note(tmp_path: Path) -> None:
    store = PostgresStore(tmp_path)
    with open_deliveries(store.place, IDENTITY) as kept:
        kept.put_signals([STOP])
    with store.hold() as ledger:
        ledger.begin(OWNER, now=2.0)
        ledger.note_opt_outs(9)
        assert access.note_opt_outs(store.place, IDENTITY, OWNER, 9)
        assert ledger.opt_outs_noted == 1
