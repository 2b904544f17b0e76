"""A ledger opened to read: every look-up, and the checks of the whole file. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.diagnostics.wording import counted
from sendspec.ledger.copied_table import COPY, LedgerContent, content_of
from sendspec.ledger.moment import MAX_MOMENT, MIN_MOMENT, MOMENTS, noted_moment, odd_moments
from sendspec.ledger.sqlite.checked_rows import WHOLE
from sendspec.ledger.sqlite.doubt_lookup import DoubtLookup
from sendspec.ledger.sqlite.error import found_by
from sendspec.ledger.sqlite.message_lookup import MessageLookup
from sendspec.ledger.sqlite.move_sql import wrong_checksum
from sendspec.ledger.sqlite.progress_mirror import lost_since, read_mirror
from sendspec.ledger.sqlite.send_history import SendHistory
from sendspec.ledger.sqlite.whole_send import WholeSend
from sendspec.ledger.stored_row import odd_among

ODD_MOMENT = f"({{column}} IS NOT NULL AND (typeof({{column}}) NOT IN ('integer', 'real') OR {{column}} NOT BETWEEN {MIN_MOMENT} AND {MAX_MOMENT}))"

LACKING_SEND = "SELECT count(*) FROM {table} WHERE spec NOT IN (SELECT number FROM spec)"
LACKING_RUN = "SELECT count(*) FROM plan WHERE run NOT IN (SELECT number FROM run)"


class SqliteReader(MessageLookup, SendHistory, DoubtLookup, WholeSend):
    """Satisfies `protocol.Facts`."""

    def find_damage(self) -> list[str]:
        """What SQLite's own check, the rows' checksums and their count find; empty for a sound ledger. 1.3 s a million messages."""
        try:
            # Not `quick_check`: it doesn't compare the index with its table, and a message that the index lacks would be new.
            found = [f"its pages: {row[0]}" for row in self._rows("PRAGMA integrity_check(10)") if row[0] != "ok"]
            if found:
                return found  # counting rows on pages that form a cycle would not end
            wrong = self._value(f"SELECT count(*) FROM message WHERE {wrong_checksum(self.version)}")
            odd = self._odd_moments()
            held, noted = self._value("SELECT count(*) FROM message"), self._value("SELECT sum(messages) FROM spec")
            lacking = self._lacking("message", "plan")
            miscounted = self._is_miscounted()
        except LedgerTrouble as trouble:
            return [found_by(trouble)]
        if wrong:
            found.append(
                f"{wrong} messages don't match their checksums" if wrong > 1 else "a message doesn't match its checksum"
            )
        if held != (noted or 0):
            found.append(f"it holds {counted(held, 'message')} and should hold {noted or 0}")
        if miscounted:
            found.append("its counts of messages by state are not those of its messages")
        return found + lacking + odd

    def _lacking(self, *tables: str) -> list[str]:
        """The sends and runs that rows of these tables name and that are gone. Only another program can delete them: ours have foreign keys on."""
        lacking = {table: self._value(LACKING_SEND.format(table=table)) for table in tables}
        found = [f"it lacks the sends of {counted(count, table)}" for table, count in lacking.items() if count]
        if count := self._value(LACKING_RUN):
            found.append(f"it lacks the runs of {counted(count, 'plan')}")
        return found

    def _is_miscounted(self) -> bool:
        """Whether the ledger's notes count other messages than it has."""
        with self._in_one_moment():
            if self._tally_point() is None:
                return False
            held = self._count_all()
            specs = {*held, *(number for (number,) in self._typed((WHOLE,), "SELECT number FROM spec"))}
            return self._counts_of(specs) != {spec: held.get(spec, {}) for spec in specs}

    def _odd_moments(self, without: Collection[str] = ()) -> list[str]:
        """Those of the tables whose times are read by every command; and of the notes. An earlier version lacks some of the columns."""
        there = {
            table: tuple(name for _, name, *_ in self._rows(f"PRAGMA table_info({table})") if name in columns)
            for table, columns in MOMENTS.items()
            if table not in without
        }
        found = odd_moments(self._rows, {table: columns for table, columns in there.items() if columns}, ODD_MOMENT)
        created = self._noted("created_at")
        if created is not None and noted_moment(created) is None:
            found.append("its note 'created_at' is no time")
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

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Has the block's look-ups tell of one moment."""
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._rows("ROLLBACK")

    def lost_writes(self) -> str | None:
        """How the ledger is older than its mirror says, as the end of a sentence; None where it is the latest."""
        mirrored = read_mirror(Path(self.path))  # first: a run may write before the next line
        return lost_since(self.progress, mirrored)
