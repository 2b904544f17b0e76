"""Rows in blocks, and what a block of deliveries adds to those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from sendspec.ledger.delivery.kept_value import kept_observation
from sendspec.ledger.delivery.observation import Delivery, Observation, joined
from sendspec.ledger.delivery.protocol import Written

BLOCK = 500
"""Rows written in one commit, so that another process waits for a few hundredths of a second only."""

_Row = TypeVar("_Row")


def blocks_of(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    rows = iter(rows)
    while block := list(islice(rows, BLOCK)):
        yield block


def as_delivery(seen: Observation) -> tuple[bytes, Delivery]:
    kept = kept_observation(seen)
    return kept.message, Delivery(kept.report, kept.source, kept.seen_at)


def added_to(
    known: Mapping[bytes, Delivery], block: Sequence[tuple[bytes, Delivery]]
) -> tuple[dict[bytes, Delivery], Written]:
    """The rows that change, and their counts, once the block has arrived too."""
    fresh: dict[bytes, Delivery] = {}
    added = changed = 0
    for message, delivery in block:
        before = fresh.get(message, known.get(message))
        after = joined(before, delivery)
        if after != before:
            added, changed = added + (before is None), changed + (before is not None)
            fresh[message] = after
    return fresh, Written(added, changed, len(block) - added - changed)
