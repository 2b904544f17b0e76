"""Making and opening ledgers: what has to be true before one is trusted."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sendspec.composing.identity import payload_digest
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerRolledBack,
    LedgerTooNew,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.durable_file import sync_folder, unwritable_file
from sendspec.ledger.identity import LedgerIdentity, read_identities, salt_check_of, write_identity
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.ledger import Connect, SqliteLedger
from sendspec.ledger.sqlite.migration import ROOM_TIMES
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, mirror_path, read_mirror, write_mirror
from sendspec.ledger.sqlite.run_lock import folder_locked, take_lock
from sendspec.ledger.sqlite.schema_check import bound, check_schema
from sendspec.ledger.sqlite.tables import APPLICATION_ID, OLDEST_READABLE, SCHEMA, SCHEMA_VERSION
from sendspec.ledger.sqlite_file import half_made, real_place, refuse_planted, refuse_second_name

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "davfs", "ncpfs"}
    | {f"fuse.{kind}" for kind in ("sshfs", "glusterfs", "ceph", "s3fs", "rclone", "gcsfuse", "davfs2")}
)
"""SQLite's locks and WAL don't hold there (sqlite.org, "Write-Ahead Logging", section 1)."""


Filling = Callable[[SqliteLedger, LedgerIdentity], None]


def connect_to_write(path: str) -> sqlite3.Connection:
    """A connection of the kind that a claim may be trusted to: a commit returns when it is on disk."""
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=rw", uri=True, isolation_level=None, timeout=10)


def connect_to_read(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, isolation_level=None, timeout=10)


def connect_to_still(path: str) -> sqlite3.Connection:
    """For a ledger that nobody can be writing to: WAL needs a file beside it, also to read, unless told this."""
    return sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", uri=True, isolation_level=None)


def make_ledger(
    path: Path,
    identities: Path,
    environment: str,
    fresh: LedgerIdentity,
    owner: RunOwner,
    *,
    since: str,
    now: float,
    filling: Filling | None = None,
) -> LedgerIdentity:
    """Makes an environment's ledger, once, and notes its identity in the file `identities`.

    A salt that is known there is kept. `filling` writes what the ledger holds from the start. The ledger is made under
    another name, then its identity is written, then it gets its own name: killed in between, the next call completes it.
    Refuses where there is a file already.
    """
    path = real_place(path)
    make_folder(path.parent)
    lock = take_lock(path, owner, since=since)
    try:
        with folder_locked(identities.parent):
            known = read_identities(identities).get(environment)
            begun = None if known is None else unfinished_ledger(path, known.ledger)
            if known is not None and begun is not None:
                _name(begun, path)
            for leftover in (*half_made(path), *half_made(mirror_path(path))):
                _remove(leftover)
            if known is not None and begun is not None:
                return known
            refuse_existing(path)
            identity = fresh if known is None else replace(fresh, salt=known.salt)
            create_ledger(
                path,
                identity.ledger,
                now=now,
                salt_check=identity.salt_check,
                filling=None if filling is None else lambda ledger: filling(ledger, identity),
                note=lambda: write_identity(identities, environment, identity),
            )
    finally:
        lock.release()
    return identity


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_file(folder, error) from error


def unfinished_ledger(path: Path, ledger_id: str) -> Path | None:
    """The ledger of this id that was made for `path` by a process that was killed before it gave it that name."""
    path = real_place(path)
    for found in half_made(path) if path.parent.is_dir() and not os.path.lexists(path) else ():
        with suppress(LedgerTrouble):
            open_to_read(found, ledger_id).close()
            return found
    return None


def create_ledger(
    path: Path,
    ledger_id: str,
    *,
    now: float,
    salt_check: str | None = None,
    filling: Callable[[SqliteLedger], None] | None = None,
    note: Callable[[], None] | None = None,
) -> None:
    """Makes a ledger, whole or not at all; refuses where there is a file already.

    `filling` writes into it before it can be found, `note` keeps that it will be.
    """
    path = real_place(path)
    make_folder(path.parent)
    refuse_existing(path)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    notes = {"id": ledger_id, "epoch": 0, "created_at": now, **({"salt_check": salt_check} if salt_check else {})}
    noted = False
    try:
        _remove(made)
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        _fill(made, notes)
        if filling is not None:
            _fill_by(filling, made, ledger_id)
        if note is not None:
            sync_folder(path.parent)
            note()
            noted = True
        _name(made, path)
    except FileExistsError:
        raise _existing(path) from None
    except sqlite3.Error as error:
        raise trouble_of(str(path), error) from error
    except OSError as error:
        raise unwritable_file(path, error) from error
    finally:
        if not noted:  # else it is still to be named, by the next `make_ledger`
            _remove(made)


def _fill_by(filling: Callable[[SqliteLedger], None], made: Path, ledger_id: str) -> None:
    ledger = open_to_write(made, ledger_id)
    try:
        filling(ledger)
    finally:
        ledger.close()


def _name(made: Path, path: Path) -> None:
    """Gives a whole ledger its name, at once and never in the place of another; what it was made with goes."""
    progress = read_mirror(made) or LedgerProgress(0)
    os.link(made, path)
    sync_folder(path.parent)
    _remove(made)
    write_mirror(path, progress.epoch, progress.moves)


def _remove(made: Path) -> None:
    """Removes a ledger that was being made, and what is beside it."""
    for ending in ("", "-journal", "-wal", "-shm", ".lock", ".epoch", ".spill"):
        with suppress(OSError):
            made.with_name(made.name + ending).unlink()


def ledger_is_there(path: Path) -> bool:
    """Whether there is a file at `path`; raises `LedgerUnwritable` where this user may not even look."""
    try:
        real_place(path).stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unwritable_file(path, error) from error
    return True


def refuse_existing(path: Path) -> None:
    """Raises `LedgerTrouble` where there is anything at `path`."""
    if os.path.lexists(real_place(path)):
        raise _existing(path)


def _existing(path: Path) -> LedgerTrouble:
    return LedgerTrouble(
        f"there is a file {path} already",
        "keep it: it may hold what was sent; if it was just made, commit sendspec.lock",
    )


def _fill(path: Path, notes: Mapping[str, object]) -> None:
    connection = connect_to_write(str(path))
    try:
        _configure(connection, str(path))
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", list(notes.items()))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # the file alone gets the ledger's name
    finally:
        connection.close()


def open_to_read(
    path: Path,
    expected_id: str | None,
    connect: Connect = connect_to_read,
    *,
    salt: bytes | None = None,
    latest: bool = False,
) -> SqliteLedger:
    """A ledger that can be looked at, also while another process writes, and where nothing can be written.

    `salt` is the environment's: a ledger that was made with another is refused. With `latest`, so is one that has lost its latest
    writes.
    """
    mirrored = read_mirror(path) if latest else None  # first: a run may write between this and the next line
    place = real_place(path)
    if connect is connect_to_read and not os.access(place, os.W_OK) and not _has_wal(place):
        connect = connect_to_still  # the files of a log that this user would make, the ledger's owner could not use
    try:
        ledger = _open(path, connect, salt)
    except LedgerUnwritable:
        if connect is not connect_to_read or _has_wal(place):
            raise
        connect = connect_to_still
        ledger = _open(path, connect, salt)
    if connect is connect_to_read:
        ledger.when_closed(partial(_remove_empty_log, place))
    with _closing_on_trouble(ledger):
        _check_identity(ledger, expected_id, salt)
        _refuse_lost(ledger, mirrored)
    return ledger


def _refuse_lost(ledger: SqliteLedger, mirrored: LedgerProgress | None) -> None:
    lost = _lost_since(ledger, mirrored)
    if lost is not None:
        raise LedgerRolledBack(
            f"the ledger {ledger.path} {lost}", "bring the latest one back; what it lacks would be sent a second time"
        )


def _remove_empty_log(path: Path) -> None:
    """Removes the files of a log that holds nothing, which looking at the ledger has made.

    SQLite does, as the last connection closes that may write, and under its own locks: while another has the ledger open, they
    stay. A log with anything in it is left alone.
    """
    if _has_wal(path) or not any(os.path.lexists(f"{path}{ending}") for ending in ("-wal", "-shm")):
        return
    with suppress(sqlite3.Error):
        connection = connect_to_write(str(path))
        try:
            connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()


def open_to_write(
    path: Path,
    expected_id: str,
    connect: Connect = connect_to_write,
    *,
    salt: bytes | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> SqliteLedger:
    """A ledger that can be trusted with claims. The run lock has to be held; `salt` is the environment's.

    Looks at every page and row: 1.5 s a million messages, against sending one of them twice. One of an earlier version is
    brought to this one, after `tell` was told how much room that takes.
    """
    refuse_network(path, _mounts())
    ledger = _open(path, connect, salt, write=True)
    with _closing_on_trouble(ledger):
        _check_identity(ledger, expected_id, salt)
        _check_pages(ledger)
        ledger.unbound()
        _refuse_lost(ledger, read_mirror(Path(ledger.path)))
        if ledger.version < SCHEMA_VERSION:
            _make_room_to_migrate(path, ledger.version, tell)
            ledger.migrate()
    return ledger


def _make_room_to_migrate(path: Path, version: int, tell: Callable[[str], None]) -> None:
    """Says what a migration takes. Raises `LedgerUnwritable` where there isn't room for it."""
    needed = ROOM_TIMES * path.stat().st_size
    tell(
        f"note: the ledger {path} is of version {version}; it is brought to version {SCHEMA_VERSION}, which takes"
        f" {_megabytes(needed)} beside it for as long as that lasts"
    )
    disk = os.statvfs(path)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise LedgerUnwritable(
            f"the ledger {path} is of version {version}, and bringing it to version {SCHEMA_VERSION} takes {_megabytes(needed)};"
            f" {_megabytes(free)} are free",
            "make room, then run the command again",
        )


def _megabytes(count: int) -> str:
    return f"{count // 1_000_000 + 1} MB"


@contextmanager
def _closing_on_trouble(ledger: SqliteLedger) -> Iterator[None]:
    try:
        yield
    except BaseException:
        ledger.abandon()
        raise


def _configure(connection: Any, path: str) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerUnwritable(f"the ledger {path} can't have a write-ahead log here", "put it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone doesn't reach the disk
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # the ledger makes its own, and hears when they fail
    connection.execute("PRAGMA foreign_keys = ON")


def _open(path: Path, connect: Connect, salt: bytes | None, *, write: bool = False) -> SqliteLedger:
    path = real_place(path)
    if not ledger_is_there(path):
        raise LedgerMissing(
            f"there is no ledger {path}",
            "make it once with `sendspec ledger init`; if there was one, bring it back: a new one sends everything again",
        )
    refuse_second_name(path, tidy=write)
    connection = None
    try:
        refuse_planted(path)
        connection = connect(str(path))
        limit = bound(connection, path)
        check_schema(connection, path, _checked_version(connection, path))
        if write:
            _configure(connection, str(path))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        keyed = None if salt is None else partial(payload_digest, salt)
        return SqliteLedger(connection, str(path), keyed, guard=connect_to_read if write else None, limit=limit)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise trouble_of(str(path), error) from error
        raise


def _checked_version(connection: Any, path: Path) -> int:
    """The version of a ledger's tables. Raises `LedgerDamaged` for what is no ledger, `LedgerTooNew`."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerDamaged(f"{path} is not a ledger", "bring the ledger back, or correct the path in sendspec.yaml")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LedgerTooNew(
            f"the ledger {path} was made by a newer sendspec (its version is {version})", "update sendspec"
        )
    if version < OLDEST_READABLE:
        raise LedgerDamaged(f"the ledger {path} has version {version}, which never was", "restore it from a backup")
    return int(version)


def _has_wal(path: Path) -> bool:
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def _check_identity(ledger: SqliteLedger, expected_id: str | None, salt: bytes | None) -> None:
    if expected_id is not None and ledger.id != expected_id:
        raise LedgerForeign(
            f"the ledger {ledger.path} is another than the one that sendspec.lock names",
            "bring the right ledger back, or correct `ledger:` in sendspec.yaml",
        )
    noted = ledger.salt_check
    if salt is not None and noted is not None and noted != salt_check_of(salt):
        raise LedgerForeign(
            f"the salt in sendspec.lock is another than the one that the ledger {ledger.path} was made with, and would send everything again",
            "restore sendspec.lock from git",
        )


def _check_pages(ledger: SqliteLedger) -> None:
    problems = ledger.damages()
    if problems:
        raise LedgerDamaged(
            f"the ledger {ledger.path} is damaged: {problems[0]}",
            "restore it from a backup; `sendspec ledger check` tells more",
        )


def lost_progress(ledger: SqliteLedger, path: Path) -> str | None:
    """What the ledger has lost since it was last written, by its mirror; None where it is the latest."""
    return _lost_since(ledger, read_mirror(path))


def _lost_since(ledger: SqliteLedger, mirrored: LedgerProgress | None) -> str | None:
    if mirrored is None or LedgerProgress(ledger.epoch, ledger.moves) >= mirrored:
        return None
    if ledger.epoch < mirrored.epoch:
        return f"is older than its last run (epoch {ledger.epoch}, not {mirrored.epoch}): it was restored or lost its latest writes"
    return f"lost the latest {mirrored.moves - ledger.moves} moves of its last run"


def refuse_on_ci(path: Path, *, ci: bool, durable: bool) -> None:
    """A ledger inside a checkout on a CI runner is gone with the job, and the next job would send everything again."""
    if not ci or durable:
        return
    if any((folder / ".git").exists() for folder in path.resolve().parents):
        raise LedgerTrouble(
            f"the ledger {path} lies in the checkout of a CI job, and is gone with it",
            "keep it on a volume that lasts and say so with `ledger: {file: …, durable: true}`",
        )


def refuse_network(path: Path, mounts: str) -> None:
    """Refuses a ledger on a network file system. `mounts` is the text of `/proc/self/mounts`."""
    place, best, kind = path.resolve(), Path("/"), ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        if place.is_relative_to(point) and point.is_relative_to(best):
            best, kind = point, fields[2]
    if kind in NETWORK_FILE_SYSTEMS:
        raise LedgerTrouble(
            f"the ledger {path} lies on a network file system ({kind}), where its locks don't hold",
            "put it on a local disk",
        )


def _unescaped(field: str) -> str:
    r"""A path as the table of mounts writes it: a space is \040 (fstab(5))."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
