"""Opens `<ledger>.delivery`: to read, or to write."""

from __future__ import annotations

import os
import sqlite3
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerTooNew,
    LedgerUnwritable,
    OptOutsLost,
)
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.sqlite.creation import is_there, make_file
from sendspec.ledger.delivery.sqlite.tables import (
    APPLICATION_ID,
    CALLED,
    SCHEMA,
    SCHEMA_VERSION,
    delivery_path,
)
from sendspec.ledger.durable_file import unwritable_file
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.sqlite.connection import (
    Connect,
    connect_immutable,
    connect_to_read,
    connect_to_write,
    make_durable,
)
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.location import read_mounts, refuse_network
from sendspec.ledger.sqlite.opt_out_mirror import read_opt_out_mirror
from sendspec.ledger.sqlite.query_limit import QueryLimit, limit_queries
from sendspec.ledger.sqlite.schema_check import difference, read_schema, schema_of
from sendspec.ledger.sqlite.write_ahead_log import has_log, remove_empty_log
from sendspec.ledger.sqlite_file import real_place, refuse_planted, refuse_second_name

if TYPE_CHECKING:
    from sendspec.ledger.delivery.sqlite.reader import SqliteDeliveryFacts
    from sendspec.ledger.delivery.sqlite.store import SqliteDeliveryStore

_Opened = TypeVar("_Opened", bound="SqliteDeliveryFacts", covariant=True)
_Facts = TypeVar("_Facts", bound="SqliteDeliveryFacts")
RESTORE = "restore it from a backup: it knows who has opted out"
REPLACE = "bring the latest one back; if there is none, import who has opted out: sendspec opt-outs import FILE --replace-lost --reason …"


class _Make(Protocol[_Opened]):
    def __call__(self, connection: Any, path: str, *, limit: QueryLimit) -> _Opened: ...


def open_to_read(
    ledger: Path, identity: LedgerIdentity, noted: int | None = 0, connect: Connect = connect_to_read
) -> SqliteDeliveryFacts | None:
    """What is kept beside the ledger in the file `ledger`, also while other processes write; None if nothing ever was.

    `noted` is how many signals the ledger knows of; None: open it even if some were lost. Raises `OptOutsLost`.
    """
    path, expected = _place(ledger, noted)
    if not is_there(path):
        _refuse_missing(path, expected)
        return None
    from sendspec.ledger.delivery.sqlite.reader import SqliteDeliveryFacts  # most ledgers have nothing beside them

    if connect is connect_to_read and not os.access(path, os.W_OK) and not has_log(path):
        connect = connect_immutable  # its owner could not use log files that this user makes
    try:
        facts = _open(path, identity, connect, SqliteDeliveryFacts)
    except LedgerUnwritable:
        if connect is not connect_to_read or has_log(path):
            raise
        connect = connect_immutable
        facts = _open(path, identity, connect, SqliteDeliveryFacts)
    if connect is connect_to_read:
        facts.when_closed(partial(remove_empty_log, path))
    return _complete(facts, expected)


def open_to_write(
    ledger: Path,
    identity: LedgerIdentity,
    noted: int | None = 0,
    connect: Connect = connect_to_write,
    *,
    tries: int | None = None,
) -> SqliteDeliveryStore:
    """The same, to write. Makes the file if there never was one. Several processes may have it open.

    `tries` limits the attempts to begin a write; None keeps the store's own limit.
    """
    from sendspec.ledger.delivery.sqlite.store import BEGIN_TRIES, SqliteDeliveryStore

    path, expected = _place(ledger, noted)
    refuse_network(path, read_mounts())
    if not is_there(path):
        _refuse_missing(path, expected)
        make_file(path, identity)
    store = partial(SqliteDeliveryStore, tries=BEGIN_TRIES if tries is None else tries)
    return _complete(_open(path, identity, connect, store, write=True), expected)


def _place(ledger: Path, noted: int | None) -> tuple[Path, int]:
    """The file, and how many signals it has at least. The mirror is read first: another process may write afterwards."""
    ledger = real_place(ledger)
    return delivery_path(ledger), 0 if noted is None else max(noted, read_opt_out_mirror(ledger))


def _refuse_missing(path: Path, expected: int) -> None:
    if expected:
        raise OptOutsLost(f"{CALLED} {path} is gone, and with it {counted(expected, 'opt-out')}", REPLACE)


def _complete(opened: _Facts, expected: int) -> _Facts:
    """The opened file, if it has all signals."""
    try:
        count = opened.signal_count
        if count < expected:
            raise OptOutsLost(
                f"{CALLED} {opened.path} has {counted(count, 'opt-out')}, and there were {expected}: it was restored, or lost its latest writes",
                REPLACE,
            )
    except BaseException:
        opened.abandon()
        raise
    return opened


def _open(
    path: Path, identity: LedgerIdentity, connect: Connect, make: _Make[_Opened], *, write: bool = False
) -> _Opened:
    connection = None
    try:
        refuse_planted(path)
        refuse_second_name(path, tidy=write)
        connection = connect(str(path))
        limit = limit_queries(connection, path)
        _check_tables(connection, path)
        if write:
            make_durable(connection, str(path))
            connection.execute("PRAGMA secure_delete = ON")
        opened = make(connection, str(path), limit=limit)
        _check_identity(opened, identity)
        return opened
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise trouble_of(str(path), error, CALLED) from error
        if isinstance(error, OSError):
            raise unwritable_file(path, error) from error
        raise


def _check_tables(connection: Any, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerDamaged(f"{path} holds no deliveries and opt-outs", RESTORE)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LedgerTooNew(
            f"{CALLED} {path} was made by a newer sendspec (its version is {version})", "update sendspec"
        )
    if version < SCHEMA_VERSION:
        raise LedgerDamaged(f"{CALLED} {path} has version {version}, which never existed", RESTORE)
    found = read_schema(connection, f"{CALLED} {path}")
    if found != _schema():
        raise LedgerDamaged(f"{CALLED} {path} {difference(found, _schema(), 'delivery file')}", RESTORE)


@cache
def _schema() -> frozenset[tuple[str, str, str]]:
    return schema_of(SCHEMA)


def _check_identity(opened: SqliteDeliveryFacts, identity: LedgerIdentity) -> None:
    if opened.id != identity.ledger:
        raise LedgerForeign(
            f"{CALLED} {opened.path} belongs to another ledger: to {opened.id}, not to {identity.ledger}",
            "bring the right one back, or move this one to the ledger that it belongs to",
        )
    if opened.salt_check != identity.salt_check:
        raise LedgerForeign(
            f"the salt in sendspec.lock is not the one that {CALLED} {opened.path} was made with, so nobody in it would be recognised",
            "restore sendspec.lock from git",
        )
