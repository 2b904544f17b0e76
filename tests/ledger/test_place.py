"""Where a ledger really is, what is beside it, and what making one leaves to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import LedgerBusy, LedgerLinked, LedgerTrouble, LedgerUnwritable, SendspecError
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite import lock as lock_module
from sendspec.ledger.sqlite.epoch import LedgerProgress, read_progress
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.lock import folder_locked, lock_path, take_lock
from sendspec.ledger.sqlite.opening import create_ledger, make_ledger, open_to_read, open_to_write, unfinished_ledger
from sendspec.ledger.sqlite.place import half_made, open_beside, real_place, refuse_second_name

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
FRESH = LedgerIdentity("one", b"s" * 32, ".sendspec/test.db", ("w/c",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


def make(path: Path, identities: Path, **more: Any) -> LedgerIdentity:
    return make_ledger(path, identities, "production", FRESH, OWNER, since="now", now=1.0, **more)


def test_links_to_a_ledger_are_followed_outside_of_the_projects_own_folder(path: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "name.db").symlink_to("folder/test.db")
    assert real_place(tmp_path / "name.db") == path
    lock = take_lock(tmp_path / "name.db", OWNER, since="now")
    with pytest.raises(LedgerBusy):
        take_lock(path, OWNER, since="now")
    lock.release()
    (tmp_path / ".sendspec").symlink_to(tmp_path)
    with pytest.raises(LedgerLinked, match=r"\.sendspec is a link"):
        real_place(tmp_path / ".sendspec" / "test.db")


def test_a_second_name_is_refused_and_what_making_left_is_none(path: Path) -> None:
    left = path.with_name(".test.db.12")
    left.hardlink_to(path)
    refuse_second_name(path)
    assert left.exists()
    open_to_write(path, "one").close()
    assert not left.exists()
    path.with_name("other.db").hardlink_to(path)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerLinked, match="second name"):
            opening(path, "one")


def test_a_folder_that_can_not_be_read_is_not_taken_for_an_empty_one(path: Path) -> None:
    with pytest.raises(LedgerUnwritable):
        half_made(path / "below.db")


def test_files_beside_a_ledger_are_opened_as_themselves(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for name, kind in (("soft", "symlink_to"), ("hard", "hardlink_to")):
        getattr(tmp_path / name, kind)(precious)
        with pytest.raises(LedgerLinked):
            open_beside(tmp_path / name, os.O_RDWR | os.O_CREAT)
    with pytest.raises(IsADirectoryError):
        open_beside(tmp_path, os.O_RDONLY)
    assert precious.read_text() == "precious"


# ── locks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_no_lock_is_not_written_to_and_what_a_crash_left_of_one_is_taken(path: Path) -> None:
    for content in (b"", b'{"pi', bytes(40), b'{"pid": 12, "host": "he'):
        lock_path(path).write_bytes(content)
        take_lock(path, OWNER, since="now").release()
    lock_path(path).write_bytes(b"a letter")
    with pytest.raises(LedgerUnwritable, match="no lock of sendspec"):
        take_lock(path, OWNER, since="now")
    assert lock_path(path).read_bytes() == b"a letter"


def test_a_fork_leaves_the_lock_to_its_parent(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    assert lock.still_mine()
    lock_module._leave_to_parent()  # what a child does first
    assert not lock.still_mine()
    other = take_lock(path, OWNER, since="now")
    assert other.still_mine()
    other.release()
    words = lock_path(path).read_bytes()
    lock.release()  # does nothing: it isn't this process's
    assert lock_path(path).read_bytes() == words
    take_lock(path, OWNER, since="now").release()


@pytest.mark.process
def test_a_child_of_a_fork_holds_nothing_when_its_parent_is_gone(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(to_parent, b"!")
        os.close(to_child)
        os.read(from_parent, 1)
        os._exit(0)
    os.read(from_child, 1)
    os.close(lock._descriptor)  # as the kernel does for a process that was killed
    lock_module._locked.remove(lock._descriptor)
    take_lock(path, OWNER, since="now").release()
    for descriptor in (to_child, to_parent, from_parent, from_child):
        os.close(descriptor)
    os.waitpid(child, 0)


def test_one_at_a_time_changes_the_identities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "FOLDER_PAUSE_SECONDS", 0.0)
    with folder_locked(tmp_path), pytest.raises(LedgerBusy, match=r"sendspec\.lock"), folder_locked(tmp_path):
        raise AssertionError
    with folder_locked(tmp_path):
        lock_module._leave_to_parent()
    with folder_locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_locked_is_said() -> None:
    descriptor = os.open("/", os.O_PATH)  # flock(2): EBADF for such a one, as on some network file systems
    try:
        with pytest.raises(LedgerUnwritable, match="can't be locked: bad file descriptor"):
            lock_module._lock_folder(descriptor, Path("/"))
    finally:
        os.close(descriptor)


# ── identities ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_says_where_the_ledger_is_and_which_channels_it_has(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    left = tmp_path / ".sendspec.lock.12"
    left.write_text("half")
    write_identity(file, "production", FRESH)
    assert read_identities(file) == {"production": FRESH}
    assert not left.exists()


@pytest.mark.parametrize("more", [{}, {"file": "x.db"}])
def test_an_entry_of_an_earlier_release_is_read_and_kept(tmp_path: Path, more: dict[str, str]) -> None:
    file = tmp_path / "sendspec.lock"
    entry = {"ledger": "one", "salt": "ab" * 32, **more}
    file.write_text(json.dumps({"lock": 1, "environments": {"old": entry}}))
    write_identity(file, "new", FRESH)
    assert json.loads(file.read_text())["environments"]["old"] == entry


@pytest.mark.parametrize("wrong", [{"file": 1}, {"channels": "w/c"}, {"channels": [1]}, {"salt": "ab"}])
def test_an_entry_that_makes_no_sense_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    file = tmp_path / "sendspec.lock"
    entry = {"ledger": "one", "salt": "ab" * 32, **wrong}
    file.write_text(json.dumps({"lock": 1, "environments": {"old": entry}}))
    with pytest.raises(LedgerTrouble, match="can't be read"):
        read_identities(file)


def test_identities_are_not_read_by_way_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "sendspec.lock").symlink_to("elsewhere")
    with pytest.raises(LedgerTrouble, match="is a link"):
        read_identities(tmp_path / "sendspec.lock")


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("no folder")
    with pytest.raises(SendspecError, match="project"):
        read_identities(tmp_path / "project" / "sendspec.lock")


# ── making ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def begin_and_end(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
    """A run in a ledger that is being made."""
    assert ledger.salt_check == identity.salt_check
    ledger.begin(OWNER, now=2.0)
    ledger.end(now=3.0, ending="finished", requests=0)


def test_a_ledger_is_filled_before_it_can_be_found(tmp_path: Path) -> None:
    path, identities = tmp_path / "ledger" / "test.db", tmp_path / "sendspec.lock"

    def filling(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
        begin_and_end(ledger, identity)
        assert not path.exists()
        assert not identities.exists()

    make(path, identities, filling=filling)
    assert read_progress(path) == LedgerProgress(1, 0)
    assert sorted(found.name for found in path.parent.iterdir()) == ["test.db", "test.db.epoch", "test.db.lock"]
    open_to_write(path, "one", salt=FRESH.salt).close()


def test_what_fails_while_a_ledger_is_filled_leaves_nothing(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"

    def failing(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
        begin_and_end(ledger, identity)
        raise LedgerTrouble("something is wrong", "mend it")

    with pytest.raises(LedgerTrouble, match="something"):
        make(path, identities, filling=failing)
    assert [found.name for found in tmp_path.iterdir()] == ["test.db.lock"]


def test_a_ledger_that_was_to_be_named_is_named_by_the_next(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    create_ledger(tmp_path / ".test.db.12", "one", now=1.0)
    create_ledger(tmp_path / ".test.db.13", "another", now=1.0)
    write_identity(identities, "production", FRESH)
    assert unfinished_ledger(path, "one") == tmp_path / ".test.db.12"
    assert unfinished_ledger(path, "none") is None
    assert make(path, identities) == FRESH
    assert unfinished_ledger(path, "one") is None
    open_to_write(path, "one").close()
    assert sorted(found.name for found in tmp_path.iterdir()) == [
        "sendspec.lock", "test.db", "test.db.epoch", "test.db.lock",
    ]  # fmt: skip


def test_what_is_noted_stays_to_be_named_where_that_fails(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"

    def noted() -> None:
        write_identity(identities, "production", FRESH)
        path.write_text("in its place")

    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "one", now=1.0, note=noted)
    path.unlink()
    assert unfinished_ledger(path, "one") is not None
    assert make(path, identities) == FRESH
