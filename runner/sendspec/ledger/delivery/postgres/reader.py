"""Deliveries and opt-outs on a server, opened to read. Each look-up tells of its own moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.delivery.blocks import blocks_of
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import to_seconds
from sendspec.ledger.delivery.observation import Delivery
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.protocol import DeliveryCounts, PendingReport
from sendspec.ledger.delivery.stored_row import delivery_of, interaction_of, numbered_signals, pending_of
from sendspec.ledger.postgres.session import Session

DELIVERIES = "SELECT message, status, source, at, seen_at, changed, parts, reason, checksum FROM delivery"
INTERACTIONS = "SELECT id, message, kind, at, first, bot, checksum FROM interaction"
SIGNALS = """SELECT number, receiver, kind, ground, at, channel, evidence, noted_at, digest FROM opt_out
    WHERE number > %(after)s ORDER BY number"""
PENDING = "SELECT remote_id, report, receivers, source, seen_at FROM pending"
COUNTS = """SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM interaction), (SELECT count(*) FROM opt_out WHERE kind <> 'lost'),
    (SELECT count(*) FROM pending)"""

_Value = TypeVar("_Value")


class PostgresDeliveryFacts:
    """Satisfies `protocol.DeliveryFacts`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def close(self) -> None:
        self._session.close()

    def deliveries(self, ids: Sequence[bytes]) -> Mapping[bytes, Delivery]:
        found = {}
        for block in blocks_of(ids):
            for row in self._session.rows(f"{DELIVERIES} WHERE message = ANY (%(ids)s)", {"ids": block}):
                found[row[0]] = self._sound(delivery_of, row[0], row[1:])
        return found

    def all_deliveries(self) -> Iterator[tuple[bytes, Delivery]]:
        for row in self._session.stream(DELIVERIES):
            yield row[0], self._sound(delivery_of, row[0], row[1:])

    def interactions(self, ids: Sequence[bytes]) -> Iterator[Interaction]:
        for block in blocks_of(dict.fromkeys(ids)):
            for row in self._session.rows(f"{INTERACTIONS} WHERE message = ANY (%(ids)s)", {"ids": block}):
                yield self._sound(interaction_of, row[0], row[1:])

    def all_interactions(self) -> Iterator[Interaction]:
        for row in self._session.stream(INTERACTIONS):
            yield self._sound(interaction_of, row[0], row[1:])

    def signals(self, after: int = 0) -> Iterator[OptOutSignal]:
        return numbered_signals(self._session.stream(SIGNALS, {"after": after}), after, self._sound, self._damaged)

    @property
    def signal_count(self) -> int:
        return int(self._session.rows("SELECT coalesce(max(number), 0) FROM opt_out")[0][0])

    def pending(self) -> Iterator[PendingReport]:
        for row in self._session.stream(PENDING):
            yield self._sound(pending_of, row)

    def mark(self, name: str) -> float | None:
        rows = self._session.rows("SELECT at FROM mark WHERE name = %(name)s", {"name": name})
        return to_seconds(rows[0][0]) if rows else None

    def marks(self) -> Mapping[str, float]:
        return {name: to_seconds(at) for name, at in self._session.rows("SELECT name, at FROM mark")}

    def counts(self) -> DeliveryCounts:
        return DeliveryCounts(*self._session.rows(COUNTS)[0])

    def find_damage(self) -> list[str]:
        """What the rows' checksums find. The server looks after its pages itself."""
        try:
            for each in (self.all_deliveries(), self.all_interactions(), self.signals(), self.pending()):
                deque(each, maxlen=0)
        except LedgerTrouble as trouble:
            return [trouble.problem]
        return []

    def _sound(self, read: Callable[..., _Value], *row: Any) -> _Value:
        try:
            return read(*row)
        except (ValueError, TypeError):
            raise self._damaged("a row doesn't match its checksum") from None

    def _damaged(self, what: str) -> LedgerDamaged:
        return LedgerDamaged(
            f"the ledger of {self._session.place.shown} is damaged: {what}", "restore it from a backup"
        )
