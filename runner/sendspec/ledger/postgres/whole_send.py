"""One send as a whole: its messages counted by size and evidence, and every recorded move of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.ledger.postgres.message_lookup import MAX_LOOKUP, MESSAGE_COLUMNS, message_of
from sendspec.ledger.postgres.open_ledger import OpenLedger
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.send_record import (
    EvidenceCount,
    EvidenceCounts,
    MeasuredMessage,
    MessageKey,
    RecordedMove,
    SizeCount,
)
from sendspec.planning.message_state import State

_OF_SEND = "m.spec = (SELECT number FROM spec WHERE name = %(name)s AND generation = %(generation)s)"
_OF_RUN = "(%(run)s::integer IS NULL OR m.run = %(run)s::integer)"
SIZES = f"""SELECT m.state, m.size, count(*) FROM message m WHERE {_OF_SEND} AND {_OF_RUN} GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST"""
EVIDENCE = f"""WITH kind AS (SELECT m.evidence, count(*) AS messages, min(m.number) AS first FROM message m
        WHERE {_OF_SEND} AND m.state = ANY (%(states)s) GROUP BY m.evidence),
    frequent AS (SELECT *, count(*) OVER () AS kinds, (sum(messages) OVER ())::bigint AS total FROM kind ORDER BY messages DESC, first LIMIT %(most)s)
    SELECT f.evidence, f.messages, m.id, f.kinds, f.total FROM frequent f JOIN message m ON m.number = f.first AND {_OF_SEND}
    ORDER BY f.messages DESC, f.first"""
MOVES = f"""SELECT e.message, e.at, e.run, e.attempt, e.origin, e.target, e.evidence FROM event e
    JOIN message m ON m.number = e.message WHERE {_OF_SEND} ORDER BY"""
MESSAGES = f"""SELECT {MESSAGE_COLUMNS}, m.number FROM message m JOIN spec s ON s.number = m.spec
    WHERE {_OF_SEND} AND m.state = ANY (%(states)s) ORDER BY m.number"""
AMONG = f"SELECT {MESSAGE_COLUMNS}, m.number FROM message m JOIN spec s ON s.number = m.spec WHERE"
MEASURED = f"SELECT m.id, m.state, m.size FROM message m WHERE {_OF_RUN} AND m.id = ANY (%(ids)s)"


class WholeSend(OpenLedger):
    """Satisfies `send_record.ReportFacts`."""

    def sizes(self, name: str, generation: int, run: int | None = None) -> list[SizeCount]:
        """The count of the send's messages by state and size."""
        rows = self._rows(SIZES, {"name": name, "generation": generation, "run": run})
        return [SizeCount(self._state(word), size, count) for word, size, count in rows]

    def evidence_of(self, name: str, generation: int, states: Sequence[State], most: int) -> EvidenceCounts:
        """The evidence of the send's messages in these states, the `most` frequent kinds of it."""
        words = [state.value for state in states]
        found = self._rows(EVIDENCE, {"name": name, "generation": generation, "states": words, "most": most})
        kinds, messages = found[0][3:] if found else (0, 0)
        return EvidenceCounts([EvidenceCount(*row[:3]) for row in found], kinds, messages)

    def recorded_moves(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The moves of the send's messages, in the order in which they were recorded."""
        rows = self._stream(f"{MOVES} e.number", {"name": name, "generation": generation})
        return map(RecordedMove._make, rows)

    def moves_by_message(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The same by message, in plan order."""
        rows = self._stream(f"{MOVES} e.message, e.number", {"name": name, "generation": generation})
        return map(RecordedMove._make, rows)

    def messages_of_send(
        self, name: str, generation: int, states: Sequence[State] = tuple(State)
    ) -> Iterator[tuple[MessageKey, MessageRecord]]:
        """The send's messages in these states, in plan order, each with the key that its moves have."""
        words = [state.value for state in states]
        asked = {"name": name, "generation": generation, "states": words, "own": self._run}
        return ((row[-1], message_of(row, self._state(row[3]))) for row in self._stream(MESSAGES, asked))

    def messages_among(self, ids: Sequence[bytes]) -> list[tuple[MessageKey, MessageRecord]]:
        """The messages with these ids, each with the key that its moves have; unknown ids are left out."""
        return self._messages_where("m.id = ANY (%(wanted)s)", ids)

    def messages_under(self, keys: Sequence[MessageKey]) -> list[tuple[MessageKey, MessageRecord]]:
        """The messages with these keys; unknown ones are left out."""
        return self._messages_where("m.number = ANY (%(wanted)s)", keys)

    def _messages_where(self, condition: str, wanted: Sequence[MessageKey]) -> list[tuple[MessageKey, MessageRecord]]:
        rows = self._rows(f"{AMONG} {condition} ORDER BY m.number", {"wanted": list(wanted), "own": self._run})
        return [(row[-1], message_of(row, self._state(row[3]))) for row in rows]

    def measured(self, ids: Sequence[bytes], run: int | None = None) -> dict[bytes, MeasuredMessage]:
        """The state and size of each of `ids`; unknown ids are left out."""
        found: dict[bytes, MeasuredMessage] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            rows = self._rows(MEASURED, {"run": run, "ids": list(ids[start : start + MAX_LOOKUP])})
            found.update((identity, MeasuredMessage(self._state(word), size)) for identity, word, size in rows)
        return found
