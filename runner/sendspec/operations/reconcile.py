"""Asks the API what became of messages in doubt, outside of a send."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.protocol import Ledger
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.ledger_plan import names_resent_if_absent
from sendspec.operations.listener import Listener
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.send_session import Interruptible, SendSession, leave_signals_alone
from sendspec.reading.spec import Spec
from sendspec.sending.reconciliation import Reconciled


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What the API's list said. `names` are those of the specs, empty for all; `ledger` is open until the block ends.

    `interrupted` is the signal that stopped the run, if one did.
    """

    outcome: Reconciled
    names: set[str]
    ledger: Ledger
    interrupted: int | None


@contextmanager
def reconciled(
    context: ProjectContext,
    specs: Sequence[Spec],
    listener: Listener,
    *,
    names: Collection[str] = (),
    interruptible: Interruptible = leave_signals_alone,
) -> Iterator[Reconciliation]:
    """Looks up the doubts of `specs` and of specs of these `names`, or all doubts in the ledger if neither is given."""
    with ledger_to_write(context) as ledger:
        session = SendSession(context, ledger, listener, interruptible=interruptible)
        asked = {*names_of(specs, ledger), *names}
        outcome = session.reconcile(asked or None, resend_if_absent=names_resent_if_absent(specs))
        session.end()
        yield Reconciliation(outcome=outcome, names=asked, ledger=ledger, interrupted=session.interrupted)
