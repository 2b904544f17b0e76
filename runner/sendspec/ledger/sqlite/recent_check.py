"""Verifies a part of a ledger: what was written since a point up to which it is known to be sound, or single sends."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.diagnostics.wording import counted
from sendspec.ledger.moment import MOMENTS
from sendspec.ledger.sqlite.move_sql import wrong_checksum
from sendspec.ledger.sqlite.reader import ODD_MOMENT, SqliteReader
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.ledger.verified_point import Seal, VerifiedPoint

SMALL_TABLES = ("meta", "run", "spec", "plan", "absence")
"""Tables that don't grow with each message."""
CHECKS_TABLES = (3, 33, 0)
"""From this SQLite on, `integrity_check` takes a table's name."""
_NOT_FOUND = (
    "NOT EXISTS (SELECT 1 FROM message i INDEXED BY {index} WHERE i.{column} = m.{column} AND i.number = m.number)"
)
_UNINDEXED = " OR ".join(_NOT_FOUND.format(index=f"message_by_{column}", column=column) for column in ("id", "spec"))
_ODD = " OR ".join(ODD_MOMENT.format(column=column) for column in MOMENTS["message"])
_WRONG = f"""SELECT coalesce(sum({wrong_checksum(SCHEMA_VERSION)}), 0), coalesce(sum({_ODD}), 0), coalesce(sum({_UNINDEXED}), 0)
    FROM message m WHERE """
_ADDED = f"{_WRONG} m.number > ?"
_MOVED = f"{_WRONG} m.number IN (SELECT e.message FROM event e WHERE e.number > ?)"
_OF_SPEC = f"{_WRONG} m.spec = ?"
_MISCOUNTED = """SELECT count(*) FROM spec s WHERE s.number = ?
    AND s.messages <> (SELECT count(*) FROM message WHERE spec = s.number)"""
_LOST = """SELECT count(*) FROM event e WHERE e.number > ?
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.number = e.message)"""
_SENDING = "SELECT EXISTS (SELECT 1 FROM message WHERE state = 'sending')"
_SENDING_SINCE = """SELECT EXISTS (SELECT 1 FROM message
    WHERE state = 'sending' AND number IN (SELECT message FROM event WHERE number > ?))"""


class RecentCheck(SqliteReader):
    """A ledger of this version, verified in part."""

    def find_recent_damage(self, seal: Seal) -> list[str]:
        """What is wrong with what was written since the seal's point, in words."""
        point = seal.point
        try:
            found = self._damaged_tables()
            if found:
                return found
            found = self._wrong_messages(_ADDED, point.number) + self._wrong_messages(_MOVED, point.moves)
            if lost := self._value(_LOST, (point.moves,)):
                found.append(f"it lacks the messages of {counted(lost, 'recorded move')}")
            found += self._miscounted(point) + self._lacking("plan")
            added = self._rows("SELECT DISTINCT spec FROM message NOT INDEXED WHERE number > ?", (point.number,))
            found += self._miscounted_specs({*seal.replanned, *(spec for (spec,) in added)})
            for spec in seal.replanned:
                found += self._wrong_messages(_OF_SPEC, spec)
            return found + self._odd_moments(without=("message",))
        except LedgerTrouble as trouble:
            return [str(trouble)]

    def find_damage_of(self, names: Collection[str]) -> list[str]:
        """What is wrong with the messages of specs of these names, in words."""
        try:
            specs = [number for number, name in self._rows("SELECT number, name FROM spec") if name in names]
            found = self._miscounted_specs(specs)
            for spec in specs:
                found += self._wrong_messages(_OF_SPEC, spec)
            return found
        except LedgerTrouble as trouble:
            return [str(trouble)]

    def point_after(self, verified: VerifiedPoint | None) -> VerifiedPoint:
        """The point up to which the ledger is verified now, once what follows `verified` is; None: once all of it is."""
        last = self._number_of("SELECT coalesce(max(number), 0) FROM message")
        if verified is None:
            return VerifiedPoint(self.moves, last, self._number_of("SELECT count(*) FROM message"))
        return VerifiedPoint(self.moves, last, verified.messages + self._count_added(verified))

    def _is_sending(self, since: int) -> bool:
        """Whether a run that did not end left a message `sending`. All such messages were claimed after the move `since`."""
        return bool(self._value(_SENDING_SINCE, (since,)) if since else self._value(_SENDING))

    def _count_added(self, point: VerifiedPoint) -> int:
        return int(self._value("SELECT count(*) FROM message WHERE number > ?", (point.number,)))

    def _damaged_tables(self) -> list[str]:
        tables = SMALL_TABLES if sqlite3.sqlite_version_info >= CHECKS_TABLES else ()
        rows: list[Any] = [row for table in tables for row in self._rows(f"PRAGMA integrity_check({table})")]
        return [f"its pages: {row[0]}" for row in rows if row[0] != "ok"]

    def _wrong_messages(self, sql: str, parameter: int) -> list[str]:
        [(wrong, odd, unindexed)] = self._rows(sql, (parameter,))
        found = []
        if wrong:
            found.append(
                f"{wrong} messages don't match their checksums" if wrong > 1 else "a message doesn't match its checksum"
            )
        if odd:
            found.append(f"{counted(odd, 'row')} of message {'has' if odd == 1 else 'have'} a time that is none")
        if unindexed:
            found.append(f"its indexes lack {counted(unindexed, 'message')}")
        return found

    def _miscounted(self, point: VerifiedPoint) -> list[str]:
        held = point.messages + self._count_added(point)
        noted = self._value("SELECT coalesce(sum(messages), 0) FROM spec")
        return [] if held == noted else [f"it holds {counted(held, 'message')} and should hold {noted}"]

    def _miscounted_specs(self, specs: Collection[int] | Sequence[int]) -> list[str]:
        wrong = sum(self._value(_MISCOUNTED, (spec,)) for spec in specs)
        return [f"it holds another number of messages than it should, of {counted(wrong, 'send')}"] if wrong else []
