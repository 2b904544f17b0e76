"""Records of the ledger: what follows from their fields."""

from __future__ import annotations

from sendspec.ledger.record import (
    PlannedMessage,
    references_of,
)


def test_the_references_of_a_message_are_those_of_all_its_attempts() -> None:
    assert references_of(PlannedMessage(b"", "n", 1, 2, "order-1", b"", 2)) == ["order-1", "order-1-2", "order-1-3"]
    assert references_of(PlannedMessage(b"", "n", 1, 2, None, b"", 2)) == []
