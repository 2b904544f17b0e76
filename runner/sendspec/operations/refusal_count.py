"""Why the API refused messages: how many for each reason, and no recipient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sendspec.ledger.record import MessageRecord

MOST_REASONS = 1_000
"""Reasons that are kept apart."""


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """Messages of one spec that were refused for the same reason; `reason` is empty if none is known, or if it is one too many."""

    name: str
    reason: str
    messages: int


def refusal_counts(refused: Iterable[MessageRecord]) -> list[RefusalCount]:
    """The reasons by spec in the order of `refused`, those of most messages first."""
    counts: Counter[tuple[str, str]] = Counter()
    for message in refused:
        key = (message.name, message.evidence or "")
        counts[key if key in counts or len(counts) < MOST_REASONS else (message.name, "")] += 1
    order = {name: at for at, name in enumerate(dict.fromkeys(name for name, _ in counts))}
    found = [RefusalCount(name, reason, messages) for (name, reason), messages in counts.items()]
    return sorted(found, key=lambda each: (order[each.name], -each.messages, each.reason))
