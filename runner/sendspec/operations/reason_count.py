"""Why messages were refused, or are in doubt: how many for each reason, and no recipient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import MessageRecord

MOST_REASONS = 1_000
"""Reasons that are kept apart."""
LINES_KEPT = 5


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Messages of one spec with the same reason, and the first rows that they are in, as far as it is known; `reason` is empty if none is known, or if it is one too many."""

    name: str
    reason: str
    messages: int
    lines: tuple[int, ...] = ()


def reason_counts(messages: Iterable[MessageRecord]) -> list[ReasonCount]:
    """The reasons by spec in the order of `messages`, those of most messages first."""
    counts: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, str], list[int]] = {}
    for message in messages:
        key = (message.name, message.evidence or "")
        key = key if key in counts or len(counts) < MOST_REASONS else (message.name, "")
        counts[key] += 1
        known = lines.setdefault(key, [])
        if message.line is not None and len(known) < LINES_KEPT:
            known.append(message.line)
    order = {name: at for at, name in enumerate(dict.fromkeys(name for name, _ in counts))}
    found = [ReasonCount(name, reason, count, tuple(lines[name, reason])) for (name, reason), count in counts.items()]
    return sorted(found, key=lambda each: (order[each.name], -each.messages, each.reason))
