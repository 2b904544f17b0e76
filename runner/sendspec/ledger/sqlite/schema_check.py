"""Whether a SQLite file has a ledger's tables, and nothing else: looked at before anything in it is asked for.

A view in a table's place can have a query that never ends, and so can pages that lead back to themselves.
"""

from __future__ import annotations

import os
import re
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.sqlite.migration import EARLIER, MIGRATIONS
from sendspec.ledger.sqlite.tables import SCHEMA, SCHEMA_VERSION

LOOKED_AT = 100
"""Entries of a schema, far more than a ledger has."""
STEPS_BETWEEN_LOOKS = 100_000
STEPS_ALWAYS, STEPS_A_BYTE = 20_000_000, 4
"""SQLite's steps that a query may take: some tenths of a second, and per byte of the ledger six times what the costliest takes."""
MAX_VALUE_BYTES = 1_000_000
"""The longest value or row. A ledger's own have a few hundred bytes."""
_SPACES_AND_QUOTES = re.compile(r'[\s"`\[\]]+')
_OF_SQLITES_OWN = {"sqlite_stat1": "createtablesqlite_stat1(tbl,idx,stat)"}
"""What `ANALYZE` leaves behind."""

_Entry = tuple[str, str, str]


class QueryLimit:
    """Ends a query that goes on for far longer than the size of the ledger accounts for."""

    def __init__(self, most: int) -> None:
        """`most` is how many of SQLite's steps a query may take."""
        self._most = self._left = most // STEPS_BETWEEN_LOOKS

    def begin(self) -> None:
        """Another query begins."""
        self._left = self._most

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


def bound(connection: Any, path: Path) -> QueryLimit:
    """Bounds what a connection that was just opened to `path` does for a query, and how long the values may be that it reads."""
    size = sum(_size(path.with_name(path.name + ending)) for ending in ("", "-wal"))
    limit = QueryLimit(STEPS_ALWAYS + STEPS_A_BYTE * size)
    connection.set_progress_handler(limit, STEPS_BETWEEN_LOOKS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    return limit


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as the other calls here
    except OSError:
        return 0


def check_schema(connection: Any, path: Path, version: int) -> None:
    """Raises `LedgerDamaged` where the tables are others than those of a ledger of this version."""
    try:
        rows = list(connection.execute(f"SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT {LOOKED_AT}"))
    except UnicodeDecodeError:  # SQLite quotes the schema in its message
        raise LedgerDamaged(f"the ledger {path} has a schema that is no text", "restore it from a backup") from None
    found = {_entry(kind, name, sql) for kind, name, table, sql in rows if not _is_automatic(kind, name, sql)}
    found -= {("table", name, sql) for name, sql in _OF_SQLITES_OWN.items()}
    known = _known(version)
    if found in known:
        return
    raise LedgerDamaged(
        f"the ledger {path} {_difference(found, known[0])}",
        "bring the ledger back from a backup; a file that comes with a checkout is none",
    )


def _is_automatic(kind: str, name: str, sql: str | None) -> bool:
    """Whether it is the index that SQLite makes of itself for a key."""
    return kind == "index" and sql is None and str(name).startswith("sqlite_autoindex_")


def _entry(kind: object, name: object, sql: object) -> _Entry:
    return (str(kind), str(name), _SPACES_AND_QUOTES.sub("", str(sql)).lower())


def _difference(found: set[_Entry], known: frozenset[_Entry]) -> str:
    """In which entry a schema differs, in words; the first that is too many says most."""
    for kind, name, _ in sorted(found - known):
        of_ours = any(name == other for _, other, _ in known)
        shown = f"{printable(kind[:20])} '{printable(name[:40])}'"
        return f"has another {shown} than a ledger has" if of_ours else f"has the {shown}, which no ledger has"
    kind, name, _ = min(known - found)
    return f"lacks the {kind} '{name}'"


@cache
def _known(version: int) -> tuple[frozenset[_Entry], ...]:
    """The schemas that ledgers of a version have: made in it, or brought to it from an earlier one."""
    made = {**EARLIER, SCHEMA_VERSION: SCHEMA}
    return tuple(_schema(made, first, version) for first in sorted(made, reverse=True) if first <= version)


def _schema(made: dict[int, tuple[str, ...]], first: int, version: int) -> frozenset[_Entry]:
    """What SQLite notes of a ledger that was made in version `first` and migrated to `version`."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for name, arguments in (("keyed_digest", 1), ("row_checksum", 8), ("row_checksum", 9)):
            connection.create_function(name, arguments, lambda *values: None)
        for statement in made[first]:
            connection.execute(statement)
        for step in range(first, version):
            for statement in MIGRATIONS[step]:
                connection.execute(statement)
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    finally:
        connection.close()
    return frozenset(_entry(*row) for row in rows if not _is_automatic(*row))
