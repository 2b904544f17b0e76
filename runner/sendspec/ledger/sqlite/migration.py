"""Migrates a ledger of an older version, in one transaction: a crash leaves the old ledger intact."""

from __future__ import annotations

from typing import Any

from sendspec.ledger.sqlite.tables import (
    ABSENCE,
    EVENT,
    MESSAGE,
    MESSAGE_BY_ID,
    MESSAGE_BY_SPEC,
    MESSAGE_REFERENCED,
    RUN,
    RUN_COLUMNS,
    SCHEMA,
    SCHEMA_VERSION,
    SPEC,
    SPEC_COLUMNS,
)

ROOM_TIMES = {1: 3.0, 2: 3.0, 3: 0.25}
"""Disk space that the migration of a version needs, in multiples of the ledger's size.

Up to version 2: the new tables, and all of it again in the WAL. From 3: an index of 10 bytes a message, in the file, in the WAL
and while it is sorted; a message takes about 300.
"""

MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE plan ADD COLUMN workspace TEXT",
        "ALTER TABLE plan ADD COLUMN channel TEXT",
        "ALTER TABLE message ADD COLUMN resend INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE absence (message BLOB PRIMARY KEY, attempt INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID",
    ),
    2: (
        *(f"ALTER TABLE run ADD COLUMN {column}" for column in RUN_COLUMNS),
        *(f"ALTER TABLE spec ADD COLUMN {column}" for column in SPEC_COLUMNS),
        "ALTER TABLE message RENAME TO old_message",
        "ALTER TABLE event RENAME TO old_event",
        "ALTER TABLE absence RENAME TO old_absence",
        MESSAGE,
        """INSERT INTO message (id, spec, state, digest, reference, receiver, masked, attempt, run, remote_id, http_status,
                evidence, updated_at, resend, checksum)
            SELECT id, spec, state, keyed_digest(digest), reference, receiver, masked, attempt, run, remote_id, http_status,
                evidence, updated_at, resend,
                row_checksum(id, spec, state, keyed_digest(digest), reference, receiver, attempt + (resend << 32), remote_id)
            FROM old_message ORDER BY spec, id""",
        MESSAGE_BY_ID,
        EVENT,
        """INSERT INTO event (number, message, at, run, attempt, origin, target, evidence)
            SELECT e.number, m.number, e.at, e.run, e.attempt, e.origin, e.target, e.evidence
            FROM old_event e JOIN message m ON m.id = e.message ORDER BY e.number""",
        ABSENCE,
        """INSERT INTO absence (message, attempt, at)
            SELECT m.number, a.attempt, a.at FROM old_absence a JOIN message m ON m.id = a.message""",
        "DROP TABLE old_absence",
        "DROP TABLE old_event",
        "DROP TABLE old_message",
    ),
    3: (MESSAGE_BY_SPEC, MESSAGE_REFERENCED),
}
"""The statements from each older version to the next. `OpenLedger` defines their SQL functions.

First claims of version 2 stay undated, as that version did not note the API's clock.
"""

ADDS_INDEXES = frozenset({3})
"""Versions whose migration writes no row: what was verified before it stays so. A send compares its own rows with the indexes."""


_META_1 = "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID"
_RUN_1 = RUN.format(more="")
_SPEC_1 = SPEC.format(more="")
_PLAN_1 = """CREATE TABLE plan (
    run INTEGER NOT NULL REFERENCES run (number), spec INTEGER NOT NULL REFERENCES spec (number),
    messages INTEGER NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL,{more} PRIMARY KEY (run, spec)) WITHOUT ROWID"""
_MESSAGE_1 = """CREATE TABLE message (
    id BLOB PRIMARY KEY CHECK (length(id) = 16), spec INTEGER NOT NULL REFERENCES spec (number),
    state TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'accepted', 'refused', 'in_doubt', 'skipped')),
    digest BLOB NOT NULL CHECK (length(digest) = 32), reference TEXT, receiver BLOB NOT NULL, masked TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, run INTEGER, remote_id TEXT, http_status INTEGER, evidence TEXT,
    updated_at REAL NOT NULL, checksum INTEGER NOT NULL{more}) WITHOUT ROWID"""
_EVENT_1 = """CREATE TABLE event (
    number INTEGER PRIMARY KEY, message BLOB NOT NULL, at REAL NOT NULL, run INTEGER, attempt INTEGER NOT NULL,
    origin TEXT, target TEXT NOT NULL, evidence TEXT)"""
_ABSENCE_2 = "CREATE TABLE absence (message BLOB PRIMARY KEY, attempt INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID"

EARLIER: dict[int, tuple[str, ...]] = {
    1: (_META_1, _RUN_1, _SPEC_1, _PLAN_1.format(more=""), _MESSAGE_1.format(more=""), _EVENT_1),
    2: (
        _META_1,
        _RUN_1,
        _SPEC_1,
        _PLAN_1.format(more=" workspace TEXT, channel TEXT,"),
        _MESSAGE_1.format(more=", resend INTEGER NOT NULL DEFAULT 0"),
        _EVENT_1,
        _ABSENCE_2,
    ),
    3: tuple(statement for statement in SCHEMA if statement not in (MESSAGE_BY_SPEC, MESSAGE_REFERENCED)),
}
"""The schemas that earlier versions created."""


def version_of(connection: Any) -> int:
    """The version of the ledger's tables, from SQLite's header."""
    return int(next(iter(connection.execute("PRAGMA user_version")))[0])


def migrate(connection: Any) -> None:
    """Migrates to this version; does nothing if the ledger has it already. Only for the owner of the run lock."""
    if version_of(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for version in range(version_of(connection), SCHEMA_VERSION):
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
