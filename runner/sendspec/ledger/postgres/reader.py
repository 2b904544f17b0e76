"""A ledger opened to read: every look-up, and the checks of the whole ledger. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sendspec.ledger.copied_table import COPY, LedgerContent, content_of
from sendspec.ledger.moment import MAX_MOMENT, MIN_MOMENT, MOMENTS, noted_moment, odd_moments
from sendspec.ledger.postgres.doubt_lookup import DoubtLookup
from sendspec.ledger.postgres.message_lookup import MessageLookup
from sendspec.ledger.postgres.open_ledger import PROGRESS
from sendspec.ledger.postgres.send_history import SendHistory
from sendspec.ledger.postgres.whole_send import WholeSend
from sendspec.ledger.stored_row import odd_among

MISCOUNTED = """SELECT count(*) FROM spec s
    LEFT JOIN (SELECT spec, count(*) AS held FROM message GROUP BY spec) m ON m.spec = s.number WHERE s.messages <> coalesce(m.held, 0)"""
MISCOUNTED_RUNS = """SELECT count(*) FROM run r
    LEFT JOIN (SELECT run, count(*) AS held FROM message WHERE state = 'sending' GROUP BY run) m ON m.run = r.number
    WHERE r.on_the_way <> coalesce(m.held, 0)"""

ODD_MOMENT = f"NOT {{column}} BETWEEN {MIN_MOMENT} AND {MAX_MOMENT}"


class PostgresFacts(MessageLookup, SendHistory, DoubtLookup, WholeSend):
    """Every look-up."""

    def find_damage(self) -> list[str]:
        """What doesn't add up; empty for a sound ledger. The server looks after its pages itself."""
        found = []
        with self._together():
            if wrong := self._rows(MISCOUNTED)[0][0]:
                found.append(f"{wrong} specs don't have as many messages as they should")
            if wrong := self._rows(MISCOUNTED_RUNS)[0][0]:
                found.append(f"{wrong} runs don't have as many messages on the way as they should")
            found += odd_moments(self._rows, MOMENTS | {"event": ("at",)}, ODD_MOMENT)
            found += [
                f"its note '{name}' is no time"
                for name in ("created_at", "timeline_since")
                if (noted := self._noted(name)) is not None and noted_moment(noted) is None
            ]
        return found

    def odd_moves(self) -> list[tuple[str | None, str, int]]:
        """Recorded moves (origin, target, count) that the table of moves doesn't permit."""
        return odd_among(self._rows("SELECT origin, target, count(*) FROM event GROUP BY origin, target"))

    @property
    def copy(self) -> str | None:
        """Which copy was made of this ledger, or which copy it is; None: neither."""
        return self._noted(COPY)

    def content(self) -> LedgerContent:
        """What it holds, to compare a copy with."""
        return content_of(self._rows)

    def lost_writes(self) -> str | None:
        """None: a server that was restored, or promoted, shows in `sends`, whose claims then have to be looked for in the API's list."""
        return None


class PostgresReader(PostgresFacts):
    """Satisfies `protocol.Facts`. All that it tells is of one moment, that of its first look-up."""

    _moves: int | None = None

    @property
    def moves(self) -> int:
        """The number of the latest move at that moment."""
        self._begin()
        assert self._moves is not None
        return self._moves

    def _begin(self) -> None:
        """Takes the moment: while nothing is being freed or refused, so that `moves` tells exactly what it holds."""
        if self._moves is not None:
            return
        session = self._session
        with session.translated():
            session.run("SELECT pg_advisory_lock_shared(lock_key('freed'))")
            session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._moves = int(session.run(PROGRESS).fetchall()[0][0])
            session.run("SELECT pg_advisory_unlock_shared(lock_key('freed'))")

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """All its look-ups tell of one moment anyway."""
        yield

    @contextmanager
    def _together(self) -> Iterator[None]:
        self._begin()
        yield

    def _rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        self._begin()
        return super()._rows(sql, parameters)

    def _stream(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Any]:
        self._begin()
        return super()._stream(sql, parameters)
