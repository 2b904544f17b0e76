"""Deliveries and opt-outs on a server, opened to write. Each block is one transaction, under a lock that all its writers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sendspec.ledger.delivery.blocks import added_to, as_delivery, blocks_of
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import (
    kept_interaction,
    kept_moment,
    kept_pending,
    kept_signal,
    kept_text,
    to_milliseconds,
)
from sendspec.ledger.delivery.masked_text import masked_text
from sendspec.ledger.delivery.observation import Delivery, Observation
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.postgres.reader import PostgresDeliveryFacts
from sendspec.ledger.delivery.protocol import PendingReport, ReplacedSignals, Written
from sendspec.ledger.delivery.stored_row import (
    delivery_values,
    interaction_values,
    lost_values,
    pending_values,
    signal_values,
)

KEEP_DELIVERIES = """SELECT keep_deliveries(%(c0)s::bytea[], %(c1)s::text[], %(c2)s::smallint[], %(c3)s::bigint[], %(c4)s::bigint[],
    %(c5)s::smallint[], %(c6)s::integer[], %(c7)s::text[], %(c8)s::integer[])"""
KEEP_INTERACTIONS = """SELECT keep_interactions(%(c0)s::text[], %(c1)s::bytea[], %(c2)s::text[], %(c3)s::bigint[], %(c4)s::smallint[],
    %(c5)s::smallint[], %(c6)s::integer[])"""
KEEP_SIGNALS = """SELECT keep_signals(%(c0)s::bytea[], %(c1)s::text[], %(c2)s::text[], %(c3)s::bigint[], %(c4)s::text[], %(c5)s::text[],
    %(c6)s::bigint[], %(c7)s::bytea[])"""
KEEP_LOST = "SELECT keep_lost(%(c0)s, %(c1)s::bytea, %(c2)s, %(c3)s, %(c4)s, %(c5)s, %(c6)s, %(c7)s, %(c8)s::bytea)"
KEEP_PENDING = (
    "SELECT keep_pending(%(c0)s::text[], %(c1)s::text[], %(c2)s::bytea[], %(c3)s::smallint[], %(c4)s::bigint[])"
)


class PostgresDeliveryStore(PostgresDeliveryFacts):
    """Satisfies `protocol.DeliveryStore`."""

    def observe(self, observations: Iterable[Observation]) -> Written:
        return self.put_deliveries(map(as_delivery, observations))

    def put_deliveries(self, deliveries: Iterable[tuple[bytes, Delivery]]) -> Written:
        done = Written()
        for block in blocks_of(deliveries):
            with self._alone():
                known = self.deliveries([message for message, _ in block])
                fresh, written = added_to(known, block)
                rows = [(message, *delivery_values(message, delivery)) for message, delivery in sorted(fresh.items())]
                if rows:
                    self._session.rows(KEEP_DELIVERIES, _columns(rows))
                done += written
        return done

    def put_interactions(self, interactions: Iterable[Interaction]) -> Written:
        done = Written()
        for block in blocks_of(map(kept_interaction, interactions)):
            with self._alone():
                done += self._put(KEEP_INTERACTIONS, [(one.id, *interaction_values(one)) for one in block])
        return done

    def put_signals(self, signals: Iterable[OptOutSignal]) -> Written:
        done = Written()
        for block in blocks_of(map(kept_signal, signals)):
            with self._alone():
                done += self._put(KEEP_SIGNALS, [signal_values(signal) for signal in block])
        return done

    def replace_lost(self, signals: Iterable[OptOutSignal], *, noted: int, reason: str, now: float) -> ReplacedSignals:
        rows = [signal_values(kept_signal(signal)) for signal in signals]
        with self._alone():
            lost = max(noted - self.signal_count, 0)
            if lost:
                values = lost_values(kept_text(masked_text(reason)), kept_moment(now))
                self._session.rows(KEEP_LOST, {f"c{place}": value for place, value in enumerate((noted, *values))})
            written = Written()
            for block in blocks_of(rows):
                written += self._put(KEEP_SIGNALS, block)
        return ReplacedSignals(lost, written)

    def put_pending(self, reports: Iterable[PendingReport]) -> None:
        for block in blocks_of(map(kept_pending, reports)):
            with self._alone():
                self._session.rows(KEEP_PENDING, _columns([pending_values(one) for one in block]))

    def drop_pending(self, remote_ids: Iterable[str], *, before: float) -> None:
        ids = [kept_text(one) for one in remote_ids]
        with self._alone():
            self._session.rows(
                "SELECT drop_pending(%(ids)s::text[], %(before)s)", {"ids": ids, "before": to_milliseconds(before)}
            )

    def set_mark(self, name: str, at: float) -> None:
        with self._alone():
            self._session.rows(
                "SELECT keep_mark(%(name)s, %(at)s)", {"name": kept_text(name), "at": to_milliseconds(kept_moment(at))}
            )

    def purge(self, *, before: float) -> int:
        with self._alone():
            return int(self._session.rows("SELECT purge_kept(%(before)s)", {"before": to_milliseconds(before)})[0][0])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One durable transaction, in which nobody else writes any of this."""
        session = self._session
        session.rows("SELECT 1")  # comes back first, if the server was away
        with session.translated(), session.connection.transaction():
            session.rows("SELECT lock_kept()")
            yield

    def _put(self, sql: str, rows: Sequence[Sequence[Any]]) -> Written:
        added = int(self._session.rows(sql, _columns(rows))[0][0])
        return Written(added=added, known=len(rows) - added)


def _columns(rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """The rows' values by column, as the functions take them."""
    return {f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}
