"""Specs held against the ledger: what would be sent, what skipped, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.message import Composed
from sendspec.composing.reach import Reach
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read
from sendspec.operations.continuity import check_continuity, check_generations, check_identity
from sendspec.operations.lockfile_entry import find_identity
from sendspec.operations.orphan import find_orphans
from sendspec.operations.plan_blocks import LedgerView, plan_rows
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import RenamedSend, other_names
from sendspec.operations.send_job import Job
from sendspec.planning.decide import History, Retry, Skip
from sendspec.planning.plan import Decision, Known, Lookup, Plan, PlanTally, decisions, nothing_known
from sendspec.reading.spec import InDoubtPolicy, Spec


@contextmanager
def ledger_to_read(context: ProjectContext) -> Iterator[SqliteLedger | None]:
    """The ledger, read only; None where the environment has none yet. Raises when there should be one."""
    identity = find_identity(context)
    if identity is None:
        yield None
        return
    ledger = open_to_read(context.environment.ledger.file, identity.ledger, salt=identity.salt, latest=True)
    try:
        yield ledger
    finally:
        ledger.close()


def decide_all(
    job: Job, context: ProjectContext, ledger: SqliteLedger | None, problems: Problems, retry: Retry | None = None
) -> Iterator[Decision]:
    """Every row of a job with what is to be done with it."""
    return _decided(job, job.composed(problems), context, ledger, retry, _reach(job, context))


def decide_again(
    job: Job, context: ProjectContext, ledger: SqliteLedger | None, retry: Retry | None = None, *, reach: Reach
) -> Iterator[Decision]:
    """As `decide_all`, for a later pass over a job whose rows had no errors. Raises `CopyDiffers` where they have one now.

    `reach` is as it was when the job was planned, whoever was added to a list since.
    """
    return _decided(job, job.composed_again(), context, ledger, retry, reach)


def _decided(
    job: Job,
    composed: Iterator[Composed],
    context: ProjectContext,
    ledger: SqliteLedger | None,
    retry: Retry | None,
    reach: Reach,
) -> Iterator[Decision]:
    moved = renamed_send(job, ledger)
    if moved is not None:
        return moved.decisions(composed, reach, retry)
    held = ledger_view_of(job, context, ledger, retry)
    return decisions(composed, held.lookup, held.history, reach, held.retry)


def _reach(job: Job, context: ProjectContext) -> Reach:
    return Reach(context.environment.only_to, job.suppressed)


def ledger_view_of(job: Job, context: ProjectContext, ledger: SqliteLedger | None, retry: Retry | None) -> LedgerView:
    """What a job's messages are held against. A ledger that knows none of the send isn't asked for each."""
    name, generation = job.spec.name, job.spec.generation
    started = ledger is not None and ledger.claimed_before(name, generation)
    lookup: Lookup = nothing_known
    known: Known = nothing_known
    if ledger is not None and ledger.has_planned(name, generation):
        lookup, known = ledger.facts, ledger.known
    planned = 0 if ledger is None else _planned_under((name,), ledger)
    return LedgerView(lookup, known, History(started=started), _reach(job, context), retry, planned)


def renamed_send(job: Job, ledger: SqliteLedger | None) -> RenamedSend | None:
    """The job under all of its names; None where the ledger knows it, in any generation, under no other."""
    names = other_names(job.spec, ledger)
    return RenamedSend(job, names, ledger) if names and ledger is not None else None


def plan_jobs(
    jobs: Sequence[Job],
    context: ProjectContext,
    ledger: SqliteLedger | None,
    problems: Problems,
    retry: Retry | None = None,
    *,
    processes: int,
) -> list[Plan]:
    """Every job's plan, made on so many processes; what is wrong with rows, or with who the specs are, is among `problems`."""
    check_identity(jobs, context, ledger, problems)
    check_generations(jobs, context, ledger, problems)
    plans = [
        replace(_plan(job, context, ledger, problems, retry, processes), text_digest=text_digest(job.spec))
        for job in jobs
    ]
    if not problems.has_errors:
        check_continuity(
            list(zip(jobs, plans, strict=True)),
            context,
            ledger,
            problems,
            lambda job: decide_all(job, context, ledger, Problems(), retry),
        )
    return plans


def _plan(
    job: Job,
    context: ProjectContext,
    ledger: SqliteLedger | None,
    problems: Problems,
    retry: Retry | None,
    processes: int,
) -> Plan:
    plan = _plan_of(job, context, ledger, problems, retry, processes)
    if plan.left and plan.skipped.get(Skip.FILTERED) and ledger is not None and not problems.has_errors:
        return replace(plan, left=len(find_orphans(job, ledger, Problems())))  # rarely: it composes the rows once more
    return plan


def _plan_of(
    job: Job,
    context: ProjectContext,
    ledger: SqliteLedger | None,
    problems: Problems,
    retry: Retry | None,
    processes: int,
) -> Plan:
    moved = renamed_send(job, ledger)
    if moved is None or ledger is None:
        return plan_rows(job, ledger_view_of(job, context, ledger, retry), problems, processes)
    tally = PlanTally(job.target)
    for _ in tally.watch(moved.decisions(job.composed(problems), _reach(job, context), retry)):
        pass
    planned = _planned_under((job.spec.name, *other_names(job.spec, ledger)), ledger)
    return tally.plan(max(0, planned - moved.planned_found))


def _planned_under(names: Sequence[str], ledger: SqliteLedger) -> int:
    """How many messages are planned and were not sent, under any of these names and in any generation."""
    return sum(sum(ledger.planned(name).values()) for name in names if ledger.sends(name))


def freeing(specs: Sequence[Spec]) -> set[str]:
    """The names of the specs that let a message be sent again when the API's list lacks it."""
    return {spec.name for spec in specs if spec.in_doubt is InDoubtPolicy.RESEND_IF_ABSENT}
