"""Opens what is kept of deliveries and opt-outs beside an environment's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import find_identity, require_identity
from sendspec.operations.project_context import ProjectContext


@contextmanager
def deliveries_to_read(context: ProjectContext) -> Iterator[DeliveryFacts | None]:
    """To read; None if the environment has no ledger yet, or nothing was ever kept beside it."""
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    with read_deliveries(ledger_place(context), identity) as facts:
        yield facts


def deliveries_to_write(context: ProjectContext) -> AbstractContextManager[DeliveryStore]:
    """To write, whether or not a run holds the ledger. Raises what `require_identity` raises."""
    return open_deliveries(ledger_place(context), require_identity(context))
