"""A ledger on a server as the source of a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sendspec.diagnostics.exceptions import LedgerBusy, LedgerUnwritable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.copied_table import COPY, MOVED_TO, SPEC, CopiedTable
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.exclusive import HOLDS_LEDGER, take_ledger
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.open_ledger import PROGRESS
from sendspec.ledger.postgres.opening import open_as
from sendspec.ledger.record import RunOwner

EPOCH = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM run_number"
ON_THE_WAY = "SELECT count(*) FROM message WHERE state = 'sending'"


class ServerSource(PostgresLedger):
    """Satisfies `copy_protocol.CopySource`. From `prepare` on all that it reads is of one moment, and it never comes back in another session:
    what it writes at the end would be in another transaction."""

    @property
    def created_at(self) -> float:
        return float(self._note("created_at"))

    @property
    def epoch(self) -> int:
        return int(self._rows(EPOCH)[0][0])

    @property
    def moves(self) -> int:
        return int(self._rows(PROGRESS)[0][0])

    def prepare(self, owner: RunOwner, *, now: float) -> None:
        """Keeps runs out, and has one begin and end: it imports what others spilled, and puts into doubt what dead ones were sending."""
        take_ledger(self._session)
        self.begin(owner, now=now)
        self.end(now=now, ending="copied", requests=0)
        with self._session.translated():
            self._session.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
            self._session.run("SET LOCAL statement_timeout = 0")
        if not self._rows(HOLDS_LEDGER)[0][0]:
            raise LedgerUnwritable(f"{self.path} broke off", "look at the server, then run the command again")
        on_the_way = self._rows(ON_THE_WAY)[0][0]
        if on_the_way:
            raise LedgerBusy(
                f"{counted(on_the_way, 'message')} may be on the way: the server was just started, and runs may come back",
                "run the command again in a minute",
            )

    def copied_rows(self, table: CopiedTable) -> Iterator[tuple[Any, ...]]:
        """Rows in order. A claim from before a fail-over has no time: later ones may be lost, and the copy has to know that too."""
        columns = [
            f"CASE WHEN claimed_at >= {self._timeline_since()!r} THEN claimed_at END"
            if (table, column) == (SPEC, "claimed_at")
            else column
            for column in table.columns
        ]
        return self._stream(f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {table.order}")

    def mark_moved(self, to: str, copy: str) -> None:
        with self._session.translated():
            for name, value in ((MOVED_TO, to), (COPY, copy)):
                self._session.run(
                    "INSERT INTO meta VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    {"name": name, "value": value},
                )
            self._session.run("COMMIT")


@contextmanager
def hold_source_server(place: ServerPlace, identity: LedgerIdentity) -> Iterator[ServerSource]:
    """The ledger of this identity, checked; `prepare` keeps runs out."""
    ledger = open_as(ServerSource, place, identity.ledger, identity.salt)
    try:
        yield ledger
    finally:
        ledger.close()
