"""Brings a ledger of an older version to this one: in one transaction, so that a crash leaves the old one whole."""

from __future__ import annotations

from typing import Any

from runner.ledger.tables import MIGRATIONS, SCHEMA_VERSION


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
