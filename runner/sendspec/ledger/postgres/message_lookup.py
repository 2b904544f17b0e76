"""Look-ups of single messages, by id, by reference, by the API's id and by state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sendspec.ledger.postgres.open_ledger import IS_BASELINED, REFERENCE, SENDING, STATE_BY_WORD, OpenLedger
from sendspec.ledger.record import KnownMessage, MessageRecord, PlannedMessage, Send, references_of
from sendspec.planning.fact import Fact, PlanningState, PriorState
from sendspec.planning.message_state import State

MAX_LOOKUP = 20_000
IS_UNDER_WAY = f"(m.state = 'sending' AND m.run IS DISTINCT FROM %(own)s::integer AND m.run IN {SENDING})"
PRIOR_STATE_BY_WORD: dict[str, PriorState] = {**STATE_BY_WORD, **{state.value: state for state in PlanningState}}
PLANNED = """SELECT m.id, s.name, s.generation, m.attempt, m.reference, m.receiver, m.resend, m.first_claimed_at::float8
    FROM message m JOIN spec s ON s.number = m.spec WHERE m.state = 'planned'"""
MESSAGE_COLUMNS = f"""m.id, s.name, s.generation, m.state, m.attempt, m.masked, m.reference, m.remote_id, m.http_status, m.evidence,
    m.updated_at, m.resend, m.line, m.size, {IS_UNDER_WAY}"""
MESSAGES = f"""SELECT {MESSAGE_COLUMNS} FROM message m JOIN spec s ON s.number = m.spec
    WHERE m.state = ANY (%(states)s) ORDER BY s.name, s.generation, m.number"""
SINCE = "SELECT DISTINCT m.id FROM event e JOIN message m ON m.number = e.message WHERE e.number > %(moves)s"


class MessageLookup(OpenLedger):
    """A ledger, asked about its messages."""

    def facts(self, ids: Sequence[bytes]) -> dict[bytes, Fact]:
        """What the ledger has of each of `ids`; unknown ids are left out."""
        sql = f"""SELECT m.id, m.state, m.digest, m.resend, m.attempt, {IS_BASELINED}, {IS_UNDER_WAY} FROM message m
            WHERE m.id = ANY (%(ids)s) ORDER BY m.id"""
        return {identity: Fact(self._state(word), *rest) for identity, word, *rest in self._of_each(sql, ids)}

    def prior_states(self, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
        """The state of each of `ids`, by id followed by payload digest (40 bytes); unknown ids are left out."""
        word = f"CASE WHEN {IS_BASELINED} THEN 'baseline' WHEN {IS_UNDER_WAY} THEN 'under way' ELSE m.state END"
        sql = f"SELECT m.id || m.digest, {word} FROM message m WHERE m.id = ANY (%(ids)s)"
        return {sealed: PRIOR_STATE_BY_WORD[word] for sealed, word in self._of_each(sql, ids)}

    def known_messages(self, ids: Sequence[bytes]) -> dict[bytes, KnownMessage]:
        """Each of `ids`, as sightings are compared with it; unknown ids are left out."""
        sql = f"SELECT m.id, m.state, m.receiver, m.remote_id, {REFERENCE} FROM message m WHERE m.id = ANY (%(ids)s)"
        return {identity: KnownMessage(self._state(word), *rest) for identity, word, *rest in self._of_each(sql, ids)}

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[Send]
    ) -> Iterator[PlannedMessage]:
        """The planned messages with one of these ids, and those of `sends` with one of these references of the user's own."""
        yield from (PlannedMessage(*row) for row in self._of_each(f"{PLANNED} AND m.id = ANY (%(ids)s)", ids))
        of_send = f"{PLANNED} AND m.reference IS NOT NULL AND s.name = %(name)s AND s.generation = %(generation)s"
        for name, generation in sends if references else ():
            for row in self._stream(of_send, {"name": name, "generation": generation}):
                message = PlannedMessage(*row)
                if any(reference in references for reference in references_of(message)):
                    yield message

    def credited(self, remote_ids: Collection[str]) -> dict[str, bytes]:
        """The messages that these API ids are credited to, by API id. One scan of the table, however many ids."""
        if not remote_ids:
            return {}
        sql = "SELECT remote_id, id FROM message WHERE remote_id = ANY (%(ids)s)"
        return dict(self._rows(sql, {"ids": list(remote_ids)}))

    def planned_of(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        """Id, generation and attempt of each planned message of a spec, of any generation."""
        return self._stream(
            "SELECT m.id, s.generation, m.attempt FROM message m JOIN spec s ON s.number = m.spec"
            " WHERE m.state = 'planned' AND s.name = %(name)s ORDER BY m.number",
            {"name": name},
        )

    def freed_since(self, moves: int, run: int | None) -> set[bytes]:
        """The messages that runs other than `run` have moved to planned since the ledger had recorded `moves` moves."""
        sql = f"{SINCE} AND e.target = 'planned' AND e.run IS DISTINCT FROM %(run)s::integer"
        return {identity for (identity,) in self._rows(sql, {"moves": moves, "run": run})}

    def refused_since(self, moves: int) -> set[bytes]:
        """The messages that the API has refused since the ledger had recorded `moves` moves."""
        return {identity for (identity,) in self._rows(f"{SINCE} AND e.target = 'refused'", {"moves": moves})}

    def messages(self, states: Sequence[State] = tuple(State)) -> Iterator[MessageRecord]:
        """The messages in these states, by send and in plan order; read one at a time, however many there are."""
        rows = self._stream(MESSAGES, {"states": [state.value for state in states], "own": self._run})
        return (message_of(row, self._state(row[3])) for row in rows)

    def _of_each(self, sql: str, ids: Sequence[bytes]) -> Iterator[Any]:
        for start in range(0, len(ids), MAX_LOOKUP):
            yield from self._rows(sql, {"ids": list(ids[start : start + MAX_LOOKUP]), "own": self._run})


def message_of(row: Sequence[Any], state: State) -> MessageRecord:
    """The message in a row of `MESSAGE_COLUMNS`, in the state that its word stands for."""
    return MessageRecord(
        id=row[0], name=row[1], generation=row[2], state=state, attempt=row[4], masked=row[5], reference=row[6],
        remote_id=row[7], http_status=row[8], evidence=row[9], updated_at=row[10], resends=row[11], line=row[12], size=row[13],
        is_under_way=row[14],
    )  # fmt: skip
