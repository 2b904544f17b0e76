"""The entry points to what is kept of deliveries and opt-outs, beside a ledger. Callers see protocols, never the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace


@contextmanager
def read_deliveries(
    place: LedgerPlace, identity: LedgerIdentity, noted: int | None = 0
) -> Iterator[DeliveryFacts | None]:
    """What is kept beside the ledger, to read, also while others write; None if nothing was ever kept.

    `noted` is how many opt-out signals the ledger knows of (`Facts.opt_outs_noted`); None: open it even if some were lost.
    Raises `OptOutsLost`.
    """
    if isinstance(place, ServerPlace):
        raise NotImplementedError
    from sendspec.ledger.delivery.sqlite.opening import open_to_read

    facts = open_to_read(place.file, identity, noted)
    try:
        yield facts
    finally:
        if facts is not None:
            facts.close()


@contextmanager
def open_deliveries(place: LedgerPlace, identity: LedgerIdentity, noted: int | None = 0) -> Iterator[DeliveryStore]:
    """The same, to write. Several processes may have it open at once, also while a run holds the ledger."""
    if isinstance(place, ServerPlace):
        raise NotImplementedError
    from sendspec.ledger.delivery.sqlite.opening import open_to_write

    store = open_to_write(place.file, identity, noted)
    try:
        yield store
    finally:
        store.close()
