"""Whether a ledger can be trusted: its pages, its rows, its history, and whether it is the latest."""

from __future__ import annotations

from pathlib import Path

from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import lost_progress


def ledger_problems(ledger: SqliteLedger) -> list[str]:
    """What is wrong with a ledger, in words; damage alone if it is damaged."""
    found = ledger.damages()
    if found:
        return found
    found += [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = lost_progress(ledger, Path(ledger.path))
    return found if lost is None else [*found, f"it {lost}"]
