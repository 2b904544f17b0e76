"""Whether a ledger can be trusted: its pages, its rows, its history, and whether it is the latest."""

from __future__ import annotations

from sendspec.ledger.protocol import Facts


def ledger_problems(ledger: Facts) -> list[str]:
    """What is wrong with a ledger, in words; damage alone if it is damaged."""
    found = ledger.find_damage()
    if found:
        return found
    found += [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = ledger.lost_writes()
    return found if lost is None else [*found, f"it {lost}"]
