"""Plans without a ledger: composes every row, and compares the result with the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sendspec.composing.eligibility import Eligibility
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.limit_check import spec_limits
from sendspec.operations.lost_character import warn_of_lost_characters
from sendspec.operations.plan_blocks import plan_rows
from sendspec.operations.plan_cost import costed, project_prices
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.send_job import Job
from sendspec.operations.send_term_check import moment_passed, other_text
from sendspec.operations.system import System
from sendspec.operations.where_doubt import where_doubts
from sendspec.planning.decision import Decision, History, decisions, nothing_known
from sendspec.planning.ledger_view import LedgerView
from sendspec.planning.plan import Plan, Suppression
from sendspec.planning.send_size import size_of

NOTHING_SENT = History(started=False)


def open_jobs(
    specs: Sequence[str],
    env: str | None,
    recipients: str | None,
    problems: Problems,
    system: System,
    *,
    note_environment: Callable[[str], None] = lambda name: None,
) -> tuple[ProjectContext | None, list[Job]]:
    """The project of the first spec, and a job for every usable spec. Tables are read in place. See `open_context`."""
    context = open_context(specs, env, problems, system, note_environment=note_environment)
    return context, [] if context is None else read_jobs(specs, context, recipients, problems)


def check_jobs(
    jobs: Sequence[Job],
    context: ProjectContext | None,
    problems: Problems,
    processes: int,
    *,
    unsent: str = "",
    only_to: frozenset[str] | None = None,
) -> list[Plan]:
    """Composes every row of every job as if nothing had ever been sent. Faults, and limits that are exceeded, go to `problems`.

    With the words `unsent` for that condition, limits on a run are only warnings. All but `only_to` are skipped, if it is given.
    """
    severity = Severity.WARNING if unsent else Severity.ERROR
    prices = None if context is None else project_prices(context, problems)
    plans: list[Plan] = []
    if context is None:
        return plans
    is_faulty = prices is None and context.project.prices is not None
    for job in jobs:
        plan = costed(job, prices, lambda job: plan_without_ledger(job, problems, processes, only_to))
        doubts = where_doubts(job, None if problems.has_errors else plan)
        for diagnostic in (*other_text(job), *moment_passed(job), *doubts):
            problems.add(diagnostic)
        warn_of_lost_characters(job, problems)
        for diagnostic in spec_limits(job, size_of(plan), context, severity, unsent):
            if not (is_faulty and diagnostic.code == "limit-cost"):  # the cost is unknown for that fault alone
                problems.add(diagnostic)
        plans.append(plan)
    return plans


def plan_without_ledger(
    job: Job, problems: Problems, processes: int = 1, only_to: frozenset[str] | None = None
) -> Plan:
    view = LedgerView(nothing_known, nothing_known, NOTHING_SENT, Eligibility(only_to, job.suppressed))
    return replace(plan_rows(job, view, problems, processes), looks_back=job.spec.only is not None)


def decided_without_ledger(
    job: Job, only_to: frozenset[str] | None = None, problems: Problems | None = None
) -> Iterator[Decision]:
    """The decision on every row, as `plan_without_ledger` counts them. Faults of this pass go to `problems`."""
    composed = job.composed(Problems() if problems is None else problems)
    return decisions(composed, nothing_known, NOTHING_SENT, Eligibility(only_to, job.suppressed))


def suppression_of(job: Job) -> Suppression | None:
    return None if job.suppressed is None else Suppression(files=job.suppressed.files, addresses=len(job.suppressed))
