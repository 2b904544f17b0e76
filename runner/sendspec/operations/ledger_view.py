"""Specs held against the ledger: what would be sent, what skipped, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.message import Composed
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.access import read
from sendspec.ledger.protocol import Facts
from sendspec.operations.continuity import check_continuity, check_generations, check_identity
from sendspec.operations.earlier_names import MovedSend, other_names
from sendspec.operations.left import left_over
from sendspec.operations.lock_file import known_identity
from sendspec.operations.plan_blocks import LedgerView, plan_rows
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Decision, FactLookup, History, Retry, Skip, StateLookup, decisions, nothing_known
from sendspec.planning.plan import Plan, PlanTally
from sendspec.reading.spec import InDoubtPolicy, Spec


@contextmanager
def ledger_to_read(workspace: ProjectContext) -> Iterator[Facts | None]:
    """The ledger, read only; None where the environment has none yet. Raises when there should be one."""
    identity = known_identity(workspace)
    if identity is None:
        yield None
        return
    with read(workspace.environment.ledger, identity, latest=True) as ledger:
        yield ledger


def decide_all(
    job: Job, workspace: ProjectContext, ledger: Facts | None, problems: Problems, retry: Retry | None = None
) -> Iterator[Decision]:
    """Every row of a job with what is to be done with it."""
    return _decided(job, job.composed(problems), workspace, ledger, retry, _eligibility(job, workspace))


def decide_again(
    job: Job,
    workspace: ProjectContext,
    ledger: Facts | None,
    retry: Retry | None = None,
    *,
    eligibility: Eligibility,
) -> Iterator[Decision]:
    """As `decide_all`, for a later pass over a job whose rows had no errors. Raises `CopyDiffers` where they have one now.

    `eligibility` is as it was when the job was planned, whoever was added to a list since.
    """
    return _decided(job, job.composed_again(), workspace, ledger, retry, eligibility)


def _decided(
    job: Job,
    composed: Iterator[Composed],
    workspace: ProjectContext,
    ledger: Facts | None,
    retry: Retry | None,
    eligibility: Eligibility,
) -> Iterator[Decision]:
    moved = moved_send(job, ledger)
    if moved is not None:
        return moved.decisions(composed, eligibility, retry)
    held = held_against(job, workspace, ledger, retry)
    return decisions(composed, held.lookup, held.history, eligibility, held.retry)


def _eligibility(job: Job, workspace: ProjectContext) -> Eligibility:
    return Eligibility(workspace.environment.only_to, job.suppressed)


def held_against(job: Job, workspace: ProjectContext, ledger: Facts | None, retry: Retry | None) -> LedgerView:
    """What a job's messages are held against. A ledger that knows none of the send isn't asked for each."""
    name, generation = job.spec.name, job.spec.generation
    started = ledger is not None and ledger.claimed_before(name, generation)
    lookup: FactLookup = nothing_known
    known: StateLookup = nothing_known
    if ledger is not None and ledger.has_planned(name, generation):
        lookup, known = ledger.facts, ledger.known
    planned = 0 if ledger is None else _planned_under((name,), ledger)
    return LedgerView(lookup, known, History(started=started), _eligibility(job, workspace), retry, planned)


def moved_send(job: Job, ledger: Facts | None) -> MovedSend | None:
    """The job under all of its names; None where the ledger knows it, in any generation, under no other."""
    names = other_names(job.spec, ledger)
    return MovedSend(job, names, ledger) if names and ledger is not None else None


def plan_jobs(
    jobs: Sequence[Job],
    workspace: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    retry: Retry | None = None,
    *,
    processes: int,
) -> list[Plan]:
    """Every job's plan, made on so many processes; what is wrong with rows, or with who the specs are, is among `problems`."""
    check_identity(jobs, workspace, ledger, problems)
    check_generations(jobs, workspace, ledger, problems)
    plans = [
        replace(_plan(job, workspace, ledger, problems, retry, processes), text_digest=text_digest(job.spec))
        for job in jobs
    ]
    if not problems.has_errors:
        check_continuity(
            list(zip(jobs, plans, strict=True)),
            workspace,
            ledger,
            problems,
            lambda job: decide_all(job, workspace, ledger, Problems(), retry),
        )
    return plans


def _plan(
    job: Job,
    workspace: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    retry: Retry | None,
    processes: int,
) -> Plan:
    plan = _plan_of(job, workspace, ledger, problems, retry, processes)
    if plan.left and plan.skipped.get(Skip.FILTERED) and ledger is not None and not problems.has_errors:
        return replace(plan, left=len(left_over(job, ledger, Problems())))  # rarely: it composes the rows once more
    return plan


def _plan_of(
    job: Job,
    workspace: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    retry: Retry | None,
    processes: int,
) -> Plan:
    moved = moved_send(job, ledger)
    if moved is None or ledger is None:
        return plan_rows(job, held_against(job, workspace, ledger, retry), problems, processes)
    tally = PlanTally(job.target)
    for _ in tally.watch(moved.decisions(job.composed(problems), _eligibility(job, workspace), retry)):
        pass
    planned = _planned_under((job.spec.name, *other_names(job.spec, ledger)), ledger)
    return tally.plan(max(0, planned - moved.planned_found))


def _planned_under(names: Sequence[str], ledger: Facts) -> int:
    """How many messages are planned and were not sent, under any of these names and in any generation."""
    return sum(sum(ledger.planned(name).values()) for name in names if ledger.sends(name))


def freeing(specs: Sequence[Spec]) -> set[str]:
    """The names of the specs that let a message be sent again when the API's list lacks it."""
    return {spec.name for spec in specs if spec.in_doubt is InDoubtPolicy.RESEND_IF_ABSENT}
