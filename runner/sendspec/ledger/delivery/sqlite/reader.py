"""`<ledger>.delivery`, opened to read. Every row that is read is checked: damage is an error, never another answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.copied_table import MOVED_TO
from sendspec.ledger.delivery.blocks import blocks_of
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import to_seconds
from sendspec.ledger.delivery.observation import Delivery
from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.protocol import DeliveryCounts, PendingReport
from sendspec.ledger.delivery.sqlite.tables import CALLED
from sendspec.ledger.delivery.stored_row import delivery_of, interaction_of, numbered_signals, pending_of
from sendspec.ledger.sqlite.checked_rows import BYTES, NO_TEXT, NO_WHOLE, TEXT, WHOLE, CheckedRows, Kinds

DELIVERY_KINDS: Kinds = (BYTES, TEXT, WHOLE, NO_WHOLE, WHOLE, WHOLE, NO_WHOLE, NO_TEXT, WHOLE)
INTERACTION_KINDS: Kinds = (TEXT, BYTES, TEXT, WHOLE, WHOLE, WHOLE, WHOLE)
SIGNAL_KINDS: Kinds = (WHOLE, BYTES, TEXT, TEXT, WHOLE, NO_TEXT, TEXT, WHOLE, BYTES)
PENDING_KINDS: Kinds = (TEXT, TEXT, BYTES, WHOLE, WHOLE)
DELIVERIES = """SELECT d.message, w.text, d.source, d.at, d.seen_at, d.changed, d.parts, r.text, d.checksum
    FROM delivery d LEFT JOIN word w ON w.number = d.status
    LEFT JOIN word r ON r.number = d.reason"""
INTERACTIONS = """SELECT i.id, i.message, w.text, i.at, i.first, i.bot, i.checksum
    FROM interaction i LEFT JOIN word w ON w.number = i.kind"""
SIGNALS = "SELECT number, receiver, kind, ground, at, channel, evidence, noted_at, digest FROM opt_out WHERE number > ? ORDER BY number"

_Value = TypeVar("_Value")


class SqliteDeliveryFacts(CheckedRows):
    """Satisfies `protocol.DeliveryFacts`."""

    called: ClassVar[str] = CALLED

    @property
    def id(self) -> str:
        """The id of the ledger that it belongs to."""
        return str(self._value("SELECT value FROM meta WHERE name = 'id'"))

    @property
    def salt_check(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE name = 'salt_check'"))

    @property
    def moved_to(self) -> str | None:
        """Where it was copied to, together with its ledger; None: it was not."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (MOVED_TO,))
        return str(rows[0][0]) if rows else None

    def deliveries(self, ids: Sequence[bytes]) -> Mapping[bytes, Delivery]:
        found = {}
        for block in blocks_of(ids):
            where = f"d.message IN ({', '.join('?' * len(block))})"
            for row in self._typed(DELIVERY_KINDS, f"{DELIVERIES} WHERE {where}", block):
                found[row[0]] = self._sound(delivery_of, row[0], row[1:])
        return found

    def interactions(self, ids: Sequence[bytes]) -> Iterator[Interaction]:
        for block in blocks_of(dict.fromkeys(ids)):
            where = f"i.message IN ({', '.join('?' * len(block))})"
            for row in self._typed(INTERACTION_KINDS, f"{INTERACTIONS} WHERE {where}", block):
                yield self._sound(interaction_of, row[0], row[1:])

    def signals(self, after: int = 0) -> Iterator[OptOutSignal]:
        return numbered_signals(self._typed(SIGNAL_KINDS, SIGNALS, (after,)), after, self._sound, self._damaged)

    @property
    def signal_count(self) -> int:
        return self._number_of("SELECT coalesce(max(number), 0) FROM opt_out")

    def pending(self) -> Iterator[PendingReport]:
        for row in self._typed(PENDING_KINDS, "SELECT remote_id, report, receivers, source, seen_at FROM pending"):
            yield self._sound(pending_of, row)

    def marks(self) -> Mapping[str, float]:
        return {name: to_seconds(at) for name, at in self._typed((TEXT, WHOLE), "SELECT name, at FROM mark")}

    def mark(self, name: str) -> float | None:
        for (at,) in self._typed((WHOLE,), "SELECT at FROM mark WHERE name = ?", (name,)):
            return to_seconds(at)
        return None

    def find_damage(self) -> list[str]:
        """What SQLite's own check and the rows' checksums find; empty for a sound file."""
        try:
            found = [f"its pages: {row[0]}" for row in self._rows("PRAGMA integrity_check(10)") if row[0] != "ok"]
            if not found:
                for each in (self.all_deliveries(), self.all_interactions(), self.signals(), self.pending()):
                    deque(each, maxlen=0)
        except LedgerTrouble as trouble:
            return [trouble.problem]
        return found

    def counts(self) -> DeliveryCounts:
        return DeliveryCounts(
            *(
                self._number_of(f"SELECT count(*) FROM {table}")
                for table in ("delivery", "interaction", "opt_out WHERE kind <> 'lost'", "pending")
            )
        )

    def all_deliveries(self) -> Iterator[tuple[bytes, Delivery]]:
        for row in self._typed(DELIVERY_KINDS, DELIVERIES):
            yield row[0], self._sound(delivery_of, row[0], row[1:])

    def all_interactions(self) -> Iterator[Interaction]:
        for row in self._typed(INTERACTION_KINDS, INTERACTIONS):
            yield self._sound(interaction_of, row[0], row[1:])

    def _sound(self, read: Callable[..., _Value], *row: Any) -> _Value:
        try:
            return read(*row)
        except (ValueError, TypeError):
            raise self._damaged("a row doesn't match its checksum") from None
