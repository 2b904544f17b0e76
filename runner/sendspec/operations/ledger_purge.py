"""Forgets what a ledger knows of messages from long ago, but not that they were sent, nor who has opted out."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.delivery_access import deliveries_to_read, deliveries_to_write
from sendspec.operations.ledger_access import ledger_to_write, recorded_run
from sendspec.operations.project_context import ProjectContext


@dataclass(frozen=True, slots=True)
class Purged:
    """How many messages lost their personal data, and of how many it was forgotten what became of them."""

    messages: int
    deliveries: int


def purge_ledger(context: ProjectContext, age_seconds: float) -> Purged:
    before = context.system.clock.wall() - age_seconds
    with ledger_to_write(context) as ledger, recorded_run(ledger, context.system):
        messages = ledger.purge(before=before)
    with deliveries_to_read(context) as kept:
        is_kept = kept is not None
    deliveries = 0
    if is_kept:
        with deliveries_to_write(context) as store:
            deliveries = store.purge(before=before)
    return Purged(messages, deliveries)
