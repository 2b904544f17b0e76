"""One send as a whole: its messages counted by size and evidence, and every recorded move of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.ledger.record import MessageRecord
from sendspec.ledger.send_record import (
    EvidenceCount,
    EvidenceCounts,
    MeasuredMessage,
    MessageKey,
    RecordedMove,
    SizeCount,
)
from sendspec.ledger.sqlite.checked_rows import BYTES, NO_TEXT, NO_WHOLE, NUMBER, TEXT, WHOLE, Kinds
from sendspec.ledger.sqlite.message_lookup import MAX_LOOKUP, MESSAGE_KINDS, message_columns, message_of
from sendspec.ledger.sqlite.open_ledger import OpenLedger
from sendspec.planning.message_state import State

_SPEC = "(SELECT number FROM spec WHERE name = ?1 AND generation = ?2)"
_MOVE_KINDS: Kinds = ((int, bytes), NUMBER, NO_WHOLE, WHOLE, NO_TEXT, TEXT, NO_TEXT)
_MOVES = "SELECT e.message, e.at, e.run, e.attempt, e.origin, e.target, e.evidence FROM event e"


class WholeSend(OpenLedger):
    """Satisfies `send_record.ReportFacts`."""

    def sizes(self, name: str, generation: int, run: int | None = None) -> list[SizeCount]:
        """The count of the send's messages by state and size."""
        size = "size" if self.version >= 3 else "NULL"
        rows = self._typed(
            (TEXT, NO_WHOLE, WHOLE),
            f"SELECT state, {size} AS size, count(*) FROM message WHERE spec = {_SPEC} AND (?3 IS NULL OR run = ?3)"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            (name, generation, run),
        )
        return [SizeCount(self._state(word), size, count) for word, size, count in rows]

    def evidence_of(self, name: str, generation: int, states: Sequence[State], most: int) -> EvidenceCounts:
        """The evidence of the send's messages in these states, the `most` frequent kinds of it.

        SQLite takes the `id` of the row that has the least number.
        """
        marks = ",".join("?" * len(states))
        rows = self._typed(
            (NO_TEXT, WHOLE, BYTES, WHOLE, WHOLE),
            "SELECT evidence, messages, id, count(*) OVER (), sum(messages) OVER () FROM ("
            f"SELECT evidence, count(*) AS messages, id, min({self._number}) AS first FROM message"
            f" WHERE spec = {_SPEC} AND state IN ({marks}) GROUP BY evidence) ORDER BY messages DESC, first LIMIT ?",
            (name, generation, *(state.value for state in states), most),
        )
        found = list(rows)
        kinds, messages = found[0][3:] if found else (0, 0)
        return EvidenceCounts([EvidenceCount(*row[:3]) for row in found], kinds, messages)

    def recorded_moves(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The moves of the send's messages, in the order in which they were recorded."""
        return self._moves(name, generation, "e.number")

    def moves_by_message(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The same by message, in plan order."""
        return self._moves(name, generation, "e.message, e.number")

    def _moves(self, name: str, generation: int, order: str) -> Iterator[RecordedMove]:
        """Events have no index by message. The messages of a send mostly follow each other, and then no event's message is looked up."""
        bounds = self._neighbours(name, generation)
        if bounds is not None:
            rows = self._typed(_MOVE_KINDS, f"{_MOVES} WHERE e.message BETWEEN ? AND ? ORDER BY {order}", bounds)
        else:
            rows = self._typed(
                _MOVE_KINDS,
                f"{_MOVES} CROSS JOIN message m ON m.{self._number} = e.message WHERE m.spec = {_SPEC} ORDER BY {order}",
                (name, generation),
            )
        return map(RecordedMove._make, rows)

    def _neighbours(self, name: str, generation: int) -> tuple[int, int] | None:
        """The first and the last number of the send's messages if no other send's are in between; else None."""
        if self.version < 3:
            return None
        [(first, last, count)] = self._rows(
            f"SELECT min(number), max(number), count(*) FROM message WHERE spec = {_SPEC}", (name, generation)
        )
        return (first, last) if count and last - first + 1 == count else None

    def messages_of_send(
        self, name: str, generation: int, states: Sequence[State] = tuple(State)
    ) -> Iterator[tuple[MessageKey, MessageRecord]]:
        """The send's messages in these states, in plan order, each with the key that its moves have."""
        marks = ",".join("?" * len(states))
        rows = self._typed(
            (*MESSAGE_KINDS, (int, bytes)),
            f"SELECT {message_columns(self.version)}, m.{self._number} FROM message m JOIN spec s ON s.number = m.spec"
            f" WHERE s.name = ? AND s.generation = ? AND m.state IN ({marks}) ORDER BY m.{self._number}",
            (name, generation, *(state.value for state in states)),
        )
        return ((row[-1], message_of(row, self._state(row[3]))) for row in rows)

    def messages_among(self, ids: Sequence[bytes]) -> list[tuple[MessageKey, MessageRecord]]:
        """The messages with these ids, each with the key that its moves have; unknown ids are left out."""
        return list(self._messages_where("id", ids))

    def messages_under(self, keys: Sequence[MessageKey]) -> list[tuple[MessageKey, MessageRecord]]:
        """The messages with these keys; unknown ones are left out."""
        return list(self._messages_where(self._number, keys))

    def _messages_where(self, column: str, values: Sequence[MessageKey]) -> Iterator[tuple[MessageKey, MessageRecord]]:
        for start in range(0, len(values), MAX_LOOKUP):
            window = values[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(
                (*MESSAGE_KINDS, (int, bytes)),
                f"SELECT {message_columns(self.version)}, m.{self._number} FROM message m JOIN spec s ON s.number = m.spec"
                f" WHERE m.{column} IN ({marks}) ORDER BY m.{self._number}",
                window,
            )
            yield from ((row[-1], message_of(row, self._state(row[3]))) for row in rows)

    def measured(self, ids: Sequence[bytes], run: int | None = None) -> dict[bytes, MeasuredMessage]:
        """The state and size of each of `ids`; unknown ids are left out."""
        size = "size" if self.version >= 3 else "NULL"
        found: dict[bytes, MeasuredMessage] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(
                (BYTES, TEXT, NO_WHOLE),
                f"SELECT id, state, {size} FROM message WHERE (?1 IS NULL OR run = ?1) AND id IN ({marks})",
                (run, *window),
            )
            found.update((identity, MeasuredMessage(self._state(word), size)) for identity, word, size in rows)
        return found
