"""Copies deliveries and opt-outs along with their ledger. Without the opt-outs, the copy would text people who said stop.

It is done once the source is marked as moved, so that nothing is written there any more, and before the copy can be used. Writing the same again
changes nothing, so a command that was killed is simply repeated.
"""

from __future__ import annotations

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.delivery.protocol import NOTHING_KEPT, DeliveryCounts, DeliveryFacts
from sendspec.ledger.delivery_access import (
    fill_deliveries,
    mark_deliveries_moved,
    read_deliveries,
    refuse_taken_deliveries,
)
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, named

LOST = "lost before the ledger was copied"


def refuse_unfit_deliveries(source: LedgerPlace, target: LedgerPlace, identity: LedgerIdentity, noted: int) -> None:
    """Raises `LedgerTrouble` for what could not be copied. Call it before the source is marked as moved."""
    with read_deliveries(source, identity, noted) as here:
        found = [] if here is None else here.find_damage()
        if found:
            raise LedgerDamaged(found[0], "restore it from a backup")
    refuse_taken_deliveries(target)


def copy_deliveries(
    source: LedgerPlace, target: LedgerPlace, identity: LedgerIdentity, *, to: str, now: float, noted: int
) -> DeliveryCounts:
    """Copies everything, and returns how much that is. `to` names the target to whoever still writes to the source."""
    with read_deliveries(source, identity, noted) as here:
        if here is None:
            return NOTHING_KEPT
        mark_deliveries_moved(source, identity, to)
        with fill_deliveries(target, identity) as there:
            there.put_deliveries(here.all_deliveries())
            there.put_interactions(here.all_interactions())
            there.put_signals(here.signals())
            there.put_pending(here.pending())
            for name, at in here.marks().items():
                there.set_mark(name, at)
            if there.signal_count < here.signal_count:
                there.replace_lost((), noted=here.signal_count, reason=LOST, now=now)
            refuse_less(here, there, target)
            return there.counts()


def refuse_less(here: DeliveryFacts, there: DeliveryFacts, target: LedgerPlace) -> None:
    """A copy may have more: an earlier one may have been there, of this ledger."""
    if any(held > copied for held, copied in zip(here.counts(), there.counts(), strict=True)):
        raise LedgerDamaged(
            f"the copy in {named(target)} lacks deliveries or opt-outs", "look at the disk, then run the command again"
        )
