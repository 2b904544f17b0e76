"""Specs held against the ledger: what would be sent, what skipped, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from runner.cli.job import Job
from runner.cli.lock_file import known_identity
from runner.cli.several import Ledgered, plan_rows
from runner.cli.workspace import Workspace
from runner.composing.message import Composed
from runner.composing.reach import Reach
from runner.ledger.opening import open_to_read
from runner.ledger.sqlite import SqliteLedger
from runner.planning.decide import History, Retry
from runner.planning.plan import Decision, Known, Lookup, Plan, decisions, nothing_known
from runner.reading.diagnostic import Problems
from runner.reading.spec import InDoubtPolicy, Spec


@contextmanager
def ledger_to_read(workspace: Workspace) -> Iterator[SqliteLedger | None]:
    """The ledger, read only; None where the environment has none yet. Raises when there should be one."""
    identity = known_identity(workspace)
    if identity is None:
        yield None
        return
    ledger = open_to_read(workspace.environment.ledger.file, identity.ledger, salt=identity.salt)
    try:
        yield ledger
    finally:
        ledger.close()


def check_names(jobs: Sequence[Job], workspace: Workspace, ledger: SqliteLedger | None, problems: Problems) -> None:
    """A name belongs to one file: another file that still exists and was sent under it is a second spec, not a renamed one."""
    for job in jobs:
        path = None if ledger is None else ledger.spec_path(job.spec.name)
        own = workspace.relative(job.spec.path)
        if path is not None and path != own and (workspace.root / path).is_file():
            problems.add(
                job.spec.document.diagnostic(
                    ("name",),
                    code="name-taken",
                    problem=f"'{job.spec.name}' is the name of {path}, which was sent before",
                    fix="give this spec a name of its own, or remove the other file if this one takes its place",
                )
            )


def decide_all(
    job: Job, workspace: Workspace, ledger: SqliteLedger | None, problems: Problems, retry: Retry | None = None
) -> Iterator[Decision]:
    """Every row of a job with what is to be done with it."""
    return _decided(job.composed(problems), held_against(job, workspace, ledger, retry))


def decide_again(
    job: Job, workspace: Workspace, ledger: SqliteLedger | None, retry: Retry | None = None, *, reach: Reach
) -> Iterator[Decision]:
    """As `decide_all`, for a later pass over a job whose rows had no errors. Raises `CopyDiffers` where they have one now.

    `reach` is as it was when the job was planned, whoever was added to a list since.
    """
    return _decided(job.composed_again(), replace(held_against(job, workspace, ledger, retry), reach=reach))


def _decided(composed: Iterator[Composed], held: Ledgered) -> Iterator[Decision]:
    return decisions(composed, held.lookup, held.history, held.reach, held.retry)


def held_against(job: Job, workspace: Workspace, ledger: SqliteLedger | None, retry: Retry | None) -> Ledgered:
    """What a job's messages are held against. A ledger that knows none of the send isn't asked for each."""
    name, generation = job.spec.name, job.spec.generation
    started = ledger is not None and ledger.claimed_before(name, generation)
    lookup: Lookup = nothing_known
    known: Known = nothing_known
    if ledger is not None and ledger.has_planned(name, generation):
        lookup, known = ledger.facts, ledger.known
    planned = 0 if ledger is None or not ledger.sends(name) else sum(ledger.planned(name).values())
    reach = Reach(workspace.environment.only_to, job.suppressed)
    return Ledgered(lookup, known, History(started=started), reach, retry, planned)


def plan_jobs(
    jobs: Sequence[Job],
    workspace: Workspace,
    ledger: SqliteLedger | None,
    problems: Problems,
    retry: Retry | None = None,
    *,
    processes: int,
) -> list[Plan]:
    """Every job's plan, made on so many processes; what is wrong with rows is among `problems`."""
    check_names(jobs, workspace, ledger, problems)
    return [plan_rows(job, held_against(job, workspace, ledger, retry), problems, processes) for job in jobs]


def freeing(specs: Sequence[Spec]) -> set[str]:
    """The names of the specs that let a message be sent again when the API's list lacks it."""
    return {spec.name for spec in specs if spec.in_doubt is InDoubtPolicy.RESEND_IF_ABSENT}
