"""What reconciling and the witness need: messages in doubt, and accepted messages to compare a list with."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.ledger.record import AcceptedMessage, Doubt, Route
from sendspec.ledger.sqlite.checked_rows import BYTES, NO_NUMBER, NO_TEXT, NUMBER, TEXT, WHOLE, Kinds
from sendspec.ledger.sqlite.move_sql import REFERENCE
from sendspec.ledger.sqlite.state_tally import StateTally
from sendspec.ledger.stored_row import doubts_of
from sendspec.planning.message_state import State

_ACCEPTED_ON = """FROM message m JOIN plan p ON p.run = m.run AND p.spec = m.spec LEFT JOIN run r ON r.number = m.run
    WHERE m.state = 'accepted' AND m.remote_id IS NOT NULL AND p.workspace = ? AND p.channel = ?"""
DOUBT_KINDS: Kinds = (
    *(BYTES, TEXT, WHOLE, WHOLE, TEXT, BYTES, NO_TEXT, NO_TEXT, NUMBER, NO_NUMBER),
    *(WHOLE, NO_NUMBER, NO_NUMBER, NO_NUMBER, NUMBER),
)
DOUBTS = f"""SELECT m.id, s.name, s.generation, m.attempt, {REFERENCE}, m.receiver, p.workspace, p.channel,
        coalesce(e.at, m.updated_at), a.at, m.reference IS NOT NULL, m.first_claimed_at, r.clock_offset, m.scheduled_for, m.updated_at
    FROM message m JOIN spec s ON s.number = m.spec LEFT JOIN plan p ON p.run = m.run AND p.spec = m.spec
    LEFT JOIN run r ON r.number = m.run
    LEFT JOIN absence a ON a.message = m.number AND a.attempt = m.attempt
    LEFT JOIN (SELECT message, max(at) AS at FROM event WHERE target = 'sending'
        AND message IN (SELECT number FROM message WHERE state = 'in_doubt') GROUP BY message) e ON e.message = m.number
    WHERE m.state = 'in_doubt'"""


class DoubtLookup(StateTally):
    """A ledger, asked about doubts and about what the API's list has to show."""

    def doubts(self) -> list[Doubt]:
        """Every message in doubt, the oldest claim first. Needs a ledger of this version."""
        return doubts_of(self._typed(DOUBT_KINDS, DOUBTS))

    def count_uncertain(self, name: str) -> int:
        """The count of a spec's messages, of any generation, that are sending or in doubt.

        No living run but the asking one can be sending any: this ledger has one owner at a time, by its lock.
        """
        numbers = [number for (number,) in self._rows("SELECT number FROM spec WHERE name = ?", (name,))]
        counted = self._true_counts_of(numbers)
        if counted is not None:
            return sum(
                counts.get(state.value, 0) for counts in counted.values() for state in (State.SENDING, State.IN_DOUBT)
            )
        rows = self._rows(
            "SELECT count(*) FROM message WHERE state IN ('sending', 'in_doubt')"
            " AND spec IN (SELECT number FROM spec WHERE name = ?)",
            (name,),
        )
        return int(rows[0][0])

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]:
        """The messages accepted on a channel since then (Unix seconds by this machine's clock) that have an API id."""
        rows = self._typed(
            (TEXT, TEXT, BYTES, NO_NUMBER, NO_NUMBER, WHOLE),
            f"SELECT m.remote_id, {REFERENCE}, m.receiver, m.first_claimed_at, m.updated_at + r.clock_offset, m.masked = ''"
            f" {_ACCEPTED_ON} AND m.updated_at >= ?",
            (route.workspace, route.channel, since),
        )
        for remote_id, reference, receiver, claimed, accepted, purged in rows:
            times = tuple(float(time) for time in (claimed, accepted) if time is not None)
            yield AcceptedMessage(remote_id, reference, receiver, times, bool(purged))

    def accepted_before(self, route: Route, moment: float) -> float | None:
        """When the last message before that moment was accepted on a channel, by this machine's clock."""
        rows = self._typed(
            (NO_NUMBER,),
            f"SELECT max(m.updated_at) {_ACCEPTED_ON} AND m.updated_at < ?",
            (route.workspace, route.channel, moment),
        )
        return next((found for (found,) in rows), None)
