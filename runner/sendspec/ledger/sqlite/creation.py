"""Creates ledgers: whole or not at all, once, and with their identity noted before they can be found."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.durable_file import sync_folder, unwritable_file
from sendspec.ledger.filling import Filling
from sendspec.ledger.folder_lock import folder_locked
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite.connection import connect_to_write, make_durable
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.opening import ledger_is_there, open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, mirror_path, read_mirror, write_mirror
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.ledger.sqlite.seal import seal_path
from sendspec.ledger.sqlite.tables import APPLICATION_ID, SCHEMA, SCHEMA_VERSION
from sendspec.ledger.sqlite_file import half_made, real_place

PAGE_BYTES = 1024
"""A commit writes whole pages. Of a send in groups of 16, bytes a message: 1,930 with 1,024, 2,190 with 2,048, 2,660 with 4,096.

Processor time is the same, but for the check of every page, which takes a sixth longer than with 4,096. A ledger keeps the size
it was made with.
"""


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
    """Creates an environment's ledger, once, and notes its identity in the file `identities`. Keeps a salt noted there.

    The ledger is made under another name, then its identity is written, then the ledger is renamed. After a kill in between,
    the next call completes it. Refuses where there is a file already.
    """
    path = real_place(path)
    make_folder(path.parent)
    lock = take_lock(path, owner, since=since)
    try:
        with folder_locked(identities.parent):
            return _make_locked(path, identities, environment, fresh, now, filling)
    finally:
        lock.release()


def _make_locked(
    path: Path, identities: Path, environment: str, fresh: LedgerIdentity, now: float, filling: Filling | None
) -> LedgerIdentity:
    known = read_identities(identities).get(environment)
    completed = known is not None and _complete(path, known)
    for leftover in (*half_made(path), *half_made(mirror_path(path)), *half_made(seal_path(path))):
        remove_made(leftover)
    if known is not None and completed:
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
    return identity


def _complete(path: Path, identity: LedgerIdentity) -> bool:
    """Renames the ledger of this identity that a killed process left; whether there was one."""
    begun = unfinished_ledger(path, identity.ledger)
    if begun is not None:
        give_name(begun, path)
    return begun is not None


def make_unlisted_ledger(path: Path, identity: LedgerIdentity, owner: RunOwner, *, since: str, now: float) -> None:
    """Creates a ledger of an identity that no file notes. Does nothing where there is one already."""
    if ledger_is_there(path):
        return
    make_folder(path.parent)
    lock = take_lock(path, owner, since=since)
    try:
        if not ledger_is_there(path):  # pragma: no branch - another process may have made it before the lock was ours
            create_ledger(path, identity.ledger, now=now, salt_check=identity.salt_check)
    finally:
        lock.release()


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_file(folder, error) from error


def unfinished_ledger(path: Path, ledger_id: str) -> Path | None:
    """The ledger of this id that a killed process made for `path` and did not rename."""
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
    filling: Callable[[Ledger], None] | None = None,
    note: Callable[[], None] | None = None,
) -> None:
    """Creates a ledger, whole or not at all. Refuses where there is a file already.

    `filling` writes into it before it can be found; then `note` records that it exists.
    """
    path = real_place(path)
    make_folder(path.parent)
    refuse_existing(path)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    notes = {"id": ledger_id, "epoch": 0, "created_at": now, **({"salt_check": salt_check} if salt_check else {})}
    noted = False
    try:
        with ledger_errors(path):
            remove_made(made)
            os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            write_tables(made, notes)
            if filling is not None:
                _fill(filling, made, ledger_id)
            if note is not None:
                sync_folder(path.parent)
                note()
                noted = True
            give_name(made, path)
    finally:
        if not noted:  # else the next `make_ledger` renames it
            remove_made(made)


@contextmanager
def ledger_errors(path: Path) -> Iterator[None]:
    """Raises what goes wrong in the block as errors about the ledger at `path`."""
    try:
        yield
    except FileExistsError:
        raise _existing(path) from None
    except sqlite3.Error as error:
        raise trouble_of(str(path), error) from error
    except OSError as error:
        raise unwritable_file(path, error) from error


def refuse_existing(path: Path) -> None:
    """Raises `LedgerTrouble` where there is anything at `path`."""
    if os.path.lexists(real_place(path)):
        raise _existing(path)


def _existing(path: Path) -> LedgerTrouble:
    return LedgerTrouble(
        f"there is a file {path} already",
        "keep it: it may hold what was sent; if it was just made, commit sendspec.lock",
    )


def write_tables(path: Path, notes: Mapping[str, object]) -> None:
    """Writes an empty ledger into an empty file."""
    connection = connect_to_write(str(path))
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        make_durable(connection, str(path))
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", list(notes.items()))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # only the file itself is renamed
    finally:
        connection.close()


def _fill(filling: Callable[[Ledger], None], made: Path, ledger_id: str) -> None:
    ledger = open_to_write(made, ledger_id)
    try:
        filling(ledger)
    finally:
        ledger.close()


def give_name(made: Path, path: Path) -> None:
    """Renames a finished ledger, atomically and never over another; removes the files it was made with."""
    progress = read_mirror(made) or LedgerProgress(0)
    os.link(made, path)
    sync_folder(path.parent)
    remove_made(made)
    write_mirror(path, progress.epoch, progress.moves)


def remove_made(made: Path) -> None:
    """Removes a ledger that was being made, and the files beside it."""
    for ending in ("", "-journal", "-wal", "-shm", ".lock", ".epoch", ".seal", ".spill"):
        with suppress(OSError):
            made.with_name(made.name + ending).unlink()
