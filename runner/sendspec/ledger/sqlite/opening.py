"""Opens ledgers: to read, or to write once everything in them was checked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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
from sendspec.ledger.durable_file import unwritable_file
from sendspec.ledger.identity import salt_check_of
from sendspec.ledger.sqlite.connection import (
    Connect,
    connect_immutable,
    connect_to_read,
    connect_to_write,
    make_durable,
)
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.location import read_mounts, refuse_network
from sendspec.ledger.sqlite.open_ledger import KeyedDigest, OpenLedger
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, lost_since, read_mirror
from sendspec.ledger.sqlite.query_limit import QueryLimit, limit_queries
from sendspec.ledger.sqlite.reader import SqliteReader
from sendspec.ledger.sqlite.schema_check import check_schema
from sendspec.ledger.sqlite.tables import APPLICATION_ID, OLDEST_READABLE, SCHEMA_VERSION
from sendspec.ledger.sqlite.write_ahead_log import has_log, remove_empty_log
from sendspec.ledger.sqlite_file import copy_name, real_place, refuse_planted, refuse_second_name

if TYPE_CHECKING:
    from sendspec.ledger.sqlite.ledger import SqliteLedger

_Held = TypeVar("_Held", bound="SqliteLedger")
_Opened = TypeVar("_Opened", bound=OpenLedger, covariant=True)


class _Make(Protocol[_Opened]):
    def __call__(self, connection: Any, path: str, keyed: KeyedDigest | None, *, limit: QueryLimit) -> _Opened: ...


def open_to_read(
    path: Path,
    expected_id: str | None,
    connect: Connect = connect_to_read,
    *,
    salt: bytes | None = None,
    latest: bool = False,
) -> SqliteReader:
    """A ledger to read, also while another process writes.

    `salt` is the environment's; a ledger made with another is refused. With `latest`, so is one that lost its latest writes.
    """
    mirrored = read_mirror(path) if latest else None  # first: a run may write before the next line
    place = real_place(path)
    if connect is connect_to_read and not os.access(place, os.W_OK) and not has_log(place):
        connect = connect_immutable  # WAL files made by this user would be unusable for the ledger's owner
    try:
        ledger = _open(path, connect, salt, SqliteReader)
    except LedgerUnwritable:
        if connect is not connect_to_read or has_log(place):
            raise
        connect = connect_immutable
        ledger = _open(path, connect, salt, SqliteReader)
    if connect is connect_to_read:
        ledger.when_closed(partial(remove_empty_log, place))
    with _closing_on_trouble(ledger):
        _check_identity(ledger, expected_id, salt)
        _refuse_lost(ledger, mirrored)
    return ledger


def open_to_write(
    path: Path,
    expected_id: str,
    connect: Connect = connect_to_write,
    *,
    salt: bytes | None = None,
    tell: Callable[[str], None] = lambda words: None,
    still_mine: Callable[[], bool] = lambda: True,
    trusts_seal: bool = False,
    now: float | None = None,
) -> SqliteLedger:
    """A ledger that can be trusted with claims. The caller holds the run lock; `still_mine` asks it.

    Checks every page and row. This takes 1.5 s per million messages, and prevents sending one of them twice. With `trusts_seal`,
    only what was written since the ledger was last verified is checked, where its seal proves the rest; the caller then has
    `check_sends` verify the sends that it works on. A ledger of an earlier version is migrated, after `tell` was told how much
    space that takes.

    Closing the ledger seals it, unless a run has planned or claimed and did not end. Without `now` (Unix seconds), a ledger that had
    no seal gets one from a run only.
    """
    from sendspec.ledger.sqlite.ledger import SqliteLedger  # reading commands need nothing that writes

    return open_as(
        SqliteLedger,
        path,
        expected_id,
        connect,
        salt=salt,
        tell=tell,
        still_mine=still_mine,
        trusts_seal=trusts_seal,
        now=now,
    )


def open_as(
    kind: type[_Held],
    path: Path,
    expected_id: str,
    connect: Connect = connect_to_write,
    *,
    salt: bytes | None,
    tell: Callable[[str], None],
    still_mine: Callable[[], bool],
    trusts_seal: bool = False,
    now: float | None = None,
) -> _Held:
    """The same, as an object of another class."""
    from sendspec.ledger.sqlite.verification import verify

    refuse_network(path, read_mounts())
    ledger = _open(path, connect, salt, partial(kind, still_mine=still_mine), write=True)
    with _closing_on_trouble(ledger):
        _check_identity(ledger, expected_id, salt)
        verify(ledger, salt, trusts_seal=trusts_seal, now=now)
        _refuse_lost(ledger, read_mirror(Path(ledger.path)))
        if ledger.version < SCHEMA_VERSION:
            _check_room_to_migrate(path, ledger.version, tell)
            ledger.migrate()
    return ledger


@contextmanager
def closed_after(ledger: SqliteLedger) -> Iterator[None]:
    """Closes the ledger after the block: without a new seal, if there was trouble with it."""
    try:
        yield
    except LedgerTrouble:
        ledger.spoil_seal()
        raise
    finally:
        ledger.close()


def note_opt_outs(path: Path, expected_id: str, count: int, *, salt: bytes) -> None:
    """Notes how many opt-out signals there are beside the ledger. The caller holds the run lock. Nothing else is looked at."""
    from sendspec.ledger.sqlite.ledger import SqliteLedger
    from sendspec.ledger.sqlite.verification import carry_seal_on

    ledger = _open(path, connect_to_write, salt, SqliteLedger, write=True)
    with _closing_on_trouble(ledger):
        _check_identity(ledger, expected_id, salt)
        if count > ledger.opt_outs_noted:
            carry_seal_on(ledger, salt)
            ledger.note_opt_outs(count)
    ledger.close()


def ledger_is_there(path: Path) -> bool:
    """Whether there is a file at `path`. Raises `LedgerUnwritable` where this user may not even look."""
    try:
        real_place(path).stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unwritable_file(path, error) from error
    return True


def _open(path: Path, connect: Connect, salt: bytes | None, make: _Make[_Opened], *, write: bool = False) -> _Opened:
    path = real_place(path)
    if not ledger_is_there(path):
        raise _unfinished_copy(path) or LedgerMissing(
            f"there is no ledger {path}",
            "make it once with `sendspec ledger init`; if there was one, bring it back: a new one sends everything again",
        )
    refuse_second_name(path, tidy=write)
    connection = None
    try:
        refuse_planted(path)
        connection = connect(str(path))
        limit = limit_queries(connection, path)
        check_schema(connection, path, _checked_version(connection, path))
        if write:
            make_durable(connection, str(path))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        keyed = None if salt is None else partial(payload_digest, salt)
        return make(connection, str(path), keyed, limit=limit)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise trouble_of(str(path), error) from error
        raise


def missing_ledger(path: Path) -> LedgerMissing:
    """The error for a ledger that `sendspec.lock` names, and that isn't there."""
    return _unfinished_copy(real_place(path)) or LedgerMissing(
        f"the ledger {path} is gone, and sendspec.lock says that there was one",
        "restore it from a backup: with a new one, everybody would get everything again",
    )


def _unfinished_copy(path: Path) -> LedgerMissing | None:
    """The error for a copy that a killed command left under another name; None if there is none."""
    if not os.path.lexists(copy_name(path)):
        return None
    return LedgerMissing(
        f"the copy of a ledger to {path} was never finished", "finish it: run `sendspec ledger copy` again"
    )


def _checked_version(connection: Any, path: Path) -> int:
    """The version of a ledger's tables. Raises `LedgerDamaged` for any other file, and `LedgerTooNew`."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerDamaged(f"{path} is not a ledger", "bring the ledger back, or correct the path in sendspec.yaml")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LedgerTooNew(
            f"the ledger {path} was made by a newer sendspec (its version is {version})", "update sendspec"
        )
    if version < OLDEST_READABLE:
        raise LedgerDamaged(f"the ledger {path} has version {version}, which never existed", "restore it from a backup")
    return int(version)


@contextmanager
def _closing_on_trouble(ledger: OpenLedger) -> Iterator[None]:
    try:
        yield
    except BaseException:
        ledger.abandon()
        raise


def _check_identity(ledger: OpenLedger, expected_id: str | None, salt: bytes | None) -> None:
    if expected_id is not None and ledger.id != expected_id:
        raise LedgerForeign(
            f"the ledger {ledger.path} is not the one that sendspec.lock names: it is {ledger.id}, and {expected_id} is named",
            "bring the right ledger back, or correct `ledger:` in sendspec.yaml; or restore sendspec.lock from git: it named "
            f"{ledger.id} when this one was made",
        )
    noted = ledger.salt_check
    if salt is not None and noted is not None and noted != salt_check_of(salt):
        raise LedgerForeign(
            f"the salt in sendspec.lock is not the one that the ledger {ledger.path} was made with: everything would be sent again",
            "restore sendspec.lock from git",
        )


def _refuse_lost(ledger: OpenLedger, mirrored: LedgerProgress | None) -> None:
    lost = None if mirrored is None else lost_since(ledger.progress, mirrored)
    if lost is not None:
        raise LedgerRolledBack(
            f"the ledger {ledger.path} {lost}", "bring the latest one back; what it lacks would be sent a second time"
        )


def _check_room_to_migrate(path: Path, version: int, tell: Callable[[str], None]) -> None:
    """Tells how much space a migration takes. Raises `LedgerUnwritable` where that much isn't free."""
    from sendspec.ledger.sqlite.migration import ROOM_TIMES

    needed = int(ROOM_TIMES[version] * path.stat().st_size)
    tell(
        f"note: the ledger {path} is of version {version}; it is migrated to version {SCHEMA_VERSION}, which for a moment"
        f" takes {_megabytes(needed)} beside it"
    )
    disk = os.statvfs(path)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise LedgerUnwritable(
            f"the ledger {path} is of version {version}, and migrating it to version {SCHEMA_VERSION} takes {_megabytes(needed)};"
            f" {_megabytes(free)} are free",
            "free some space, then run the command again",
        )


def _megabytes(count: int) -> str:
    return f"{count // 1_000_000 + 1} MB"
