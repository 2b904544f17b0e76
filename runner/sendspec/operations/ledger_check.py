"""Whether a ledger can be trusted: its pages, its rows, its history, and whether it is the latest."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.protocol import Facts


def ledger_problems(ledger: Facts) -> tuple[list[str], type[LedgerTrouble]]:
    """What is wrong with a ledger, in words, and the error that it makes; damage alone if it is damaged."""
    damage = ledger.find_damage()
    if damage:
        return damage, LedgerDamaged
    found = [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = ledger.lost_writes()
    return (found if lost is None else [*found, f"it {lost}"]), LedgerTrouble
