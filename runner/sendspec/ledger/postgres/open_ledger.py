"""An open ledger on a server: its session, its identity, and the queries that all look-ups share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.moment import noted_moment
from sendspec.ledger.postgres.function_words import BASELINE
from sendspec.ledger.postgres.session import Session
from sendspec.planning.message_state import State

STATE_BY_WORD = {state.value: state for state in State}
IS_BASELINED = f"(m.state = 'skipped' AND m.evidence IS NOT DISTINCT FROM '{BASELINE}')"
REFERENCE = "(coalesce(m.reference, 'm' || encode(m.id, 'hex')) || CASE WHEN m.resend > 0 THEN '-' || (m.resend + 1) ELSE '' END)"
"""The reference a message goes out under: see `identity.resent`."""
LIVING = """SELECT r.number FROM run r JOIN pg_locks l ON l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = lock_key('run ' || r.number)"""
"""The runs whose lock is held."""
SENDING = f"({LIVING} WHERE r.on_the_way > 0)"
"""Those that are sending something."""
PROGRESS = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_number"

MAX_REASON = 300
"""Characters of a halt's reason that are shown."""


def shortened(reason: str | None) -> str | None:
    """Why nothing may be sent, at a length that can be read."""
    return reason if reason is None or len(reason) <= MAX_REASON else f"{reason[:MAX_REASON]}…"


class OpenLedger:
    """`path` names the ledger in errors."""

    _run: int | None = None
    """The run that asks, once it has begun."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.path = session.place.shown

    @property
    def id(self) -> str:
        return self._note("id")

    @property
    def moved_to(self) -> str | None:
        """Where the ledger was copied to; None: it was not."""
        return self._noted("moved_to")

    @property
    def opt_outs_noted(self) -> int:
        """How many opt-out signals there are: they are in the ledger itself."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM opt_out")[0][0])

    @property
    def halt(self) -> str | None:
        """Why nobody may send for now; None if they may."""
        return self._noted("halt")

    @property
    def moves(self) -> int:
        """The number of the latest move. It only grows.

        Moves that free messages, or refuse them, hold a lock while they get their numbers: none of them can come to light later
        under a lower number.
        """
        with self._together():
            self._rows("SELECT pg_advisory_xact_lock_shared(lock_key('freed'))")
            return int(self._rows(PROGRESS)[0][0])

    def close(self) -> None:
        self._session.close()

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Has the block's queries in one transaction."""
        self._rows("SELECT 1")  # comes back first, if the server was away
        with self._session.translated(), self._session.connection.transaction():
            yield

    def _note(self, name: str) -> str:
        found = self._noted(name)
        if found is None:
            raise LedgerDamaged(f"{self.path} is damaged: a note is gone", "restore it from a backup")
        return found

    def _noted(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE name = %(name)s", {"name": name})
        return None if not rows else str(rows[0][0])

    def _moment_noted(self, name: str) -> float:
        """A note that holds a moment. Raises `LedgerDamaged` if it is gone, or holds something else."""
        moment = noted_moment(self._note(name))
        if moment is None:
            raise LedgerDamaged(f"{self.path} is damaged: its note '{name}' is no time", "restore it from a backup")
        return moment

    def _state(self, word: str) -> State:
        return STATE_BY_WORD[word]

    def _rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        return self._session.rows(sql, parameters)

    def _stream(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Any]:
        return self._session.stream(sql, parameters)
