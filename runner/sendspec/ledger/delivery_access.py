"""The entry points to what is kept of deliveries and opt-outs, beside a ledger. Callers see protocols, never the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace


@contextmanager
def read_deliveries(
    place: LedgerPlace, identity: LedgerIdentity, noted: int | None = 0
) -> Iterator[DeliveryFacts | None]:
    """What is kept beside the ledger, to read, also while others write; None if nothing was ever kept.

    `noted` is how many opt-out signals the ledger knows of (`Facts.opt_outs_noted`); None: open it even if some were lost.
    Raises `OptOutsLost`. On a server they are a part of the ledger, and can't be lost apart from it.
    """
    facts: DeliveryFacts | None
    if isinstance(place, ServerPlace):
        from sendspec.ledger.delivery.postgres import opening as on_server

        facts = on_server.open_to_read(place, identity)
    else:
        from sendspec.ledger.delivery.sqlite import opening as in_file

        facts = in_file.open_to_read(place.file, identity, noted)
    try:
        yield facts
    finally:
        if facts is not None:
            facts.close()


@contextmanager
def open_deliveries(
    place: LedgerPlace, identity: LedgerIdentity, noted: int | None = 0, *, patience: float | None = None
) -> Iterator[DeliveryStore]:
    """The same, to write. Several processes may have it open at once, also while a run holds the ledger.

    `patience`: for about how many seconds a write to a file waits for another process's; None: 15. Then it raises `DeliveriesBusy`.
    """
    store: DeliveryStore
    if isinstance(place, ServerPlace):
        from sendspec.ledger.delivery.postgres import opening as on_server

        store = on_server.open_to_write(place, identity)
    else:
        from sendspec.ledger.delivery.sqlite import opening as in_file
        from sendspec.ledger.delivery.sqlite.store import tries_within

        tries = None if patience is None else tries_within(patience)
        store = in_file.open_to_write(place.file, identity, noted, tries=tries)
    try:
        yield store
    finally:
        store.close()


def refuse_taken_deliveries(place: LedgerPlace) -> None:
    """Raises `LedgerTrouble` if something is kept already beside the place of a ledger that is to be made. A server refuses that itself."""
    if not isinstance(place, ServerPlace):
        from sendspec.ledger.delivery.sqlite.creation import refuse_taken

        refuse_taken(place.file)


def mark_deliveries_moved(place: LedgerPlace, identity: LedgerIdentity, to: str) -> None:
    """Has nobody write any more to what is kept beside a ledger that was copied. A server refuses that itself."""
    if not isinstance(place, ServerPlace):
        from sendspec.ledger.delivery.sqlite import opening as in_file

        with closing(in_file.open_to_write(place.file, identity, None)) as store:
            store.mark_moved(to)


@contextmanager
def fill_deliveries(place: LedgerPlace, identity: LedgerIdentity) -> Iterator[DeliveryStore]:
    """Opens what is kept beside a copy, to write, although that can't be used yet."""
    store: DeliveryStore
    if isinstance(place, ServerPlace):
        from sendspec.ledger.delivery.postgres import opening as on_server

        store = on_server.open_to_fill(place, identity)
    else:
        from sendspec.ledger.delivery.sqlite import opening as in_file

        store = in_file.open_to_write(place.file, identity, None)
    with closing(store):
        yield store
