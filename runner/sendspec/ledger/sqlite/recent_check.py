"""Verifies a part of a ledger: what was written since a point up to which it is known to be sound, or single sends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.diagnostics.wording import counted
from sendspec.ledger.moment import MOMENTS
from sendspec.ledger.sqlite.checked_rows import WHOLE
from sendspec.ledger.sqlite.error import found_by
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
_MOVED = f"{_WRONG} m.number IN (SELECT e.message FROM event e WHERE e.number > ? AND e.message <= ?)"
_REPLANNED = f"{_WRONG} m.number BETWEEN ? AND ?"
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
            found = self._wrong_messages(_ADDED, point.number) + self._wrong_messages(_MOVED, point.moves, point.number)
            if lost := self._value(_LOST, (point.moves,)):
                found.append(f"it lacks the messages of {counted(lost, 'recorded move')}")
            found += self._miscounted(point) + self._lacking("plan")
            for replanned in seal.replanned:
                found += self._wrong_messages(_REPLANNED, *replanned)
            return found + self._odd_moments(without=("message",))
        except LedgerTrouble as trouble:
            return [found_by(trouble)]

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

    def _wrong_messages_of(self, spec: int) -> list[str]:
        return self._wrong_messages(_OF_SPEC, spec)

    def _wrong_messages_numbered(self, numbers: Sequence[int]) -> list[str]:
        return self._wrong_messages(f"{_WRONG} m.number IN ({','.join('?' * len(numbers))})", *numbers)

    def _wrong_messages(self, sql: str, *parameters: int) -> list[str]:
        [(wrong, odd, unindexed)] = self._rows(sql, parameters)
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
        """What is wrong with the counts: of all messages, and of those of each send."""
        messages = dict(self._typed((WHOLE, WHOLE), "SELECT number, messages FROM spec"))
        held, noted = point.messages + self._count_added(point), sum(messages.values())
        if held != noted:
            return [f"it holds {counted(held, 'message')} and should hold {noted}"]
        tallied = self._counts_of(messages)
        if tallied is not None:
            return _wrong_counts(sum(sum(tallied[spec].values()) != count for spec, count in messages.items()))
        added = self._rows("SELECT DISTINCT spec FROM message NOT INDEXED WHERE number > ?", (point.number,))
        return self._miscounted_specs(spec for (spec,) in added)

    def _miscounted_specs(self, specs: Iterable[int]) -> list[str]:
        return _wrong_counts(sum(self._value(_MISCOUNTED, (spec,)) for spec in specs))


def _wrong_counts(sends: int) -> list[str]:
    return [f"it holds another number of messages than it should, of {counted(sends, 'send')}"] if sends else []
