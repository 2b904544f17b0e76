"""What reconciling and the witness need: messages in doubt, and accepted messages to compare a list with."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.ledger.postgres.open_ledger import REFERENCE, SENDING, OpenLedger
from sendspec.ledger.record import AcceptedMessage, Doubt, Route
from sendspec.ledger.stored_row import doubts_of

_ACCEPTED_ON = """FROM message m JOIN plan p ON p.run = m.run AND p.spec = m.spec LEFT JOIN run r ON r.number = m.run
    WHERE m.state = 'accepted' AND m.remote_id IS NOT NULL AND p.workspace = %(workspace)s AND p.channel = %(channel)s"""
DOUBTS = f"""SELECT m.id, s.name, s.generation, m.attempt, {REFERENCE}, m.receiver, p.workspace, p.channel,
        coalesce(e.at, m.updated_at), a.at, m.reference IS NOT NULL, m.first_claimed_at::float8, r.clock_offset, m.scheduled_for::float8, m.updated_at
    FROM message m JOIN spec s ON s.number = m.spec LEFT JOIN plan p ON p.run = m.run AND p.spec = m.spec
    LEFT JOIN run r ON r.number = m.run
    LEFT JOIN absence a ON a.message = m.number AND a.attempt = m.attempt
    LEFT JOIN (SELECT message, max(at) AS at FROM event WHERE target = 'sending'
        AND message IN (SELECT number FROM message WHERE state = 'in_doubt') GROUP BY message) e ON e.message = m.number
    WHERE m.state = 'in_doubt'"""
UNCERTAIN = f"""SELECT count(*) FROM message m JOIN spec s ON s.number = m.spec WHERE s.name = %(name)s AND (m.state = 'in_doubt'
    OR (m.state = 'sending' AND (m.run = %(own)s::integer OR m.run NOT IN {SENDING})))"""


class DoubtLookup(OpenLedger):
    """A ledger, asked about doubts and about what the API's list has to show."""

    def doubts(self) -> list[Doubt]:
        """Every message in doubt, the oldest claim first."""
        return doubts_of(self._rows(DOUBTS))

    def count_uncertain(self, name: str) -> int:
        """The count of a spec's messages, of any generation, that are in doubt, on the way from this run, or left so by a dead one."""
        return int(self._rows(UNCERTAIN, {"name": name, "own": self._run})[0][0])

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]:
        """The messages accepted on a channel since then (Unix seconds by the sender's clock) that have an API id."""
        rows = self._stream(
            f"SELECT m.remote_id, {REFERENCE}, m.receiver, m.first_claimed_at::float8, m.updated_at + r.clock_offset, m.masked = ''"
            f" {_ACCEPTED_ON} AND m.updated_at >= %(since)s ORDER BY m.number",
            {"workspace": route.workspace, "channel": route.channel, "since": since},
        )
        for remote_id, reference, receiver, claimed, accepted, purged in rows:
            times = tuple(float(time) for time in (claimed, accepted) if time is not None)
            yield AcceptedMessage(remote_id, reference, receiver, times, purged)

    def accepted_before(self, route: Route, moment: float) -> float | None:
        """When the last message before that moment was accepted on a channel, by the sender's clock."""
        rows = self._rows(
            f"SELECT max(m.updated_at) {_ACCEPTED_ON} AND m.updated_at < %(moment)s",
            {"workspace": route.workspace, "channel": route.channel, "moment": moment},
        )
        found = rows[0][0]
        return None if found is None else float(found)
