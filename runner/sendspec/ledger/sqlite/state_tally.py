"""The count of messages by send and state: what the last run noted, with the moves and the messages that came after it.

No message is read that was there before, however many there are. The notes are in `meta`: `tally`, which says up to which move and
which message they count, and `tally-N`, the counts of spec N. A ledger without them, such as a copy, has all its messages counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias
from zlib import crc32

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.sqlite.checked_rows import NO_TEXT, TEXT, WHOLE
from sendspec.ledger.sqlite.open_ledger import STATE_BY_WORD, OpenLedger
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.planning.message_state import State

POINT = "tally"
OF_SPEC = "tally-"
"""Prefix of the note with a spec's counts; the number of its row in `spec` follows."""
MAX_DIGITS = 19
"""SQLite has no number with more."""
ALL = "SELECT spec, state, count(*) FROM message GROUP BY spec, state"
# The table is read in the order of its numbers: SQLite would rather read all of an index by spec
_ADDED = "SELECT spec, state, count(*) FROM message NOT INDEXED WHERE number > ? GROUP BY spec, state"
_MOVED = """SELECT m.spec, e.origin, e.target, count(*) FROM event e CROSS JOIN message m ON m.number = e.message
    WHERE e.number > ? AND e.message <= ? GROUP BY m.spec, e.origin, e.target"""
_ENDS = "SELECT coalesce((SELECT max(number) FROM event), 0), coalesce((SELECT max(number) FROM message), 0)"
_CLAIMED_SINCE = """SELECT state, count(*) FROM message WHERE run = ?1 AND +spec = ?2
    AND number IN (SELECT message FROM event WHERE number > ?3 AND message <= ?4)
    GROUP BY state"""
_ADDED_AND_CLAIMED = """SELECT state, count(*) FROM message NOT INDEXED WHERE number > ? AND run = ? AND spec = ?
    GROUP BY state"""

Counts: TypeAlias = Mapping[str, int]
"""The count of messages by the word of their state."""
CountsBySpec: TypeAlias = Mapping[int, Counts]


@dataclass(frozen=True, slots=True)
class TallyPoint:
    """Up to which move and which message the notes count. `run` is the run that wrote them."""

    moves: int
    number: int
    run: int


@dataclass(frozen=True, slots=True)
class CountedSince:
    """What changed between `since` and the move `moves` and message `number`: the counts that were added, or taken if negative."""

    since: TallyPoint
    moves: int
    number: int
    changes: CountsBySpec


class StateTally(OpenLedger):
    """A ledger, asked for counts."""

    _counted: CountedSince | None = None
    """What was counted last. What follows it is counted the next time."""

    def _counts_of(self, specs: Collection[int]) -> CountsBySpec | None:
        """The counts of these specs by their numbers; None if the ledger has no notes of them."""
        with self._in_one_moment():
            point = self._tally_point()
            if point is None:
                return None
            changes = self._changes_since(point)
            return {spec: self._sum(self._noted_counts(spec), changes.get(spec, {})) for spec in specs}

    def _true_counts_of(self, specs: Collection[int]) -> CountsBySpec | None:
        """The same. Raises `LedgerDamaged` unless they add up to the messages that each send has."""
        with self._in_one_moment():
            counts = self._counts_of(specs)
            if counts:
                messages = dict(self._typed((WHOLE, WHOLE), "SELECT number, messages FROM spec"))
                if any(sum(counted.values()) != messages.get(spec, 0) for spec, counted in counts.items()):
                    raise self._damaged("its counts of messages by state are not those of its messages")
        return counts

    def _count_all(self) -> CountsBySpec:
        """The same of all specs, from their messages."""
        found: dict[int, dict[str, int]] = {}
        for spec, state, count in self._typed((WHOLE, TEXT, WHOLE), ALL):
            found.setdefault(spec, {})[state] = count
        return found

    def _counts_of_run(self, run: int, spec: int) -> Counts | None:
        """The counts of a spec's messages whose latest claim was this run's; None if the run is older than the notes."""
        with self._in_one_moment():
            point = self._tally_point()
            if point is None or run <= point.run:
                return None
            added = self._typed((TEXT, WHOLE), _ADDED_AND_CLAIMED, (point.number, run, spec))
            claimed = self._typed((TEXT, WHOLE), _CLAIMED_SINCE, (run, spec, point.moves, point.number))
            return self._sum(dict(added), dict(claimed))

    def _tally_notes(self, run: int) -> Iterator[tuple[str, str]]:
        """The notes that this run leaves where something has changed: their names and values."""
        point = self._tally_point()
        changed = self._count_all() if point is None else self._counts_of(self._changes_since(point))
        for spec, counts in (changed or {}).items():
            words = " ".join(f"{word} {count}" for word, count in counts.items())
            yield sealed_note(f"{OF_SPEC}{spec}", words)
        [(moves, number)] = self._rows(_ENDS)
        yield sealed_note(POINT, f"{moves} {number} {run}")

    def _tally_point(self) -> TallyPoint | None:
        words = self._tally_note(POINT) if self.version == SCHEMA_VERSION else None
        if words is None:
            return None
        if len(words) != 3 or not all(map(_is_count, words)):
            raise self._damaged("its counts of messages are none")
        return TallyPoint(*map(int, words))

    def _noted_counts(self, spec: int) -> Counts:
        words = self._tally_note(f"{OF_SPEC}{spec}") or []
        pairs = list(zip(words[::2], words[1::2], strict=False))
        if len(words) % 2 or not all(word in STATE_BY_WORD and _is_count(count) for word, count in pairs):
            raise self._damaged("its counts of messages are none")
        return {word: int(count) for word, count in pairs}

    def _tally_note(self, name: str) -> list[str] | None:
        """The words of a note. Raises `LedgerDamaged` unless they are those that were written under this name."""
        noted = self._noted(name)
        if noted is None:
            return None
        words = noted.partition(" ")[2]
        if (name, noted) != sealed_note(name, words):
            raise self._damaged("its counts of messages are none")
        return words.split()

    def _changes_since(self, point: TallyPoint) -> CountsBySpec:
        known = self._counted
        if known is None or known.since != point:
            known = CountedSince(point, point.moves, point.number, {})
        [(moves, number)] = self._rows(_ENDS)
        if (moves, number) == (known.moves, known.number):
            return known.changes
        if moves < known.moves or number < known.number:
            raise self._damaged("it counts messages or moves that it does not have")
        found = {spec: Counter(counts) for spec, counts in known.changes.items()}
        for spec, state, count in self._typed((WHOLE, TEXT, WHOLE), _ADDED, (known.number,)):
            found.setdefault(spec, Counter())[state] += count
        moved = self._typed((WHOLE, NO_TEXT, TEXT, WHOLE), _MOVED, (known.moves, known.number))
        for spec, origin, target, count in moved:
            changed = found.setdefault(spec, Counter())
            changed[target] += count
            changed[origin] -= count
        self._counted = CountedSince(point, moves, number, found)
        return found

    def _sum(self, noted: Counts, changes: Counts) -> Counts:
        """Both, in the order of the words. Raises `LedgerDamaged` where fewer than no messages are left in a state."""
        total = {word: noted.get(word, 0) + changes.get(word, 0) for word in sorted({*noted, *changes}, key=str)}
        if any(count < 0 for count in total.values()):
            raise self._damaged("it counts fewer messages than were moved")
        return {word: count for word, count in total.items() if count}

    def _by_state(self, counts: Counts) -> dict[State, int]:
        return {self._state(word): count for word, count in counts.items()}

    @contextmanager
    def _in_one_moment(self) -> Iterator[None]:
        """Has the block's look-ups tell of one moment, within a transaction or without one."""
        if self._connection.in_transaction:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._rows("COMMIT")  # unlike a rollback, it leaves other queries that are being read alone


def sealed_note(name: str, words: str) -> tuple[str, str]:
    """A note's name and its value: a checksum of name and words, then the words."""
    return name, f"{crc32(f'{name} {words}'.encode())} {words}"


def _is_count(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < MAX_DIGITS
