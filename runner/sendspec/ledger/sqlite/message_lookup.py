"""Look-ups of single messages, by id, by reference, by the API's id and by state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sendspec.composing.identity import ID_BYTES
from sendspec.ledger.record import KnownMessage, MessageRecord, PlannedMessage, Send, references_of
from sendspec.ledger.sqlite.checked_rows import BYTES, NO_NUMBER, NO_TEXT, NO_WHOLE, NUMBER, TEXT, WHOLE, Kinds
from sendspec.ledger.sqlite.move_sql import IS_BASELINED, REFERENCE
from sendspec.ledger.sqlite.open_ledger import NUMBER_OF_SEND, STATE_BY_WORD
from sendspec.ledger.sqlite.state_tally import StateTally
from sendspec.planning.fact import Fact, PlanningState, PriorState
from sendspec.planning.message_state import State

MAX_LOOKUP = 500
MAX_KNOWN = 20_000
PROBES, MIN_NEIGHBOURS = 16, 256
"""Messages whose places tell whether all are close together; fewer messages than these are looked up one by one."""
SPREAD = 2
"""How many rows may be read in plan order for each one that is asked for."""
ID_IN = itemgetter(slice(ID_BYTES))
PRIOR_STATE_BY_WORD: dict[str, PriorState] = {**STATE_BY_WORD, PlanningState.BASELINED.value: PlanningState.BASELINED}
PLANNED = """SELECT m.id, s.name, s.generation, m.attempt, m.reference, m.receiver, m.resend, m.first_claimed_at
    FROM message m CROSS JOIN spec s ON s.number = m.spec WHERE m.state = 'planned'"""
_REFERENCED = f"{PLANNED} AND m.reference IS NOT NULL AND +m.spec = ?"
_ADDED_SINCE = f"{_REFERENCED} AND m.number > ?"
_MOVED_SINCE = f"""{_REFERENCED}
    AND m.number IN (SELECT message FROM event WHERE number > ? AND message <= ? AND target = 'planned')"""
PLANNED_KINDS: Kinds = (BYTES, TEXT, WHOLE, WHOLE, NO_TEXT, BYTES, WHOLE, NO_NUMBER)
MESSAGE_KINDS: Kinds = (
    *(BYTES, TEXT, WHOLE, TEXT, WHOLE, TEXT, NO_TEXT, NO_TEXT, NO_WHOLE, NO_TEXT, NUMBER),
    *(WHOLE, NO_WHOLE, NO_WHOLE),
)


class MessageLookup(StateTally):
    """A ledger, asked about its messages."""

    def facts(self, ids: Sequence[bytes]) -> dict[bytes, Fact]:
        """What the ledger has of each of `ids`; unknown ids are left out."""
        found: dict[bytes, Fact] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._rows(
                f"SELECT id, state, {self._digest}, {self._resend}, attempt, {IS_BASELINED} FROM message WHERE id IN ({marks})",
                window,
            )
            found.update((identity, Fact(self._state(word), *rest)) for identity, word, *rest in rows)
        return found

    def prior_states(self, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
        """The state of each of `ids`, by id followed by payload digest (40 bytes); unknown ids are left out.

        Ask for many at a time, in the order of their table: messages that were planned in this order are read in one go.
        """
        found: dict[bytes, PriorState] = {}
        for start in range(0, len(ids), MAX_KNOWN):
            window = ids[start : start + MAX_KNOWN]
            neighbours = self._states_in_plan_order(window)
            found |= neighbours
            if len(neighbours) < len(window):
                known = set(map(ID_IN, neighbours))
                rest = [identity for identity in window if identity not in known]
                found |= self._prior_states(f"id IN ({','.join('?' * len(rest))})", rest)
        return found

    def _states_in_plan_order(self, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
        """The states of those of `ids` that are close together in plan order; empty if most aren't.

        A row costs a quarter of what it does to find it by its id, and far less in a ledger that isn't in memory.
        """
        if self.version < 3 or len(ids) < MIN_NEIGHBOURS:
            return {}
        probes = [*ids[:: len(ids) // PROBES], ids[-1]]
        marks = ",".join("?" * len(probes))
        numbers = [number for (number,) in self._rows(f"SELECT number FROM message WHERE id IN ({marks})", probes)]
        if not numbers or max(numbers) - min(numbers) > SPREAD * len(ids):
            return {}
        is_between = f"number BETWEEN ? AND ? AND typeof(id) = 'blob' AND length(id) = {ID_BYTES}"
        found = self._prior_states(is_between, (min(numbers), max(numbers)))
        wanted = set(ids)
        if wanted.issuperset(map(ID_IN, found)):
            return found
        return {sealed: state for sealed, state in found.items() if sealed[:ID_BYTES] in wanted}

    def _prior_states(self, which: str, parameters: Sequence[Any]) -> dict[bytes, PriorState]:
        """The state of each message that the condition `which` selects, by id followed by payload digest."""
        sql = f"""SELECT CAST(id || {self._digest} AS BLOB), iif({IS_BASELINED}, 'baseline', state) FROM message WHERE {which}"""
        with self._query():
            words: dict[bytes, str] = dict(self._connection.execute(sql, parameters).fetchall())
        if None in words:
            raise self._damaged("a value is of another kind than its column")
        state_by_word = {word: PRIOR_STATE_BY_WORD.get(word) or self._state(word) for word in set(words.values())}
        return dict(zip(words, map(state_by_word.__getitem__, words.values()), strict=True))

    def known_messages(self, ids: Sequence[bytes]) -> dict[bytes, KnownMessage]:
        """Each of `ids`, as sightings are compared with it; unknown ids are left out."""
        found: dict[bytes, KnownMessage] = {}
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(
                (BYTES, TEXT, BYTES, NO_TEXT, TEXT),
                f"SELECT m.id, m.state, m.receiver, m.remote_id, {REFERENCE} FROM message m WHERE m.id IN ({marks})",
                window,
            )
            found.update((identity, KnownMessage(self._state(word), *rest)) for identity, word, *rest in rows)
        return found

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[Send]
    ) -> Iterator[PlannedMessage]:
        """The planned messages with one of these ids, and those of `sends` with one of these references of the user's own."""
        for start in range(0, len(ids), MAX_LOOKUP):
            window = ids[start : start + MAX_LOOKUP]
            marks = ",".join("?" * len(window))
            rows = self._typed(PLANNED_KINDS, f"{PLANNED} AND m.id IN ({marks})", window)
            yield from (PlannedMessage(*row) for row in rows)
        for send in sends if references else ():
            for (number,) in self._rows(NUMBER_OF_SEND, send):
                for message in self._planned_of_send(number):
                    if any(reference in references for reference in references_of(message)):
                        yield message

    def _planned_of_send(self, spec: int) -> Iterator[PlannedMessage]:
        """A send's planned messages with a reference of the user's own. Where none was planned as of the notes, only later rows are read."""
        point = self._tally_point()
        queries: list[tuple[str, tuple[int, ...]]] = [
            (f"{PLANNED} AND m.reference IS NOT NULL AND m.spec = ?", (spec,))
        ]
        if point is not None and not self._noted_counts(spec).get(State.PLANNED.value):
            queries = [(_ADDED_SINCE, (spec, point.number)), (_MOVED_SINCE, (spec, point.moves, point.number))]
        for sql, parameters in queries:
            yield from (PlannedMessage(*row) for row in self._typed(PLANNED_KINDS, sql, parameters))

    def credited(self, remote_ids: Collection[str]) -> dict[str, bytes]:
        """The messages that these API ids are credited to, by API id. One scan of the table, however many ids."""
        if not remote_ids:
            return {}
        rows = self._typed((TEXT, BYTES), "SELECT remote_id, id FROM message WHERE remote_id IS NOT NULL")
        return {remote_id: identity for remote_id, identity in rows if remote_id in remote_ids}

    def planned_of(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        """Id, generation and attempt of each planned message of a spec, of any generation."""
        numbers = [number for (number,) in self._rows("SELECT number FROM spec WHERE name = ?", (name,))]
        counted = self._true_counts_of(numbers)
        if counted is not None and not any(State.PLANNED.value in counts for counts in counted.values()):
            return iter(())
        return self._stream(
            "SELECT m.id, s.generation, m.attempt FROM message m JOIN spec s ON s.number = m.spec"
            " WHERE m.state = 'planned' AND m.spec IN (SELECT number FROM spec WHERE name = ?)",
            (name,),
        )

    def freed_since(self, moves: int, run: int | None) -> set[bytes]:
        """The messages that runs other than `run` have moved to planned since the ledger had recorded `moves` moves.

        A plan made before then doesn't include them.
        """
        rows = self._typed(
            (BYTES,),
            "SELECT m.id FROM event e JOIN message m ON m.number = e.message"
            " WHERE e.number > ? AND e.target = 'planned' AND e.run IS NOT ?",
            (moves, run),
        )
        return {identity for (identity,) in rows}

    def refused_since(self, moves: int) -> set[bytes]:
        """The messages that the API has refused since the ledger had recorded `moves` moves."""
        rows = self._typed(
            (BYTES,),
            f"SELECT m.id FROM event e JOIN message m ON m.{self._number} = e.message"
            " WHERE e.number > ? AND e.target = 'refused'",
            (moves,),
        )
        return {identity for (identity,) in rows}

    def messages(self, states: Sequence[State] = tuple(State)) -> Iterator[MessageRecord]:
        """The messages in these states, by send and in plan order; read one at a time, however many there are."""
        marks = ",".join("?" * len(states))
        rows = self._typed(
            MESSAGE_KINDS,
            f"SELECT {message_columns(self.version)} FROM message m JOIN spec s ON s.number = m.spec"
            f" WHERE m.state IN ({marks}) ORDER BY s.name, s.generation, m.{self._number}",
            [state.value for state in states],
        )
        return (message_of(row, self._state(row[3])) for row in rows)


def message_columns(version: int) -> str:
    """The columns of `message m JOIN spec s` that `message_of` takes, in a ledger of that version."""
    resend = "m.resend" if version >= 2 else "0"
    more = "m.line, m.size" if version >= 3 else "NULL, NULL"
    return (
        "m.id, s.name, s.generation, m.state, m.attempt, m.masked, m.reference, m.remote_id, m.http_status, m.evidence,"
        f" m.updated_at, {resend}, {more}"
    )


def message_of(row: Sequence[Any], state: State) -> MessageRecord:
    """The message in a row of `message_columns`, in the state that its word stands for."""
    return MessageRecord(
        id=row[0], name=row[1], generation=row[2], state=state, attempt=row[4], masked=row[5], reference=row[6],
        remote_id=row[7], http_status=row[8], evidence=row[9], updated_at=row[10], resends=row[11], line=row[12], size=row[13],
    )  # fmt: skip
