"""A person settles messages in doubt, or gives up planned ones, with a recorded reason. Numbers and addresses in it are masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sendspec.composing.identity import id_text
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerBusy
from sendspec.diagnostics.redaction import mask_in_place
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, Doubt, SendIdentity
from sendspec.operations.ledger_access import recorded_run
from sendspec.operations.orphan import find_orphans
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of, other_names
from sendspec.operations.run_at_work import refuse_at_work, run_words
from sendspec.operations.send_job import Job
from sendspec.operations.spec_identity_check import highest_used
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.reading.spec import Spec


def settle(
    context: ProjectContext,
    ledger: Ledger,
    specs: Sequence[Spec],
    ids: Sequence[bytes],
    *,
    to: State,
    reason: str,
) -> list[Doubt]:
    """Settles the messages in doubt of `specs`, and those with `ids`. Raises `WrongUsage` for an id that isn't in doubt.

    Raises `LedgerBusy` while another run sends one of the specs, or one of the messages.
    """
    names = names_of(specs, ledger)
    refuse_at_work(ledger, names)
    _refuse_under_way(ledger, ids)
    with recorded_run(ledger, context.system):
        doubts = _chosen(ledger, ids, names)
        changes = [
            Change(
                id=doubt.id, attempt=doubt.attempt, to=to, reason=recorded_reason(reason), resend=to is State.PLANNED
            )
            for doubt in doubts
        ]
        ledger.move(MOVE_BY_NAME["resolve"], changes, now=context.system.clock.wall())
    return doubts


def give_up_generation(context: ProjectContext, ledger: Ledger, spec: Spec, generation: int, reason: str) -> int:
    """Gives up a generation, whether it was begun or not. Returns how many planned messages it had."""
    refuse_at_work(ledger, names_of([spec], ledger))
    attempts = _planned_in(ledger, spec, generation)
    with recorded_run(ledger, context.system):
        _drop(context, ledger, attempts, reason)
        ledger.give_up(SendIdentity(spec.name, generation, context.relative(spec.path)), recorded_reason(reason))
    return len(attempts)


def give_up_orphans(
    context: ProjectContext, ledger: Ledger, jobs: Iterable[Job], reason: str, problems: Problems
) -> int:
    """Gives up planned messages whose recipient is no longer in the table. Returns how many.

    Faults of the tables go to `problems`; if there are any, nothing is given up.
    """
    attempts: dict[bytes, int] = {}
    for job in jobs:
        refuse_at_work(ledger, names_of([job.spec], ledger))
        attempts.update(find_orphans(job, ledger, problems))
    if problems.has_errors:
        return 0
    with recorded_run(ledger, context.system):
        _drop(context, ledger, attempts, reason)
    return len(attempts)


def recorded_reason(reason: str) -> str:
    """A person's reason as the ledger keeps it: reports and `status` show it as it is."""
    return mask_in_place(reason)


def _drop(context: ProjectContext, ledger: Ledger, attempts: Mapping[bytes, int], reason: str) -> None:
    changes = [
        Change(id=identity, attempt=attempt, to=State.SKIPPED, reason=recorded_reason(reason))
        for identity, attempt in attempts.items()
    ]
    ledger.move(MOVE_BY_NAME["drop"], changes, now=context.system.clock.wall())


def _refuse_under_way(ledger: Ledger, ids: Sequence[bytes]) -> None:
    for identity, fact in ledger.facts(ids).items():
        if fact.under_way:
            owners = " or ".join(run_words(run) for run in ledger.runs_at_work() if run.on_the_way)
            raise LedgerBusy(
                f"{id_text(identity)} is on its way: it is being sent by {owners or 'another run'}",
                "wait for its answer; nothing was changed",
            )


def _chosen(ledger: Ledger, ids: Sequence[bytes], names: set[str]) -> list[Doubt]:
    doubts = {doubt.id: doubt for doubt in ledger.doubts()}
    for identity in ids:
        if identity not in doubts:
            known = ledger.facts([identity]).get(identity)
            state = "not in the ledger" if known is None else f"'{known.state.value}'"
            raise WrongUsage(
                f"{id_text(identity)} is not in doubt, it is {state}",
                "name a message that `sendspec status --in-doubt` lists",
            )
    return [doubt for doubt in doubts.values() if doubt.id in ids or doubt.name in names]


def _planned_in(ledger: Ledger, spec: Spec, generation: int) -> dict[bytes, int]:
    """The planned messages of a generation. Raises `WrongUsage` for a generation that may not be sent yet."""
    names = (spec.name, *other_names(spec, ledger))
    highest = highest_used([send for name in names for send in ledger.sends(name)], ledger)
    if highest is not None and generation > highest + 1:
        raise WrongUsage(
            f"generation {highest + 1} of '{spec.name}' comes first: the highest used is {highest}",
            f"give up generation {highest + 1} first",
        )
    return {
        identity: attempt for name in names for identity, of, attempt in ledger.planned_of(name) if of == generation
    }
