"""Makes `<ledger>.delivery`: whole or not at all, and once."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger.delivery.sqlite.tables import APPLICATION_ID, CALLED, SCHEMA, SCHEMA_VERSION, delivery_path
from sendspec.ledger.durable_file import sync_folder, unwritable_file
from sendspec.ledger.folder_lock import folder_locked
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.sqlite.connection import connect_to_write, make_durable
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.opt_out_mirror import opt_out_mirror_path
from sendspec.ledger.sqlite_file import SQLITE_ENDINGS, half_made, real_place


def refuse_taken(ledger: Path) -> None:
    """Raises `LedgerTrouble` where something is kept already beside the place of a ledger that is to be made."""
    ledger = real_place(ledger)
    for path in (delivery_path(ledger), opt_out_mirror_path(ledger)):
        if os.path.lexists(path):
            raise LedgerTrouble(
                f"there is a file {path} already", "keep it: it may hold who has opted out; choose another place"
            )


def is_there(path: Path) -> bool:
    """Whether there is anything at `path`. Raises `LedgerUnwritable` for a folder, and where this user may not even look."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unwritable_file(path, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise LedgerUnwritable(
            f"{path} is a folder, and deliveries and opt-outs are kept in a file of this name",
            "move it away; if the file was there before, bring it back",
        )
    return True


def make_file(path: Path, identity: LedgerIdentity) -> None:
    """Makes the file, whole or not at all; unless another process just did."""
    try:
        with folder_locked(path.parent):
            for leftover in half_made(path):
                _remove(leftover)
            if not is_there(path):
                _make_locked(path, identity)
    except sqlite3.Error as error:
        raise trouble_of(str(path), error, CALLED) from error
    except OSError as error:
        raise unwritable_file(path, error) from error


def _make_locked(path: Path, identity: LedgerIdentity) -> None:
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with _connected(made) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                connection.execute(statement)
            notes = [("id", identity.ledger), ("salt_check", identity.salt_check)]
            connection.executemany("INSERT INTO meta VALUES (?, ?)", notes)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # only the file itself is renamed
        os.link(made, path)
        sync_folder(path.parent)
    finally:
        _remove(made)


@contextmanager
def _connected(made: Path) -> Iterator[Any]:
    connection = connect_to_write(str(made))
    try:
        make_durable(connection, str(made))
        yield connection
    finally:
        connection.close()


def _remove(made: Path) -> None:
    for ending in SQLITE_ENDINGS:
        with suppress(OSError):
            made.with_name(made.name + ending).unlink()
