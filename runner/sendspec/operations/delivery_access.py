"""Opens what is kept of deliveries and opt-outs beside an environment's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sendspec.ledger.access import note_opt_outs, read, refuse_on_ci
from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace, moved_trouble, named
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import find_identity, require_identity
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import run_owner


@contextmanager
def deliveries_to_read(context: ProjectContext) -> Iterator[DeliveryFacts | None]:
    """To read; None if the environment has no ledger yet, or nothing was ever kept beside it.

    Raises `OptOutsLost` if there were more opt-outs than are left.
    """
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    place = ledger_place(context)
    with read_deliveries(place, identity, _noted(place, identity)) as facts:
        yield facts


@contextmanager
def deliveries_to_inspect(context: ProjectContext) -> Iterator[DeliveryFacts | None]:
    """The same, even if opt-outs were lost: for what tells of deliveries alone."""
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    with read_deliveries(ledger_place(context), identity, None) as facts:
        yield facts


@contextmanager
def deliveries_to_write(context: ProjectContext, *, patience: float | None = None) -> Iterator[DeliveryStore]:
    """To write, whether or not a run holds the ledger; `patience` as in `open_deliveries`. Raises `OptOutsLost`, and what
    `require_identity` raises.
    """
    with _opened(context, refuse_lost=True, patience=patience) as (store, _):
        yield store


@contextmanager
def deliveries_to_mend(context: ProjectContext) -> Iterator[tuple[DeliveryStore, int]]:
    """The same, even if opt-outs were lost; with the count of signals that the ledger knows of."""
    with _opened(context, refuse_lost=False) as opened:
        yield opened


@contextmanager
def _opened(
    context: ProjectContext, *, refuse_lost: bool, patience: float | None = None
) -> Iterator[tuple[DeliveryStore, int]]:
    identity, place = require_identity(context), ledger_place(context)
    refuse_on_ci(place, ci=context.system.is_ci)
    noted = _noted(place, identity)
    with open_deliveries(place, identity, noted if refuse_lost else None, patience=patience) as store:
        _refuse_moved(place, identity)  # once it is open: a copy that is made now sees it, or is seen
        yield store, noted
        count = store.signal_count
    if count > noted:
        note_opt_outs(place, identity, run_owner(context.system), count)


def _refuse_moved(place: LedgerPlace, identity: LedgerIdentity) -> None:
    """Raises `LedgerMoved` if the ledger was copied. A server refuses that itself."""
    if not isinstance(place, ServerPlace):
        with read(place, identity) as ledger:
            moved_to = ledger.moved_to
        if moved_to is not None:
            raise moved_trouble(named(place), moved_to)


def _noted(place: LedgerPlace, identity: LedgerIdentity) -> int:
    """How many opt-out signals the ledger knows of. On a server they are in the ledger itself, and need no note."""
    if isinstance(place, ServerPlace):
        return 0
    with read(place, identity) as ledger:
        return ledger.opt_outs_noted
