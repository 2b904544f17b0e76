"""Brings a ledger of an older version to this one: in one transaction, so that a crash leaves the old one whole."""

from __future__ import annotations

from typing import Any

from runner.ledger.tables import (
    ABSENCE,
    EVENT,
    MESSAGE,
    MESSAGE_BY_ID,
    RUN_COLUMNS,
    SCHEMA_VERSION,
    SPEC_COLUMNS,
)

ROOM_TIMES = 3
"""How much room a migration takes, in sizes of the ledger: the new tables, and all of it once more in the log."""

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
}
"""What brings a ledger of each older version to the next one. The SQL functions are those of `LedgerReader`.

When a message of version 2 was first claimed is left out: the API's clock was not noted then.
"""


def version_of(connection: Any) -> int:
    """The version of the ledger's tables, as SQLite's header has it."""
    return int(next(iter(connection.execute("PRAGMA user_version")))[0])


def migrate(connection: Any) -> None:
    """Changes nothing where the ledger has this version already. Only for who holds the run lock."""
    if version_of(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for version in range(version_of(connection), SCHEMA_VERSION):
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
