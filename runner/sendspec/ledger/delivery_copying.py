"""Copies deliveries and opt-outs along with their ledger. Without the opt-outs, the copy would text people who said stop.

It is done once the source is marked as moved, so that nothing is written there any more, and before the copy can be used. Writing the same again
changes nothing, so a command that was killed is simply repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.delivery.protocol import NOTHING_KEPT, DeliveryCounts, DeliveryFacts, DeliveryStore
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace, named

LOST = "lost before the ledger was copied"


def refuse_unfit_deliveries(source: LedgerPlace, target: LedgerPlace, identity: LedgerIdentity, noted: int) -> None:
    """Raises `LedgerTrouble` for what could not be copied. Call it before the source is marked as moved."""
    with read_deliveries(source, identity, noted) as here:
        found = [] if here is None else here.find_damage()
        if found:
            raise LedgerDamaged(found[0], "restore it from a backup")
    if not isinstance(target, ServerPlace):
        from sendspec.ledger.delivery.sqlite.opening import refuse_taken

        refuse_taken(target.file)


def copy_deliveries(
    source: LedgerPlace, target: LedgerPlace, identity: LedgerIdentity, *, to: str, now: float, noted: int
) -> DeliveryCounts:
    """Copies everything, and returns how much that is. `to` names the target to whoever still writes to the source."""
    with _source(source, identity, noted, to) as here:
        if here is None:
            return NOTHING_KEPT
        with _target(target, identity) as there:
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


@contextmanager
def _source(place: LedgerPlace, identity: LedgerIdentity, noted: int, to: str) -> Iterator[DeliveryFacts | None]:
    """What is copied. Nobody writes to it any more: a server refuses that itself once its ledger is marked."""
    with read_deliveries(place, identity, noted) as facts:
        if facts is None or isinstance(place, ServerPlace):
            yield facts
            return
    from sendspec.ledger.delivery.sqlite.opening import open_to_write

    with closing(open_to_write(place.file, identity, noted)) as store:
        store.mark_moved(to)
        yield store


def _target(place: LedgerPlace, identity: LedgerIdentity) -> AbstractContextManager[DeliveryStore]:
    if not isinstance(place, ServerPlace):
        return open_deliveries(place, identity, None)
    from sendspec.ledger.delivery.postgres.opening import open_to_fill

    return closing(open_to_fill(place, identity))
