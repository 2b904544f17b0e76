"""Commands that verified a ledger and began no run, or one that planned nothing, leave it sealed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record, settle
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import Change, SendIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import closed_after, open_to_write
from sendspec.ledger.sqlite.progress_mirror import mirror_path
from sendspec.ledger.sqlite.seal import file_state, read_seal, seal_path, write_seal
from sendspec.ledger.verified_point import Seal, VerifiedPoint
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.reading.environment import LedgerFile


def opened(path: Path, now: float | None = 50.0, *, trusts_seal: bool = True) -> SqliteLedger:
    return open_to_write(path, "one", trusts_seal=trusts_seal, now=now)


def seal_of(path: Path) -> Seal:
    seal = read_seal(path, "one", None)
    assert seal is not None
    return seal


def reads_all(path: Path) -> bool:
    """Whether the next send verifies all of the ledger. Writes no seal."""
    ledger = opened(path)
    ledger.abandon()
    return ledger._is_wholly_checked


@pytest.fixture
def sent(path: Path) -> Path:
    """A ledger with eight messages accepted, and a seal that covers none of them."""
    ledger = opened(path, None)
    ledger.begin(OWNER, now=10.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=10.0)
    for identity, attempt in claim(ledger, *IDS).items():
        settle(ledger, identity, attempt, State.ACCEPTED)
    ledger.end(now=10.0, ending="finished", requests=8)
    ledger.close()
    assert seal_of(path) == Seal(VerifiedPoint(0, 0, 0), 0, 1, 16, (), 10.0)
    return path


@pytest.mark.parametrize("trusts_seal", [True, False])
def test_a_whole_check_without_a_run_seals_the_ledger(sent: Path, trusts_seal: bool) -> None:
    seal_path(sent).unlink()
    opened(sent, None, trusts_seal=trusts_seal).close()
    assert not seal_path(sent).exists()
    opened(sent, trusts_seal=trusts_seal).close()
    assert seal_of(sent) == Seal(VerifiedPoint(16, 8, 8), 16, 1, 16, (), wholly_read_at=50.0)
    assert not reads_all(sent)


def test_a_whole_check_by_another_command_counts_as_one(sent: Path) -> None:
    opened(sent, 60.0, trusts_seal=False).close()
    assert seal_of(sent) == Seal(VerifiedPoint(16, 8, 8), 16, 1, 16, (), wholly_read_at=60.0)


@pytest.mark.parametrize("now", [50.0, None])
def test_what_is_new_is_verified_once_and_not_by_each_command_without_a_run(sent: Path, now: float | None) -> None:
    opened(sent, now).close()
    assert seal_of(sent) == Seal(VerifiedPoint(16, 8, 8), 16, 1, 16, (), wholly_read_at=10.0)
    written = seal_path(sent).stat()
    opened(sent, now).close()
    assert seal_path(sent).stat() == written  # nothing is new, and nothing is written


@pytest.mark.parametrize("whole", [True, False])
def test_messages_of_a_dead_run_are_recovered_after_any_number_of_commands_without_a_run(
    sent: Path, whole: bool
) -> None:
    """Verified up to and recovered up to are two places: claims were verified that no run has recovered yet."""
    ledger = opened(sent)
    ledger.begin(OWNER, now=20.0)
    more = [bytes([n]) * 16 for n in range(50, 54)]
    ledger.put_planned(SEND, map(record, [*IDS, *more]), b"p" * 32, now=20.0)
    claim(ledger, *more[:2])
    ledger.end(now=20.0, ending="finished", requests=0)  # as if it had lost the answers
    ledger.close()
    if whole:
        seal_path(sent).unlink()
    for _ in range(3):
        opened(sent).close()
        assert seal_of(sent).point == VerifiedPoint(18, 12, 12)
        assert seal_of(sent).recovered == (0 if whole else 16)
    ledger = opened(sent)
    assert not ledger._is_wholly_checked
    assert ledger.begin(OWNER, now=30.0).recovered == 2
    assert ledger.states("hello", 1) == {State.ACCEPTED: 8, State.IN_DOUBT: 2, State.PLANNED: 2}
    ledger.end(now=30.0, ending="finished", requests=0)
    ledger.close()
    assert seal_of(sent).recovered == 18
    opened(sent).close()
    assert seal_of(sent).recovered == 20


@pytest.mark.process
def test_a_killed_run_is_recovered_after_commands_without_a_run(sent: Path) -> None:
    """The run that dies has committed claims in its log, and has no seal."""
    killed = """
import os, sys
from pathlib import Path
from ledger_samples import IDS, OWNER, SEND, claim, record
from sendspec.ledger.sqlite.opening import open_to_write
ledger = open_to_write(Path(sys.argv[1]), "one", trusts_seal=True)
ledger.begin(OWNER, now=20.0)
more = [bytes([n]) * 16 for n in range(50, 54)]
ledger.put_planned(SEND, map(record, [*IDS, *more]), b"p" * 32, now=20.0)
claim(ledger, *more[:3])
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", killed, str(sent)], env=_environ(), check=False)
    assert not seal_path(sent).exists()
    for _ in range(2):
        opened(sent).close()
        assert (seal_of(sent).point.moves, seal_of(sent).recovered) == (19, 0)
    ledger = opened(sent)
    assert not ledger._is_wholly_checked
    assert ledger.begin(OWNER, now=30.0).recovered == 3
    ledger.close()


def test_a_run_that_only_reconciles_needs_no_end(sent: Path) -> None:
    """A send that looks up doubts and is refused then writes no end."""
    ledger = opened(sent)
    ledger.begin(OWNER, now=20.0)
    ledger.put_planned(SEND, map(record, [*IDS, b"n" * 16]), b"p" * 32, now=20.0)
    [attempt] = claim(ledger, b"n" * 16).values()
    settle(ledger, b"n" * 16, attempt, State.IN_DOUBT)
    ledger.end(now=20.0, ending="finished", requests=1)
    ledger.close()
    ledger = opened(sent)
    ledger.begin(OWNER, now=30.0)
    ledger.note_absent([(b"n" * 16, attempt)], now=30.0)
    found = Change(id=b"n" * 16, attempt=attempt, to=State.ACCEPTED, remote_id="id-2", reason="the API has it")
    ledger.move(MOVE_BY_NAME["find"], [found], now=30.0)
    ledger.close()
    assert seal_of(sent) == Seal(VerifiedPoint(18, 9, 9), 18, 3, 19, (), 10.0)
    damage(sent, "UPDATE message SET digest = zeroblob(24) WHERE id = ?", b"n" * 16)
    with pytest.raises(LedgerDamaged, match="checksum"):
        opened(sent)


def damage(path: Path, sql: str, *parameters: object) -> None:
    """Changes rows as damage below the file system would: the seal still matches."""
    seal = seal_of(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(sql, parameters)
    connection.close()
    state = file_state(path)
    assert state is not None
    write_seal(path, "one", None, seal, state)
    assert seal_of(path) == seal


def test_a_damaged_send_that_was_found_moves_no_point(sent: Path) -> None:
    """Nothing is noted of a ledger with which there was trouble."""
    opened(sent).close()
    damage(sent, "UPDATE message SET digest = zeroblob(24) WHERE id = ?", IDS[3])
    before = seal_path(sent).read_bytes()
    ledger = opened(sent)
    with pytest.raises(LedgerDamaged, match="checksum"), closed_after(ledger):
        ledger.check_sends({"hello"})
    assert seal_path(sent).read_bytes() == before
    seal_path(sent).unlink()
    damaged = access.hold(
        LedgerFile(sent, durable=True), LedgerIdentity("one", b""), OWNER, since="", ci=False, now=9.0
    )
    with pytest.raises(LedgerDamaged), damaged:
        raise AssertionError("it was opened")
    assert not seal_path(sent).exists()


def test_trouble_with_a_ledger_leaves_no_new_seal(sent: Path) -> None:
    seal_path(sent).unlink()
    with pytest.raises(LedgerTrouble), closed_after(opened(sent)):
        raise LedgerTrouble("it can't be read", "look")
    assert not seal_path(sent).exists()
    with pytest.raises(KeyError), closed_after(opened(sent)):
        raise KeyError("somebody declined")
    assert not reads_all(sent)


def test_a_run_that_could_not_begin_leaves_no_seal(sent: Path) -> None:
    """Its epoch is committed, and its mirror can't be written."""
    ledger = opened(sent)
    mirror_path(sent).unlink()
    mirror_path(sent).mkdir()
    with pytest.raises(LedgerUnwritable):
        ledger.begin(OWNER, now=20.0)
    ledger.close()
    assert not seal_path(sent).exists()


def test_a_purge_that_finds_nothing_leaves_the_proof(sent: Path) -> None:
    for before, wholly in ((1.0, False), (99.0, True), (99.0, False)):
        ledger = opened(sent)
        ledger.begin(OWNER, now=20.0)
        assert ledger.purge(before=before) == (8 if wholly else 0)
        ledger.end(now=20.0, ending="finished", requests=0)
        ledger.close()
        assert reads_all(sent) is wholly


def test_a_purge_of_messages_without_moves_leaves_no_proof(sent: Path) -> None:
    ledger = opened(sent)
    ledger.begin(OWNER, now=20.0)
    ledger.put_baselined(SendIdentity("earlier", 1, "earlier.yaml"), [record(b"e" * 16)], now=1.0)
    assert ledger.purge(before=2.0) == 1
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger.close()
    assert reads_all(sent)


def test_a_purge_of_moves_alone_leaves_no_proof(sent: Path) -> None:
    """An event may get its reason after the message was purged."""
    connection = sqlite3.connect(sent)
    connection.execute("UPDATE message SET masked = ''")
    connection.commit()
    connection.close()
    ledger = opened(sent)
    ledger.begin(OWNER, now=20.0)
    assert ledger.purge(before=99.0) == 0
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger.close()
    assert reads_all(sent)


def test_what_is_written_while_no_run_is_begun_is_not_sealed_unseen(sent: Path) -> None:
    """Somebody writes to the file while a command has it open."""
    ledger = opened(sent)
    os.utime(sent, ns=(1, 1))
    ledger.close()
    assert reads_all(sent)


@contextmanager
def writes(folder: Path) -> Iterator[list[str]]:
    """What the block writes that a power cut could undo, in its order: names removed and given, files synced, and statements of SQLite."""
    found: list[str] = []

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event in ("os.remove", "os.rename"):
            found.append(f"{event[3:]} {Path(str(arguments[-2 if event == 'os.remove' else 1])).name}")

    def synced(fd: Any) -> None:
        sync(fd)
        name = Path(f"/proc/self/fd/{fd}").readlink()
        found.append("sync the folder" if name == folder else f"sync {name.name}")

    def traced(*arguments: Any, **named: Any) -> Any:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(found.append)
        return connection

    listening = True
    sys.addaudithook(audit)
    connect, sqlite3.connect, sync, os.fsync = sqlite3.connect, traced, os.fsync, synced
    try:
        yield found
    finally:
        listening = False
        sqlite3.connect, os.fsync = connect, sync


@pytest.mark.parametrize("has_seal", [True, False])
def test_no_power_cut_leaves_a_seal_of_another_state_of_the_ledger(sent: Path, has_seal: bool) -> None:
    """The old seal is gone for good before a run writes, and the new one comes after the last sync of the ledger.

    SQLite syncs each commit (`make_durable`), and its checkpoint syncs the file.
    """
    if not has_seal:  # a killed run may have removed it, and not synced its folder
        seal_path(sent).unlink()
    with writes(sent.parent) as found:
        ledger = opened(sent)
        assert ledger._value("PRAGMA synchronous") >= 2  # FULL
        found.clear()
        ledger.begin(OWNER, now=20.0)
        begun = found.copy()
        ledger.end(now=20.0, ending="finished", requests=0)
        found.clear()
        ledger.close()
        closed = found.copy()
    order = [words for words in begun if words.startswith(("remove test.db.seal", "sync", "BEGIN"))]
    assert order[:3] == ["remove test.db.seal", "sync the folder", "BEGIN IMMEDIATE"]
    assert_seals_last(closed)


def assert_seals_last(closed: list[str]) -> None:
    """The seal is whole and synced before it gets its name, and that comes after SQLite's last statement."""
    made = f".test.db.seal.{os.getpid()}"
    checkpoint, *sealing = closed[-5:]
    assert checkpoint.startswith("PRAGMA wal_checkpoint")
    assert sealing == [f"remove {made}", f"sync {made}", "rename test.db.seal", "sync the folder"]


def test_a_command_without_a_run_writes_the_seal_and_nothing_else(sent: Path) -> None:
    with writes(sent.parent) as found:
        opened(sent).close()
    assert_seals_last(found)
    assert not [
        words for words in found if words.startswith(("remove test.db.seal", "INSERT", "UPDATE", "DELETE", "COMMIT"))
    ]
    with writes(sent.parent) as found:
        opened(sent).close()
    assert not [words for words in found if words.startswith(("sync", "remove", "rename"))]


KILLED = """
import os, sys
from pathlib import Path
from ledger_samples import IDS, OWNER
from sendspec.ledger.sqlite.opening import open_to_write
step = int(sys.argv[3])
def audit(event, arguments):
    global step
    if event in ("open", "os.rename", "os.remove", "sqlite3.connect", "os.truncate", "sqlite3.connect/handle"):
        step -= 1
        if step < 0:
            os.kill(os.getpid(), 9)
ledger = open_to_write(Path(sys.argv[1]), "one", trusts_seal=True, now=50.0)
sys.addaudithook(audit)
if sys.argv[2] == "begins":
    ledger.begin(OWNER, now=40.0)
ledger.close()
os._exit(7)
"""


@pytest.mark.process
@pytest.mark.parametrize("does", ["begins", "closes"])
@pytest.mark.parametrize("has_seal", [True, False])
def test_a_kill_at_any_step_never_leaves_a_seal_that_proves_too_much(sent: Path, does: str, has_seal: bool) -> None:
    for step in range(40):
        if not has_seal:
            seal_path(sent).unlink(missing_ok=True)
        done = subprocess.run([sys.executable, "-c", KILLED, str(sent), does, str(step)], env=_environ(), check=False)
        seal = read_seal(sent, "one", None)
        ledger = opened(sent, None)
        if not ledger._is_wholly_checked:
            assert seal is not None
            assert (seal.epoch, seal.moves) == (ledger.epoch, ledger.moves)
        ledger.abandon()
        if done.returncode == 7:
            break
        assert done.returncode == -9
    else:
        raise AssertionError("it has no end")
    assert step >= 2
    assert not reads_all(sent)


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
