"""Making and opening ledgers: what has to be true before one is trusted."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runner.errors import (
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerRolledBack,
    LedgerTooNew,
    LedgerTrouble,
    LedgerUnwritable,
)
from runner.ledger.identity import write_whole
from runner.ledger.sqlite import Connect, SqliteLedger, unwritable
from runner.ledger.tables import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "ncpfs"}
)
"""SQLite's locks and WAL don't hold there (sqlite.org, "Write-Ahead Logging", section 1)."""


def connect_to_write(path: str) -> sqlite3.Connection:
    """A connection of the kind that a claim may be trusted to: a commit returns when it is on disk."""
    return sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, isolation_level=None, timeout=10)


def connect_to_read(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=10)


def create_ledger(path: Path, ledger_id: str, *, now: float) -> None:
    """Makes a ledger; refuses where there is a file already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise LedgerTrouble(f"there is a file {path} already", "keep it: it may hold what was sent") from None
    except OSError as error:
        raise LedgerUnwritable(
            f"{path} can't be made: {os.strerror(error.errno or 0).lower()}", "make its folder writable"
        ) from None
    connection = _configured(connect_to_write(str(path)))
    try:
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [("id", ledger_id), ("epoch", 0), ("created_at", now)])
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    finally:
        connection.close()
    write_epoch(path, 0)


def open_to_read(path: Path, expected_id: str | None, connect: Connect = connect_to_read) -> SqliteLedger:
    """A ledger that can be looked at, also while another process writes."""
    ledger = _open(path, connect)
    _check_identity(ledger, expected_id)
    return ledger


def open_to_write(path: Path, expected_id: str, connect: Connect = connect_to_write) -> SqliteLedger:
    """A ledger that can be trusted with claims. The run lock has to be held."""
    refuse_network(path, _mounts())
    ledger = _open(path, connect, write=True)
    try:
        _check_identity(ledger, expected_id)
        _check_pages(ledger)
        _check_epoch(ledger, path)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _configured(connection: Any) -> Any:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _open(path: Path, connect: Connect, *, write: bool = False) -> SqliteLedger:
    if not path.exists():
        raise LedgerMissing(
            f"there is no ledger {path}",
            "make it once with `sendspec ledger init`; if there was one, bring it back: a new one sends everything again",
        )
    try:
        connection = connect(str(path))
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LedgerDamaged(
                f"{path} is not a ledger", "bring the ledger back, or correct the path in sendspec.yaml"
            )
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LedgerTooNew(
                f"the ledger {path} was made by a newer sendspec (its version is {version})", "update sendspec"
            )
        if write:
            _configured(connection)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        raise unwritable(str(path), error) from error
    return SqliteLedger(connection, str(path))


def _check_identity(ledger: SqliteLedger, expected_id: str | None) -> None:
    if expected_id is not None and ledger.id != expected_id:
        raise LedgerForeign(
            f"the ledger {ledger.path} is another than the one that sendspec.lock names",
            "bring the right ledger back, or correct `ledger:` in sendspec.yaml",
        )


def _check_pages(ledger: SqliteLedger) -> None:
    problems = ledger.damages()
    if problems:
        raise LedgerDamaged(
            f"the ledger {ledger.path} is damaged: {problems[0]}",
            "restore it from a backup; `sendspec ledger check` tells more",
        )


def _check_epoch(ledger: SqliteLedger, path: Path) -> None:
    mirrored = read_epoch(path)
    if mirrored is not None and ledger.epoch < mirrored:
        raise LedgerRolledBack(
            f"the ledger {path} is older than its last run (epoch {ledger.epoch}, not {mirrored}): it was restored or lost its latest writes",
            "bring the latest one back; what it lacks would be sent a second time",
        )


def epoch_path(path: Path) -> Path:
    return path.with_name(path.name + ".epoch")


def read_epoch(path: Path) -> int | None:
    """The epoch that `<ledger>.epoch` mirrors; None where there is no such file."""
    try:
        return int(epoch_path(path).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        raise LedgerTrouble(
            f"{epoch_path(path)} can't be read", "remove it if the ledger is the latest; it is written anew"
        ) from None


def write_epoch(path: Path, epoch: int) -> None:
    """Mirrors the epoch beside the ledger: a ledger behind its mirror was rolled back."""
    write_whole(epoch_path(path), f"{epoch}\n", 0o600)


def refuse_on_ci(path: Path, *, ci: bool, durable: bool) -> None:
    """A ledger inside a checkout on a CI runner is gone with the job, and the next job would send everything again."""
    if not ci or durable:
        return
    inside = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if inside is not None:
        raise LedgerTrouble(
            f"the ledger {path} lies in the checkout of a CI job, and is gone with it",
            "keep it on a volume that lasts and say so with `ledger: {file: …, durable: true}`",
        )


def refuse_network(path: Path, mounts: str) -> None:
    """Refuses a ledger on a network file system. `mounts` is the text of `/proc/self/mounts`."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].encode().decode("unicode_escape")
        inside = str(path).startswith(point.rstrip("/") + "/") or point == "/"
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    if kind in NETWORK_FILE_SYSTEMS:
        raise LedgerTrouble(
            f"the ledger {path} lies on a network file system ({kind}), where its locks don't hold",
            "put it on a local disk",
        )


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
