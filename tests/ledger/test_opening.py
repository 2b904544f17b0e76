"""Making and opening ledgers, their lock and the files beside them: what is refused, in which words, and what it leaves."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims import claims
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerDamaged,
    LedgerForeign,
    LedgerRolledBack,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.record import PlannedRecord, RunOwner, SpecIdentity
from sendspec.ledger.sqlite.connection import connect_to_read
from sendspec.ledger.sqlite.creation import create_ledger, make_ledger
from sendspec.ledger.sqlite.location import refuse_network
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, mirror_path, read_mirror, write_mirror
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.planning.message_state import State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
FRESH = LedgerIdentity("one", b"s" * 32)
IDS = [bytes([n]) * 16 for n in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


def send_once(path: Path) -> None:
    """A run that claims its four messages and dies."""
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    records = [PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+31••••••78") for identity in IDS]
    ledger.put_planned(SpecIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0)
    ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    ledger.close()


# ── making ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def make(path: Path, identities: Path, fresh: LedgerIdentity = FRESH) -> LedgerIdentity:
    return make_ledger(path, identities, "production", fresh, OWNER, since="now", now=1.0)


def test_a_ledger_is_made_with_its_identity_beside_the_project(tmp_path: Path) -> None:
    path, identities = tmp_path / "new" / "test.db", tmp_path / "sendspec.lock"
    assert make(path, identities) == FRESH
    assert read_identities(identities) == {"production": FRESH}
    ledger = open_to_write(path, "one", salt=FRESH.salt)
    assert ledger.salt_check == FRESH.salt_check
    assert bytes(32).hex() not in FRESH.salt_check
    assert FRESH.salt.hex() not in FRESH.salt_check
    ledger.close()
    take_lock(path, OWNER, since="later").release()


def test_a_known_salt_is_kept_so_that_every_message_keeps_its_id(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    write_identity(identities, "production", LedgerIdentity("earlier", b"e" * 32))
    made = make(path, identities)
    assert made == LedgerIdentity("one", b"e" * 32)
    assert read_identities(identities) == {"production": made}


def test_a_ledger_that_is_there_keeps_its_identity_and_gives_the_lock_back(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    make(path, identities)
    with pytest.raises(LedgerTrouble, match="already"):
        make(path, identities, LedgerIdentity("two", b"t" * 32))
    assert read_identities(identities) == {"production": FRESH}
    open_to_write(path, "one").close()
    take_lock(path, OWNER, since="later").release()


def test_another_salt_than_the_ledgers_is_refused_as_it_would_send_everything_again(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    make(path, identities)
    other = LedgerIdentity("one", b"o" * 32)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerForeign, match="salt"):
            opening(path, "one", salt=other.salt)


def test_a_folder_that_can_not_be_made_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerUnwritable, match="file"):
        create_ledger(tmp_path / "file" / "test.db", "one", now=1.0)


def test_on_a_full_disk_no_half_ledger_appears(tmp_path: Path, no_room: Any) -> None:
    path = tmp_path / "test.db"
    with no_room(), pytest.raises(LedgerUnwritable, match=str(path)):
        create_ledger(path, "one", now=1.0)
    assert list(tmp_path.iterdir()) == []
    create_ledger(path, "one", now=1.0)
    open_to_write(path, "one").close()


def test_a_name_that_the_file_system_does_not_take_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / ("l" * 252)
    with pytest.raises(LedgerUnwritable, match="name too long"):
        create_ledger(path, "one", now=1.0)
    assert list(tmp_path.iterdir()) == []


before_links: dict[str, Callable[[], object]] = {}
"""What happens right before a file gets that name."""


def _before_link(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "os.link":
        before_links.pop(os.fspath(arguments[1]), int)()


sys.addaudithook(_before_link)


def test_of_two_that_make_one_ledger_at_once_the_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    before_links[str(path)] = lambda: path.write_bytes(b"the first one's")
    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "two", now=1.0)
    assert before_links == {}
    assert path.read_bytes() == b"the first one's"
    assert [found.name for found in tmp_path.iterdir()] == ["test.db"]


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_place_that_can_not_be_looked_at_is_not_taken_for_an_empty_one(path: Path) -> None:
    assert ledger_is_there(path)
    assert not ledger_is_there(path.with_name("none.db"))
    with pytest.raises(LedgerUnwritable):
        ledger_is_there(path / "below.db")


def test_a_ledger_that_is_a_folder_can_not_be_opened(tmp_path: Path) -> None:
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerUnwritable, match=r"can't be (opened|read)"):
            opening(tmp_path, "one")


def test_a_connection_that_only_reads_is_no_ledger_to_write(path: Path) -> None:
    ledger = open_to_write(path, "one", connect_to_read)
    with pytest.raises(LedgerUnwritable, match="can't be written") as trouble:
        ledger.begin(OWNER, now=2.0)
    assert "writable" in trouble.value.fix
    ledger.abandon()
    assert read_mirror(path) == LedgerProgress(0, 0)


def test_without_the_file_that_a_log_needs_a_still_ledger_can_be_read(path: Path) -> None:
    send_once(path)
    assert not path.with_name("test.db-wal").exists()
    path = path.rename(path.with_name("x" * 252))  # with an ending, too long for a name
    with pytest.raises(LedgerUnwritable):
        open_to_read(path, "one", lambda name: connect_to_read(name))
    ledger = open_to_read(path, "one")
    assert ledger.states("hello", 1) == {State.SENDING: 4}
    ledger.close()
    with pytest.raises(LedgerForeign):
        open_to_read(path, "two")


def test_a_ledger_with_writes_in_its_log_is_never_read_without_them(path: Path) -> None:
    (path.with_name("test.db-wal") / "writes").mkdir(parents=True)
    with pytest.raises(LedgerUnwritable):
        open_to_read(path, "one")


def test_where_no_log_can_be_had_nothing_is_written(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")

    def without_shared_memory(name: str) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{name}?mode=rw&vfs=unix-dotfile", uri=True, isolation_level=None)

    with pytest.raises(LedgerUnwritable, match="write-ahead log"):
        open_to_write(path, "one", without_shared_memory)


def test_a_version_that_never_was_is_a_damage(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerDamaged, match="version 0"):
            opening(path, "one")


def test_without_a_file_to_be_had_the_table_of_mounts_is_passed_over_and_the_ledger_refused(
    path: Path, no_more_files: Any
) -> None:
    with no_more_files(), pytest.raises(LedgerUnwritable, match="can't be opened"):
        open_to_write(path, "one")
    open_to_write(path, "one").close()


def test_a_ledger_that_lost_moves_of_its_last_run_is_refused_and_says_how_many(path: Path) -> None:
    send_once(path)
    write_mirror(path, 1, 9)
    with pytest.raises(LedgerRolledBack, match="lost the latest 5 moves"):
        open_to_write(path, "one")
    with pytest.raises(LedgerRolledBack, match="lost the latest 5 moves"):
        open_to_read(path, "one", latest=True)
    looked_at = open_to_read(path, "one")  # as `ledger check` does, which tells it
    assert looked_at.lost() == "lost the latest 5 moves of its last run"
    looked_at.close()
    write_mirror(path, 1, 4)
    open_to_read(path, "one", latest=True).close()
    open_to_write(path, "one").close()


def test_lines_of_the_table_of_mounts_that_say_nothing_are_passed_over() -> None:
    refuse_network(Path("/mnt/ledger.db"), "\nnothing here\n/dev/sda / ext4 rw 0 0\n")
    with pytest.raises(LedgerTrouble, match="nfs"):
        refuse_network(Path("/mnt/ledger.db"), "\nnothing here\nserver:/ /mnt nfs rw 0 0\n")


def test_of_mounts_within_each_other_the_innermost_counts() -> None:
    mounts = ["/dev/sda / ext4 rw", "server:/ /srv nfs rw", "/dev/sdb /srv/disk ext4 rw"]
    for listed in (mounts, mounts[::-1]):
        refuse_network(Path("/srv/disk/ledger.db"), "\n".join(listed))
        with pytest.raises(LedgerTrouble, match="nfs"):
            refuse_network(Path("/srv/other/ledger.db"), "\n".join(listed))


# ── the mirror of the progress ───────────────────────────────────────────────────────────────────────────────────────


def test_the_mirror_gives_back_what_was_written(path: Path) -> None:
    write_mirror(path, 3, 41)
    assert read_mirror(path) == LedgerProgress(3, 41)
    mirror_path(path).write_text("7\n")
    assert read_mirror(path) == LedgerProgress(7, 0)


@pytest.mark.parametrize("content", [b"", b"one 2", b"1 2 3", b"-1", b"1 -2", "３ 4 õ".encode(), b"\xff"])
def test_a_mirror_that_makes_no_sense_is_refused_and_not_passed_over(path: Path, content: bytes) -> None:
    mirror_path(path).write_bytes(content)
    with pytest.raises(LedgerTrouble, match="can't be read"):
        open_to_write(path, "one")
    mirror_path(path).unlink()
    mirror_path(path).mkdir()
    with pytest.raises(LedgerTrouble, match="can't be read"):
        read_mirror(path)


def test_a_mirror_that_can_not_be_written_stops_the_run_that_begins(path: Path, no_room: Any) -> None:
    write_mirror(path, 0, 0)
    with no_room(), pytest.raises(LedgerUnwritable, match="epoch"):
        write_mirror(path, 1, 2)
    assert read_mirror(path) == LedgerProgress(0, 0)
    assert [found.name for found in path.parent.iterdir() if found.name.startswith(".")] == []


# ── the identities ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_file_of_a_later_format_asks_for_a_later_program(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    file.write_text(json.dumps({"lock": 2, "environments": {}}))
    with pytest.raises(LedgerTrouble, match="format 2") as trouble:
        read_identities(file)
    assert trouble.value.fix == "update sendspec"


def test_a_lock_file_that_finds_no_room_stays_as_it_was(tmp_path: Path, no_room: Any) -> None:
    file = tmp_path / "sendspec.lock"
    write_identity(file, "production", FRESH)
    before = file.read_bytes()
    with no_room(), pytest.raises(LedgerUnwritable, match=r"sendspec\.lock can't be written") as trouble:
        write_identity(file, "staging", LedgerIdentity("two", b"t" * 32))
    assert trouble.value.fix.startswith("make room")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


# ── the run lock ─────────────────────────────────────────────────────────────────────────────────────────────────────


def lock_file(path: Path) -> Path:
    return path.with_name("test.db.lock")


@pytest.mark.parametrize(("make", "kind"), [(os.mkdir, "is a folder"), (os.mkfifo, "is a pipe")])
def test_what_is_no_file_is_no_lock(path: Path, make: Callable[[Path], None], kind: str) -> None:
    make(lock_file(path))
    with pytest.raises(LedgerUnwritable, match=f"{kind}, in the place of the lock"):
        take_lock(path, OWNER, since="now")


def test_a_lock_that_can_not_be_opened_is_no_lock(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(lock_file(path)))
        with pytest.raises(LedgerUnwritable, match="can't be written"):
            take_lock(path, OWNER, since="now")


def held(path: Path, content: bytes) -> int:
    """The lock's file with this content, locked; returns its descriptor."""
    lock_file(path).write_bytes(content)
    descriptor = os.open(lock_file(path), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"pid": 1}', b'{"pid": "x", "host": "here", "since": 1}', b"\xff"]
)
def test_a_lock_whose_owner_has_not_written_its_name_is_held_all_the_same(path: Path, content: bytes) -> None:
    descriptor = held(path, content)
    with pytest.raises(LedgerBusy) as busy:
        take_lock(path, OWNER, since="now")
    os.close(descriptor)
    assert busy.value.problem == "another run holds the ledger"
    assert lock_file(path).read_bytes() == content


@pytest.mark.parametrize("host", ["here", "there"])
def test_an_owner_whose_state_is_not_known_is_not_called_stopped(path: Path, host: str) -> None:
    descriptor = held(path, json.dumps({"pid": 2**30, "host": host, "since": "noon"}).encode())
    with pytest.raises(LedgerBusy) as busy:
        take_lock(path, OWNER, since="now")
    os.close(descriptor)
    assert busy.value.problem == f"another run holds the ledger: process {2**30} on {host}, since noon"


def test_on_a_full_disk_the_lock_holds_without_a_name_in_it(path: Path, no_room: Any) -> None:
    with no_room():
        lock = take_lock(path, OWNER, since="now")
        with pytest.raises(LedgerBusy, match="another run holds the ledger"):
            take_lock(path, OWNER, since="now")
    lock.release()
    take_lock(path, OWNER, since="now").release()


WITHOUT_LOCKS = """
import sys
from pathlib import Path
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.record import RunOwner
try:
    take_lock(Path(sys.argv[1]), RunOwner(pid=1, host="here", command="send"), since="now")
except LedgerUnwritable as trouble:
    print(trouble.problem, trouble.fix, sep=chr(10))
"""


def test_where_files_can_not_be_locked_no_run_begins(path: Path) -> None:
    done = subprocess.run(
        ["strace", "-o", os.devnull, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK",
         sys.executable, "-c", WITHOUT_LOCKS, str(path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{lock_file(path)} can't be locked: no locks available",
        "put the ledger on a local disk",
    ]
