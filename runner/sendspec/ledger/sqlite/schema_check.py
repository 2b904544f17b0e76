"""Checks that a SQLite file has exactly a ledger's tables, before anything in it is queried.

A hostile file can have a view in a table's place, whose query never ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.sqlite.migration import EARLIER, MIGRATIONS
from sendspec.ledger.sqlite.tables import SCHEMA, SCHEMA_VERSION

MAX_ENTRIES = 100
"""Schema entries read; a ledger has far fewer."""
_SPACES_AND_QUOTES = lazy_pattern(r'[\s"`\[\]]+')
_SQLITES_OWN = {"sqlite_stat1": "createtablesqlite_stat1(tbl,idx,stat)"}
"""The table that `ANALYZE` leaves behind."""

MADE = {**EARLIER, SCHEMA_VERSION: SCHEMA}
"""What creates a ledger, by its version. A ledger of one version may have been migrated from any earlier one."""

_Entry = tuple[str, str, str]


def check_schema(connection: Any, path: Path, version: int) -> None:
    """Raises `LedgerDamaged` unless the tables are those of a ledger of this version."""
    found = read_schema(connection, f"the ledger {path}")
    if any(found == _schema(first, version) for first in sorted(MADE, reverse=True) if first <= version):
        return
    raise LedgerDamaged(
        f"the ledger {path} {difference(found, _schema(version, version), 'ledger')}",
        "bring the ledger back from a backup; a file that comes with a checkout is none",
    )


def read_schema(connection: Any, named: str) -> set[_Entry]:
    """The schema entries of a file, without those that SQLite makes by itself. `named` is what errors call the file."""
    try:
        rows = list(connection.execute(f"SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT {MAX_ENTRIES}"))
    except UnicodeDecodeError:  # SQLite quotes the schema in its message
        raise LedgerDamaged(f"{named} has a schema that is no text", "restore it from a backup") from None
    found = {_entry(kind, name, sql) for kind, name, table, sql in rows if not _is_automatic(kind, name, sql)}
    return found - {("table", name, sql) for name, sql in _SQLITES_OWN.items()}


def _is_automatic(kind: str, name: str, sql: str | None) -> bool:
    """Whether it is an index that SQLite itself creates for a key."""
    return kind == "index" and sql is None and str(name).startswith("sqlite_autoindex_")


def _entry(kind: object, name: object, sql: object) -> _Entry:
    return (str(kind), str(name), _SPACES_AND_QUOTES.sub("", str(sql)).lower())


def difference(found: set[_Entry], known: frozenset[_Entry], kind_of_file: str) -> str:
    """One entry in which the schemas differ, in words. An extra entry says more than a missing one."""
    for kind, name, _ in sorted(found - known):
        of_ours = any(name == other for _, other, _ in known)
        shown = f"{printable(kind[:20])} '{printable(name[:40])}'"
        return (
            f"has another {shown} than a {kind_of_file} has"
            if of_ours
            else f"has the {shown}, which no {kind_of_file} has"
        )
    kind, name, _ = min(known - found)
    return f"lacks the {kind} '{name}'"


@cache
def _schema(first: int, version: int) -> frozenset[_Entry]:
    """The schema entries of a ledger created in version `first` and migrated to `version`."""
    steps = (statement for step in range(first, version) for statement in MIGRATIONS[step])
    return schema_of((*MADE[first], *steps))


def schema_of(statements: Iterable[str]) -> frozenset[_Entry]:
    """The schema entries that these statements make."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for name, arguments in (("keyed_digest", 1), ("row_checksum", 8), ("row_checksum", 9)):
            connection.create_function(name, arguments, lambda *values: None)
        for statement in statements:
            connection.execute(statement)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    finally:
        connection.close()
    return frozenset(_entry(*row) for row in rows if not _is_automatic(*row))
