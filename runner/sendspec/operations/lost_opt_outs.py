"""Refuses to go on without knowing who has opted out; goes on once a person says how."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.ledger.delivery.opt_out import OptOutSignal
from sendspec.ledger.delivery.protocol import ReplacedSignals
from sendspec.ledger.delivery_access import read_deliveries
from sendspec.ledger.protocol import Facts
from sendspec.operations.delivery_access import deliveries_to_mend
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.environment import LedgerFile


def refuse_lost_opt_outs(context: ProjectContext, ledger: Facts | None) -> None:
    """Raises `OptOutsLost` if fewer opt-outs are known than there were. On a server they can't be lost apart from the ledger."""
    place, identity = context.environment.ledger, context.identity
    if ledger is not None and identity is not None and isinstance(place, LedgerFile):
        with read_deliveries(place, identity, ledger.opt_outs_noted):
            pass


def replace_lost_opt_outs(context: ProjectContext, signals: Iterable[OptOutSignal], reason: str) -> ReplacedSignals:
    """Writes `signals` in the place of those that were lost, all or nothing, and keeps the person's reason.

    Where none were lost, adds them to those that there are.
    """
    with deliveries_to_mend(context) as (store, noted):
        return store.replace_lost(signals, noted=noted, reason=reason, now=context.system.clock.wall())
