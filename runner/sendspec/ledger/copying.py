"""Copies a ledger to another place, whole or not at all, so that one of the two can send and never both.

The order of the steps holds this: the copy is written and compared while it can't be used, then the source is marked as moved, then the copy
is made usable. A command killed before the mark leaves the source as it was; one killed after it is finished by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.access import hold_source, open_target
from sendspec.ledger.copied_table import LedgerContent, difference
from sendspec.ledger.copy_protocol import CopySource, CopyTarget
from sendspec.ledger.delivery.protocol import DeliveryCounts
from sendspec.ledger.delivery_copying import copy_deliveries, refuse_unfit_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace, moved_trouble, named
from sendspec.ledger.record import RunOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """`is_completed`: the rows were copied by an earlier command, which had been killed."""

    content: LedgerContent
    kept: DeliveryCounts
    is_completed: bool


def copy_ledger(
    source: LedgerPlace,
    target: LedgerPlace,
    identity: LedgerIdentity,
    owner: RunOwner,
    *,
    since: str,
    now: float,
    ci: bool,
    tell: Callable[[str], None] = lambda words: None,
) -> Copied:
    """Copies the ledger of this identity. Raises `LedgerTrouble`, and `LedgerBusy` while a run is under way.

    `tell` hears of each step before it is taken.
    """
    with ExitStack() as held:
        here = held.enter_context(hold_source(source, identity, owner, since=since, tell=tell))
        there = open_target(target, identity, owner, since=since, ci=ci)
        held.callback(there.close)
        copy, moved_to = here.copy, here.moved_to
        is_completed = moved_to is not None
        if moved_to is None:
            there.refuse_taken()
            here.prepare(owner, now=now)
            _refuse_unfit(source, here, target)
            refuse_unfit_deliveries(source, target, identity, here.opt_outs_noted)
            copy = str(uuid4())
            tell(f"copying {named(source)}")
            there.fill(here, copy)
            tell("comparing the copy with it")
            _refuse_difference(target, here, there)
            tell(f"marking {named(source)} as moved")
            here.mark_moved(_shown(target), copy)
        elif copy is None or there.waiting_copy() != copy:
            raise moved_trouble(named(source), moved_to)
        tell("adding deliveries and opt-outs to the copy")
        kept = copy_deliveries(source, target, identity, to=_shown(target), now=now, noted=here.opt_outs_noted)
        tell(f"making {named(target)} usable")
        there.finish(here)
        return Copied(content=there.content(), kept=kept, is_completed=is_completed)


def _shown(place: LedgerPlace) -> str:
    """The place as the mark of a ledger that was moved there tells it."""
    return f"{place.shown}, schema {place.schema}" if isinstance(place, ServerPlace) else str(place.file)


def _refuse_unfit(place: LedgerPlace, source: CopySource, target: LedgerPlace) -> None:
    found = source.find_damage()
    if found:
        raise LedgerDamaged(f"{named(place)} is damaged: {found[0]}", "restore it from a backup")
    if source.halt is not None and not isinstance(target, ServerPlace):
        raise LedgerTrouble(
            f"the sends of {named(place)} are halted, and a ledger in a file can't hold that",
            "end the halt, then copy the ledger",
        )


def _refuse_difference(place: LedgerPlace, source: CopySource, target: CopyTarget) -> None:
    found = difference(source.content(), target.content()) or next(iter(target.find_damage()), None)
    if found is not None:
        raise LedgerDamaged(
            f"the copy in {named(place)} is not what was copied: {found}",
            "look at the disk, then run the command again",
        )
