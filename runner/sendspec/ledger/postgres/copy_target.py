"""A server as the target of a copy: written in one transaction, and usable once the source can't send any more."""

from __future__ import annotations

from sendspec.ledger.copied_table import (
    COPIED_TABLES,
    COPY,
    MESSAGE,
    RUN,
    SPEC,
    CopiedTable,
    LedgerContent,
)
from sendspec.ledger.copy_protocol import CopySource
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.creation import create_schema, refuse_taken
from sendspec.ledger.postgres.opening import COPYING, closing_on_trouble, notes_of, refuse_unsafe
from sendspec.ledger.postgres.pool import refuse_pool
from sendspec.ledger.postgres.reader import PostgresFacts
from sendspec.ledger.postgres.session import TIMELINE, Session
from sendspec.ledger.postgres.tables import version

ADDED: dict[CopiedTable, tuple[tuple[str, object], ...]] = {RUN: (("backend", 0), ("is_fenced", True))}
"""Columns that only this kind of ledger has. No process of a copied run may come back."""


class ServerTarget:
    """Satisfies `copy_protocol.CopyTarget`."""

    def __init__(self, place: ServerPlace, identity: LedgerIdentity) -> None:
        self._session = Session(place)
        self._identity = identity
        with closing_on_trouble(self._session):
            refuse_pool(self._session)

    def close(self) -> None:
        self._session.close()

    def waiting_copy(self) -> str | None:
        """Which copy is there, usable or not yet."""
        notes = notes_of(self._session) or {}
        return notes.get(COPY) if notes.get("id") == self._identity.ledger else None

    def refuse_taken(self) -> None:
        refuse_unsafe(self._session)
        refuse_taken(self._session, unless=COPYING)

    def fill(self, source: CopySource, copy: str) -> None:
        """Writes the ledger in one transaction, marked as a copy that isn't usable."""
        session = self._session
        with session.translated(), session.connection.transaction():
            session.run("SET LOCAL statement_timeout = 0")
            create_schema(session, self._notes(source, copy), unless=COPYING)
            for table in COPIED_TABLES:
                self._write_rows(table, source)
            self._number_on("run_number", source.epoch)
            self._number_on("event_number", source.moves)
            for table in (SPEC, MESSAGE):
                newest = session.run(f"SELECT coalesce(max(number), 0) FROM {table.name}").fetchall()[0][0]
                self._number_on(f"{table.name}_number_seq", newest)
            session.run(f"ANALYZE {', '.join(table.name for table in COPIED_TABLES)}")

    def _notes(self, source: CopySource, copy: str) -> dict[str, str]:
        """All that was ever claimed is in the copy: what this server was before doesn't matter."""
        server, timeline = self._session.run(TIMELINE).fetchall()[0]
        halt = source.halt
        return {
            "id": self._identity.ledger,
            "salt_check": self._identity.salt_check,
            "version": str(version()),
            "created_at": repr(source.created_at),
            "server": server,
            "timeline": timeline,
            "timeline_since": "0",
            COPY: copy,
            COPYING: "yes",
            **({} if halt is None else {"halt": halt}),
        }

    def _write_rows(self, table: CopiedTable, source: CopySource) -> None:
        added = ADDED.get(table, ())
        columns = ", ".join((*table.columns, *(name for name, _ in added)))
        values = tuple(value for _, value in added)
        with self._session.connection.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN") as rows:
            for row in source.copied_rows(table):
                rows.write_row((*row, *values))

    def _number_on(self, sequence: str, last: int) -> None:
        if last:
            self._session.run("SELECT setval(%(sequence)s, %(last)s)", {"sequence": sequence, "last": last})

    def content(self) -> LedgerContent:
        return PostgresFacts(self._session).content()

    def find_damage(self) -> list[str]:
        return PostgresFacts(self._session).find_damage()

    def finish(self, source: CopySource) -> None:
        self._session.rows("DELETE FROM meta WHERE name = %(name)s RETURNING name", {"name": COPYING})
