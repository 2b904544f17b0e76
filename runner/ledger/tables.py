"""The ledger's tables, as SQLite holds them. States are the words of `State`."""

from __future__ import annotations

import zlib

from runner.planning.fact import State

APPLICATION_ID = 0x53454E44
"""`SEND`, in the file's header: tells a ledger from any other SQLite file."""
SCHEMA_VERSION = 2
"""2 added where each run's messages went, forced resends, and sightings of absence."""

_WORDS = ", ".join(f"'{state.value}'" for state in State)

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    """CREATE TABLE run (
        number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, started_at REAL NOT NULL, ended_at REAL,
        pid INTEGER NOT NULL, host TEXT NOT NULL, command TEXT NOT NULL, ending TEXT, requests INTEGER)""",
    """CREATE TABLE spec (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL, path TEXT NOT NULL,
        messages INTEGER NOT NULL, plan_digest BLOB NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
        UNIQUE (name, generation))""",
    """CREATE TABLE plan (
        run INTEGER NOT NULL REFERENCES run (number), spec INTEGER NOT NULL REFERENCES spec (number),
        messages INTEGER NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL, workspace TEXT, channel TEXT,
        PRIMARY KEY (run, spec)) WITHOUT ROWID""",
    f"""CREATE TABLE message (
        id BLOB PRIMARY KEY CHECK (length(id) = 16), spec INTEGER NOT NULL REFERENCES spec (number),
        state TEXT NOT NULL CHECK (state IN ({_WORDS})), digest BLOB NOT NULL CHECK (length(digest) = 32),
        reference TEXT, receiver BLOB NOT NULL, masked TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, run INTEGER,
        remote_id TEXT, http_status INTEGER, evidence TEXT, updated_at REAL NOT NULL, checksum INTEGER NOT NULL,
        resend INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    """CREATE TABLE event (
        number INTEGER PRIMARY KEY, message BLOB NOT NULL, at REAL NOT NULL, run INTEGER, attempt INTEGER NOT NULL,
        origin TEXT, target TEXT NOT NULL, evidence TEXT)""",
    ABSENCE
    := "CREATE TABLE absence (message BLOB PRIMARY KEY, attempt INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID",
)
"""`spec.messages` counts its rows in `message`, which are never deleted; `plan` keeps what each run set out to send, and where to.
`message.resend` counts how often a person had it sent again. `absence` is when the API's list first lacked a message in doubt.

There is no index by state: a scan takes 0.1 s a million messages, once a run, and an index costs each claim and settlement.
"""

MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE plan ADD COLUMN workspace TEXT",
        "ALTER TABLE plan ADD COLUMN channel TEXT",
        "ALTER TABLE message ADD COLUMN resend INTEGER NOT NULL DEFAULT 0",
        ABSENCE,
    )
}
"""What brings a ledger of each older version to the next one."""


def row_checksum(
    identity: bytes,
    spec: int,
    state: str,
    digest: bytes,
    reference: str | None,
    receiver: bytes,
    attempt: int,
    remote_id: str | None,
) -> int:
    """A short checksum over what a row means: a damaged page can answer queries without an error."""
    words = f"{spec}|{state}|{attempt}|{reference}|{remote_id}|".encode()
    return zlib.crc32(b"%b%b%b%b" % (words, identity, digest, receiver))
