"""A sealed ledger is verified where it is new; whatever else happened to its file, all of it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import DIGEST, IDS, OWNER, SEND, claim, record, settle
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerLinked, LedgerRolledBack, LedgerUnwritable
from sendspec.ledger.record import Change, SendIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import mirror_path, write_mirror
from sendspec.ledger.sqlite.seal import file_state, machine_mark, read_seal, seal_path, write_seal
from sendspec.ledger.verified_point import Seal, VerifiedPoint
from sendspec.planning.message_state import MOVE_BY_NAME, State

LATER = SendIdentity("later", 1, "later.yaml")
NEW = [bytes([n]) * 16 for n in range(100, 108)]
SCRIBBLED = DIGEST[:16] + b"D" + DIGEST[17:]


def opened(path: Path) -> SqliteLedger:
    return open_to_write(path, "one", trusts_seal=True)


def run(path: Path, ids: list[bytes], send: SendIdentity = LATER, at: float = 10.0) -> None:
    """A whole run: plans messages, sends them and ends."""
    ledger = opened(path)
    ledger.begin(OWNER, now=at)
    ledger.put_planned(send, map(record, ids), b"p" * 32, now=at)
    for identity, attempt in claim(ledger, *ids).items():
        settle(ledger, identity, attempt, State.ACCEPTED)
    ledger.end(now=at, ending="finished", requests=len(ids))
    ledger.close()


@pytest.fixture
def sealed(path: Path) -> Path:
    """A ledger with a seal that covers the eight messages of `hello`; `later` has four, written since."""
    run(path, IDS, SEND)
    run(path, NEW[:4])
    seal = read_seal(path, "one", None)
    assert seal is not None
    assert seal.point == VerifiedPoint(16, 8, 8)
    assert seal.moves == 24
    return path


def seal_of(path: Path) -> Seal:
    seal = read_seal(path, "one", None)
    assert seal is not None
    return seal


def reads_all(path: Path) -> bool:
    """Whether the next send verifies all of the ledger. Writes no seal."""
    ledger = opened(path)
    ledger.abandon()
    return ledger._is_wholly_checked


def scribble(path: Path, old: bytes, new: bytes) -> None:
    """Changes the file at the place where `old` is, as a program does."""
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new))


def scribble_unseen(path: Path, sql: str, *parameters: object) -> None:
    """Changes rows as damage below the file system would: the seal still matches."""
    seal = read_seal(path, "one", None)
    assert seal is not None
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(sql, parameters)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    state = file_state(path)
    assert state is not None
    write_seal(path, "one", None, seal, state)
    assert read_seal(path, "one", None) == seal


def test_a_ledger_that_only_its_runs_wrote_is_verified_where_it_is_new(sealed: Path) -> None:
    assert not reads_all(sealed)
    scribble_unseen(sealed, "UPDATE message SET digest = ? WHERE id = ?", SCRIBBLED, IDS[0])
    ledger = opened(sealed)
    ledger.check_sends({"later"})
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        ledger.check_sends({"hello"})
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        ledger.check_sends(None)
    ledger.close()
    with pytest.raises(LedgerDamaged, match="a message doesn't match its checksum"):
        open_to_write(sealed, "one")


def test_the_seal_of_a_run_covers_what_was_verified_before_it_and_not_what_it_wrote(sealed: Path) -> None:
    run(sealed, NEW[4:6], at=20.0)
    seal = read_seal(sealed, "one", None)
    assert seal == Seal(VerifiedPoint(24, 12, 12), recovered=24, epoch=3, moves=28, replanned=(), wholly_read_at=10.0)


DAMAGE = {
    "a row that was added": ("UPDATE message SET digest = ? WHERE id = ?", (SCRIBBLED, NEW[1]), "checksum"),
    "two rows that were added": ("UPDATE message SET receiver = ? WHERE spec = 2", (b"x" * 16,), "4 messages"),
    "a time that is none": ("UPDATE message SET updated_at = 1e300 WHERE id = ?", (NEW[1],), "a time that is none"),
    "a row that is gone": ("DELETE FROM message WHERE id = ?", (NEW[3],), "lacks the messages of 2 recorded moves"),
    "a move of no message": ("UPDATE event SET message = 99 WHERE number = 24", (), "lacks the messages of 1 recorded"),
    "an old row that is gone": ("UPDATE spec SET messages = 9 WHERE number = 1", (), "holds 12 messages and should hold 13"),
    "sends with each other's count": ("UPDATE spec SET messages = 12 - messages", (), "another number of messages"),
    "a plan of no send": ("UPDATE plan SET spec = 9 WHERE spec = 2", (), "lacks the sends of 1 plan"),
    "a time of a run": ("UPDATE run SET started_at = 1e300", (), "of run have a time that is none"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_in_what_was_written_since_the_point_is_found(sealed: Path, what: str) -> None:
    sql, parameters, words = DAMAGE[what]
    scribble_unseen(sealed, sql, *parameters)
    with pytest.raises(LedgerDamaged, match=words):
        opened(sealed)


def test_without_notes_of_counts_the_messages_of_sends_with_new_ones_are_counted(sealed: Path) -> None:
    scribble_unseen(sealed, "DELETE FROM meta WHERE name = 'tally'")
    assert not reads_all(sealed)
    scribble_unseen(sealed, "UPDATE spec SET messages = 12 - messages")
    with pytest.raises(LedgerDamaged, match="another number of messages"):
        opened(sealed)


@pytest.mark.parametrize("index", ["message_by_id", "message_by_spec"])
def test_a_new_message_that_an_index_lacks_is_found(sealed: Path, index: str) -> None:
    connection = sqlite3.connect(sealed, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    [(sql,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchall()
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (f"{sql} WHERE number <> 10", index))
    connection.close()
    connection = sqlite3.connect(sealed, isolation_level=None)
    connection.execute(f"REINDEX {index}")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, index))
    connection.close()
    state, seal = file_state(sealed), Seal(VerifiedPoint(16, 8, 8), 16, 2, 24, (), 10.0)
    assert state is not None
    write_seal(sealed, "one", None, seal, state)
    assert read_seal(sealed, "one", None) == seal
    with pytest.raises(LedgerDamaged, match="its indexes lack 1 message"):
        opened(sealed)


def test_rows_that_a_move_or_a_plan_changed_are_verified_though_they_are_old(path: Path) -> None:
    run(path, [], SEND)
    ledger = opened(path)
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    ledger.put_planned(LATER, map(record, NEW), b"p" * 32, now=2.0)
    ledger.end(now=2.0, ending="finished", requests=0)
    ledger.close()
    ledger = opened(path)
    ledger.begin(OWNER, now=3.0)
    changed = [record(IDS[0], b"e" * 24)]
    ledger.put_planned(SEND, changed, b"p" * 32, now=3.0)
    ledger.put_planned(LATER, map(record, NEW), b"p" * 32, now=3.0)  # as it was
    ledger.move(MOVE_BY_NAME["drop"], [Change(id=NEW[0], attempt=0, to=State.SKIPPED, reason="left")], now=3.0)
    ledger.end(now=3.0, ending="finished", requests=0)
    ledger.close()
    seal = read_seal(path, "one", None)
    assert seal is not None
    assert (seal.point.number, seal.replanned) == (16, ((1, 1),))
    for identity in (IDS[0], NEW[0]):
        scribble_unseen(path, "UPDATE message SET receiver = ? WHERE id = ?", b"x" * 16, identity)
        with pytest.raises(LedgerDamaged, match="checksum"):
            opened(path)
        scribble_unseen(path, "UPDATE message SET receiver = ? WHERE id = ?", b"r" * 16, identity)
    assert not reads_all(path)


def test_rows_that_were_only_planned_are_verified(sealed: Path) -> None:
    ledger = opened(sealed)
    ledger.begin(OWNER, now=20.0)
    ledger.put_planned(LATER, map(record, NEW), b"p" * 32, now=20.0)
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger.close()
    assert not reads_all(sealed)
    scribble_unseen(sealed, "UPDATE message SET state = 'accepted' WHERE id = ?", NEW[7])
    with pytest.raises(LedgerDamaged, match="checksum"):
        opened(sealed)


def restored_times(path: Path) -> None:
    """Scribbles, and puts the file's times back."""
    before = path.stat()
    scribble(path, DIGEST, SCRIBBLED)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def copied_over(path: Path) -> None:
    """Copies a scribbled ledger over the same inode."""
    other = path.with_name("other")
    shutil.copy2(path, other)
    scribble(other, DIGEST, SCRIBBLED)
    inode = path.stat().st_ino
    shutil.copy2(other, path)
    assert path.stat().st_ino == inode


def moved_over(path: Path) -> None:
    """Restores a scribbled copy, with its seal and mirror."""
    restored = path.with_name("restored")
    shutil.copy2(path, restored)
    scribble(restored, DIGEST, SCRIBBLED)
    restored.replace(path)


@pytest.mark.parametrize("happens", [restored_times, copied_over, moved_over])
def test_what_others_write_to_the_file_is_found_as_before(sealed: Path, happens: Callable[[Path], None]) -> None:
    happens(sealed)
    with pytest.raises(LedgerDamaged, match="checksum"):
        opened(sealed)


def test_a_cut_file_is_found_as_before(sealed: Path) -> None:
    sealed.write_bytes(sealed.read_bytes()[: sealed.stat().st_size // 2])
    with pytest.raises(LedgerDamaged):
        opened(sealed)


def links(path: Path) -> None:
    """Makes a second name, and removes it."""
    other = path.with_name("second")
    other.hardlink_to(path)
    with pytest.raises(LedgerLinked):
        opened(path)
    other.unlink()


def copies(path: Path) -> None:
    """Moves a copy of the ledger, its seal and its mirror into their places, with all their times."""
    for found in (path, seal_path(path)):
        shutil.copy2(found, found.with_name(f"{found.name}.copied"))
        found.with_name(f"{found.name}.copied").replace(found)


def is_a_folder(path: Path) -> None:
    seal_path(path).unlink()
    seal_path(path).mkdir()


def leaves_a_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(b"something that is no log")


def cuts_mark(path: Path) -> None:
    seal_path(path).write_bytes(seal_path(path).read_bytes()[:-10])


def forges(path: Path) -> None:
    """Moves the point by hand."""
    seal_path(path).write_bytes(seal_path(path).read_bytes().replace(b"[16, 8, 8]", b"[24, 12, 12]"))


def fills(content: bytes) -> Callable[[Path], None]:
    def happens(path: Path) -> None:
        seal_path(path).write_bytes(content)

    return happens


def seals_otherwise(
    ledger_id: str = "one", salt: bytes | None = None, machine: str | None = None, epoch: int = 2, moves: int = 24
) -> Callable[[Path], None]:
    def happens(path: Path) -> None:
        state = file_state(path)
        assert state is not None
        seal = Seal(VerifiedPoint(24, 12, 12), 24, epoch, moves, (), 9.0)
        write_seal(path, ledger_id, salt, seal, state, machine=machine)

    return happens


def lists_specs(path: Path) -> None:
    """A seal whose list is of specs with replaced messages, and not of ranges of messages."""
    state = file_state(path)
    assert state is not None
    replanned: Any = (1,)
    write_seal(path, "one", None, Seal(VerifiedPoint(24, 12, 12), 24, 2, 24, replanned, 9.0), state)


def sets_back(path: Path) -> None:
    """A seal that was written before the clock was set forward, or after it was set back."""
    os.utime(seal_path(path), ns=(1, path.stat().st_ctime_ns))


def is_linked(path: Path) -> None:
    seal_path(path).rename(path.with_name("elsewhere"))
    seal_path(path).symlink_to(path.with_name("elsewhere"))


UNPROVED: dict[str, Callable[[Path], None]] = {
    "the seal is gone": lambda path: seal_path(path).unlink(),
    "the seal is empty": fills(b""),
    "the seal is garbage": fills(b"\xff\0garbage\n\n\n"),
    "the seal is nested": fills(b"[" * 9_000 + b"\nx"),
    "the seal is long": fills(b"1" * 99_999),
    "the seal is cut": cuts_mark,
    "the seal is forged": forges,
    "the seal is a folder": is_a_folder,
    "the seal is a link": is_linked,
    "the seal is of another ledger": seals_otherwise(ledger_id="two"),
    "the seal is of another salt": seals_otherwise(salt=b"s" * 32),
    "the seal is of another machine": seals_otherwise(machine="other"),
    "the seal is of another run": seals_otherwise(epoch=1),
    "the seal is of another move": seals_otherwise(moves=23),
    "the seal is of an earlier format": lists_specs,
    "the seal is not later than the file": sets_back,
    "the file had a second name": links,
    "the file is a copy": copies,
    "the file has other times": lambda path: os.utime(path),
    "the file has another mode": lambda path: path.chmod(0o640),
    "there is a log": leaves_a_log,
}


@pytest.mark.parametrize("what", UNPROVED)
def test_without_a_proof_all_is_verified(sealed: Path, what: str) -> None:
    UNPROVED[what](sealed)
    assert reads_all(sealed)


def test_only_a_seal_that_fits_is_one(sealed: Path) -> None:
    seals_otherwise()(sealed)
    assert not reads_all(sealed)


def test_reading_leaves_the_seal(sealed: Path) -> None:
    reader = open_to_read(sealed, "one")
    assert reader.find_damage() == []
    reader.close()
    sqlite3.connect(f"file:{sealed}?mode=ro", uri=True).execute("SELECT count(*) FROM message").fetchall()
    assert not reads_all(sealed)


def test_reading_writes_no_seal(sealed: Path) -> None:
    seal_path(sealed).unlink()
    reader = open_to_read(sealed, "one", latest=True)
    assert reader.find_damage() == []
    reader.close()
    assert not seal_path(sealed).exists()


def test_a_seal_that_can_not_be_removed_stops_the_run_that_begins(sealed: Path) -> None:
    is_a_folder(sealed)
    ledger = opened(sealed)
    with pytest.raises(LedgerUnwritable, match=r"test\.db\.seal can't be written"):
        ledger.begin(OWNER, now=20.0)
    ledger.close()
    assert seal_path(sealed).is_dir()


def test_a_ledger_by_a_link_has_the_same_seal(sealed: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(sealed)
    assert not reads_all(link)
    run(link, NEW[4:5], at=30.0)
    assert not reads_all(sealed)


def test_a_lost_log_of_a_killed_run_is_told_by_the_mirror_as_before(sealed: Path) -> None:
    write_mirror(sealed, 3, 26)  # its seal is gone since it began, unless the disk brought it back
    assert read_seal(sealed, "one", None) is not None
    with pytest.raises(LedgerRolledBack):
        opened(sealed)


def test_a_run_that_begins_removes_the_seal(sealed: Path) -> None:
    ledger = opened(sealed)
    ledger.begin(OWNER, now=20.0)
    assert not seal_path(sealed).exists()
    ledger.close()


def planned_without_an_end(ledger: SqliteLedger) -> None:
    """A run that raises has no end."""
    ledger.put_planned(LATER, map(record, NEW), b"p" * 32, now=20.0)


def claimed_without_an_end(ledger: SqliteLedger) -> None:
    claim(ledger, NEW[0])


def broken(ledger: SqliteLedger) -> None:
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger.abandon()


def broken_after_its_end(ledger: SqliteLedger) -> None:
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger._broken = True


def purged(ledger: SqliteLedger) -> None:
    ledger.purge(before=99.0)
    ledger.end(now=20.0, ending="finished", requests=0)


def written_by_another(ledger: SqliteLedger) -> None:
    """Somebody writes to the file itself while the run is at work."""
    path = Path(ledger.path)
    ledger._checkpoint()
    os.utime(path, ns=(1, 1))
    ledger.end(now=20.0, ending="finished", requests=0)


def replaced(ledger: SqliteLedger) -> None:
    ledger.end(now=20.0, ending="finished", requests=0)
    ledger._still_mine = lambda: False


@pytest.mark.parametrize(
    "ends",
    [
        planned_without_an_end,
        claimed_without_an_end,
        broken,
        broken_after_its_end,
        purged,
        written_by_another,
        replaced,
    ],
)
def test_a_run_that_did_not_end_as_it_should_leaves_no_seal(sealed: Path, ends: Callable[[SqliteLedger], None]) -> None:
    ledger = opened(sealed)
    ledger.begin(OWNER, now=20.0)
    ends(ledger)
    ledger.close()
    assert not seal_path(sealed).exists()
    assert reads_all(sealed)


def test_a_reader_that_outlasts_the_run_keeps_its_log_and_there_is_no_seal(sealed: Path) -> None:
    reader = open_to_read(sealed, "one")
    reader.sends()
    run(sealed, NEW[4:5], at=20.0)
    assert read_seal(sealed, "one", None) is None
    reader.close()
    assert reads_all(sealed)


def test_messages_of_a_run_that_was_killed_are_in_doubt_on_a_ledger_verified_in_part(sealed: Path) -> None:
    ledger = opened(sealed)
    ledger.begin(OWNER, now=20.0)
    ledger.put_planned(LATER, map(record, NEW), b"p" * 32, now=20.0)
    claim(ledger, *NEW[4:6])
    ledger.end(now=20.0, ending="finished", requests=0)  # as if it had lost the answers
    ledger.close()
    for _ in range(2):
        opened(sealed).close()
        seal = seal_of(sealed)
        assert (seal.point, seal.recovered) == (
            VerifiedPoint(26, 16, 16),
            24,
        )  # nobody has recovered what was claimed since
    ledger = opened(sealed)
    assert not ledger._is_wholly_checked
    assert ledger.begin(OWNER, now=30.0).recovered == 2
    assert ledger.states("later", 1) == {State.ACCEPTED: 4, State.IN_DOUBT: 2, State.PLANNED: 2}
    ledger.close()


def test_a_second_opening_is_sealed_too(sealed: Path) -> None:
    for number in range(3):
        run(sealed, [NEW[4 + number]], at=20.0 + number)
        assert not reads_all(sealed)
    ledger = open_to_read(sealed, "one")
    assert ledger.find_damage() == []
    ledger.close()
    assert mirror_path(sealed).exists()


def test_a_file_system_that_counts_milliseconds_gets_no_seal(sealed: Path) -> None:
    state, seal = file_state(sealed), read_seal(sealed, "one", None)
    assert state is not None
    assert seal is not None
    seal_path(sealed).unlink()
    write_seal(sealed, "one", None, seal, (*state[:-1], state[-1] // 1_000_000 * 1_000_000))
    assert not seal_path(sealed).exists()
    write_seal(sealed, "one", None, seal, (*state[:-1], state[-1] + 10**15))  # its clock is ahead
    assert read_seal(sealed, "one", None) is None


def test_a_machine_is_told_by_its_id_or_else_by_its_name(tmp_path: Path) -> None:
    named, other = tmp_path / "machine-id", tmp_path / "other"
    named.write_text("one\n")
    other.write_text("two\n")
    missing = machine_mark(tmp_path / "none")
    assert len({machine_mark(named), machine_mark(other), missing}) == 3
    assert missing == machine_mark(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from ledger_samples import OWNER
from sendspec.ledger.sqlite import durable_rows, sealing
from sendspec.ledger.sqlite.opening import open_to_write
ledger = open_to_write(Path(sys.argv[1]), "one", trusts_seal=True)
ledger.begin(OWNER, now=40.0)
ledger.end(now=40.0, ending="finished", requests=0)
step = int(sys.argv[2])
def audit(event, arguments):
    global step
    if event in ("open", "os.rename", "os.remove", "sqlite3.connect", "os.truncate"):
        step -= 1
        if step < 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(audit)
ledger.close()
os._exit(7)
"""


@pytest.mark.process
def test_a_kill_at_any_step_of_closing_never_leaves_a_seal_that_proves_too_much(sealed: Path) -> None:
    for step in range(20):
        done = subprocess.run([sys.executable, "-c", KILLED, str(sealed), str(step)], env=_environ(), check=False)
        ledger = opened(sealed)
        seal = read_seal(sealed, "one", None)
        if not ledger._is_wholly_checked:
            assert seal is not None
            assert (seal.epoch, seal.moves) == (ledger.epoch, ledger.moves)
        ledger.close()
        if done.returncode == 7:
            break
        assert done.returncode == -9
    else:
        raise AssertionError("closing has no end")
    assert step >= 2
    assert not reads_all(sealed)


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
