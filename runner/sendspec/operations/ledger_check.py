"""Whether a ledger can be trusted: its pages, its rows, its history, and whether it is the latest."""

from __future__ import annotations

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.ledger.access import last_seal, note_wholly_read
from sendspec.ledger.delivery.protocol import NOTHING_KEPT, DeliveryCounts
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.protocol import Facts
from sendspec.ledger.verified_point import Seal
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import find_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner


def delivery_state(context: ProjectContext) -> tuple[DeliveryCounts, LedgerTrouble | None]:
    """What is kept of deliveries and opt-outs, and what is wrong with it."""
    try:
        with deliveries_to_read(context) as kept:
            found = [] if kept is None else kept.find_damage()
            if found:
                return NOTHING_KEPT, LedgerDamaged(found[0], "restore it from a backup")
            return NOTHING_KEPT if kept is None else kept.counts(), None
    except LedgerTrouble as trouble:
        return NOTHING_KEPT, trouble


def last_seal_of(context: ProjectContext) -> Seal | None:
    """What shows that a ledger in a file is as its last run left it, and when all of it was last read; None where nothing does."""
    place, identity = ledger_place(context), find_identity(context)
    return None if identity is None or isinstance(place, ServerPlace) else last_seal(place, identity)


def note_checked(context: ProjectContext, seal: Seal | None) -> None:
    """Notes that all of the ledger was found sound while it had this seal."""
    place, identity = ledger_place(context), find_identity(context)
    if seal is not None and identity is not None and not isinstance(place, ServerPlace):
        note_wholly_read(place, identity, run_owner(context.system), seal, context.system.clock.wall())


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
