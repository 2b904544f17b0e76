"""The ledger's tables, as SQLite holds them. States are the words of `State`."""

from __future__ import annotations

import zlib

APPLICATION_ID = 0x53454E44
"""`SEND`, in the file's header: tells a ledger from any other SQLite file."""
SCHEMA_VERSION = 1

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    """CREATE TABLE run (
        number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, started_at REAL NOT NULL, ended_at REAL,
        pid INTEGER NOT NULL, host TEXT NOT NULL, command TEXT NOT NULL, ending TEXT, requests INTEGER)""",
    """CREATE TABLE spec (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL, path TEXT NOT NULL,
        messages INTEGER NOT NULL, plan_digest BLOB NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
        UNIQUE (name, generation))""",
    """CREATE TABLE message (
        id BLOB PRIMARY KEY, spec INTEGER NOT NULL REFERENCES spec (number), state TEXT NOT NULL, digest BLOB NOT NULL,
        reference TEXT, receiver BLOB NOT NULL, masked TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, run INTEGER,
        remote_id TEXT, http_status INTEGER, evidence TEXT, updated_at REAL NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX message_open ON message (state) WHERE state IN ('sending', 'in_doubt')",
    """CREATE TABLE event (
        number INTEGER PRIMARY KEY, message BLOB NOT NULL, at REAL NOT NULL, run INTEGER, attempt INTEGER NOT NULL,
        origin TEXT, target TEXT NOT NULL, evidence TEXT)""",
)


def row_checksum(identity: bytes, state: str, digest: bytes, attempt: int, remote_id: str | None) -> int:
    """A short checksum over what a row means: a damaged page can answer queries without an error."""
    return zlib.crc32(b"%b|%b|%b|%d|%b" % (identity, state.encode(), digest, attempt, (remote_id or "").encode()))
