"""Plans specs against the ledger: what would be sent, what would be skipped, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.eligibility import Eligibility
from sendspec.composing.message import Composed, Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts
from sendspec.operations.continuity import check_continuity
from sendspec.operations.earlier_send import check_earlier_sends, earlier_send
from sendspec.operations.listener import Preparation, Watch, ignore
from sendspec.operations.lost_character import warn_of_lost_characters
from sendspec.operations.lost_opt_outs import refuse_lost_opt_outs
from sendspec.operations.offline_plan import suppression_of
from sendspec.operations.opt_out_list import read_opt_outs
from sendspec.operations.opt_out_warning import opt_out_warnings
from sendspec.operations.orphan import find_orphans
from sendspec.operations.plan_blocks import plan_rows
from sendspec.operations.plan_cost import costed, project_prices
from sendspec.operations.plan_schedule import schedule_of
from sendspec.operations.plan_settings import spec_settings
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import RenamedSend, other_names
from sendspec.operations.send_job import Job
from sendspec.operations.send_term_check import other_text
from sendspec.operations.spec_identity_check import check_generations, check_identity
from sendspec.operations.temporary_store import TemporaryStore
from sendspec.operations.where_doubt import where_doubts
from sendspec.planning.choice import ALL_DUE, Choice, RetryTerm
from sendspec.planning.decision import WINDOW, Decision, FactLookup, Skip, StateLookup, decisions, nothing_known
from sendspec.planning.ledger_view import LedgerView
from sendspec.planning.pair_set import PairSet
from sendspec.planning.plan import DeclaredPairs, Plan, PlanTally, approvable
from sendspec.reading.spec import InDoubtPolicy, Spec

if TYPE_CHECKING:
    from sendspec.operations.record_spool import RecordSpool


def decide_all(
    job: Job, context: ProjectContext, ledger: Facts | None, problems: Problems, choice: Choice = ALL_DUE
) -> Iterator[Decision]:
    """The decision on every row of a job."""
    return _decided(job, job.composed(problems), context, ledger, choice, _eligibility(job, context))


def decide_again(
    job: Job, context: ProjectContext, ledger: Facts | None, choice: Choice = ALL_DUE, *, eligibility: Eligibility
) -> Iterator[Decision]:
    """As `decide_all`, for a later pass over rows that had no errors. Raises `CopyDiffers` if one has an error now.

    `eligibility` is as it was when the job was planned: addresses that were added to a list since don't count.
    """
    return _decided(job, job.composed_again(), context, ledger, choice, eligibility)


def _decided(
    job: Job,
    composed: Iterator[Composed],
    context: ProjectContext,
    ledger: Facts | None,
    choice: Choice,
    eligibility: Eligibility,
) -> Iterator[Decision]:
    choice = _for_job(choice, job, context, ledger)
    moved = renamed_send(job, ledger)
    if moved is not None:
        return moved.decisions(composed, eligibility, choice)
    view = ledger_view_of(job, context, ledger, choice)
    return choice.applied(decisions(composed, view.facts_of, view.history, eligibility, choice.retry))


def _eligibility(job: Job, context: ProjectContext) -> Eligibility:
    return Eligibility(context.environment.only_to, job.suppressed, job.opted_out)


def _for_job(choice: Choice, job: Job, context: ProjectContext, ledger: Facts | None) -> Choice:
    """The choice, and where the spec says `only: undelivered`, whom its earlier send did not reach."""
    earlier = earlier_send(job, context, ledger)
    return choice if earlier is None else replace(choice, kept=earlier.kept)


def ledger_view_of(job: Job, context: ProjectContext, ledger: Facts | None, choice: Choice) -> LedgerView:
    """What a job's messages are compared with. A ledger that knows none of the send isn't asked about each message."""
    name, generation = job.spec.name, job.spec.generation
    started = ledger is not None and ledger.claimed_before(name, generation)
    facts_of: FactLookup = nothing_known
    states_of: StateLookup = nothing_known
    if ledger is not None and ledger.has_messages(name, generation):
        facts_of, states_of = ledger.facts, ledger.prior_states
    planned_count = 0 if ledger is None else _planned_under((name,), ledger)
    history = job.history(started=started)
    return LedgerView(facts_of, states_of, history, _eligibility(job, context), choice, planned_count)


def renamed_send(job: Job, ledger: Facts | None) -> RenamedSend | None:
    """The job under all of its names; None if the ledger knows no other name of it, in any generation."""
    names = other_names(job.spec, ledger)
    return RenamedSend(job, names, ledger) if names and ledger is not None else None


def plan_jobs(
    jobs: Sequence[Job],
    context: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    choice: Choice = ALL_DUE,
    *,
    processes: int,
    retry: RetryTerm | None = None,
    records: Mapping[str, RecordSpool] | None = None,
    watch: Watch = ignore,
) -> list[Plan]:
    """Every job's plan, composed on `processes` processes. Faults of rows, and of the specs' identities, go to `problems`.

    `retry` is what an approval of these plans is bound to; `choice` may leave out more. `records` takes the records of the
    messages to send, by the spec's name. Raises `OptOutsLost`, and what `RecordSpool.settle` raises.
    """
    refuse_lost_opt_outs(context, ledger)
    if ledger is not None:
        read_opt_outs((job.opted_out for job in jobs if job.opted_out is not None), context)
    check_identity(jobs, context, ledger, problems)
    check_generations(jobs, context, ledger, problems)
    check_earlier_sends(jobs, context, ledger, problems)
    identity = None if context.identity is None else context.identity.ledger
    prices = project_prices(context, problems)
    for diagnostic in chain.from_iterable(map(other_text, jobs)):
        problems.add(diagnostic)

    def planned(job: Job) -> Plan:
        spool = None if records is None else records[job.spec.name]
        plan = _plan(job, context, ledger, problems, choice, processes, spool, watch)
        return _with_orphans_alone(plan, job, ledger, problems)

    plans = [
        approvable(
            replace(
                costed(job, prices, planned),
                text_digest=text_digest(job.spec),
                suppression=suppression_of(job),
                opted_out=None if job.opted_out is None or ledger is None else len(job.opted_out.snapshot),
                looks_back=job.spec.only is not None,
                earlier=job.earlier.found,
            ),
            spec_settings(job, context, retry),
            identity,
        )
        for job in jobs
    ]
    if ledger is not None:
        for diagnostic in opt_out_warnings(jobs, context):
            problems.add(diagnostic)
    if not problems.has_errors:
        for job in jobs:
            warn_of_lost_characters(job, problems)
        for job, plan in zip(jobs, plans, strict=True):
            for diagnostic in where_doubts(job, plan):
                problems.add(diagnostic)

        def decided(job: Job) -> Iterator[Decision]:
            return decide_all(job, context, ledger, Problems(), choice)

        plans = [
            replace(plan, schedule=schedule_of(job, context, decided)) for job, plan in zip(jobs, plans, strict=True)
        ]
        check_continuity(list(zip(jobs, plans, strict=True)), context, ledger, problems, decided)
    return plans


def _plan(
    job: Job,
    context: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    choice: Choice,
    processes: int,
    records: RecordSpool | None,
    watch: Watch,
) -> Plan:
    choice = _for_job(choice, job, context, ledger)
    moved = renamed_send(job, ledger)
    pairs = DeclaredPairs(PairSet(store=TemporaryStore()), PairSet(store=TemporaryStore()))
    if moved is None or ledger is None:
        view = ledger_view_of(job, context, ledger, choice)
        return plan_rows(job, view, problems, processes, pairs=pairs, records=records, watch=watch)
    tally = PlanTally(job.target, pairs, count_countries=job.setting.count_countries)
    decided = tally.counted(moved.decisions(job.composed(problems), _eligibility(job, context), choice))
    rows = 0
    while window := list(islice(decided, WINDOW)):
        rows += len(window)
        watch(Preparation(job.spec.name, rows))
        if records is not None:
            to_send = [each.item for each in window if each.skip is None and isinstance(each.item, Message)]
            records.add_messages(to_send, job.record_part)
    planned = _planned_under((job.spec.name, *other_names(job.spec, ledger)), ledger)
    return tally.plan(max(0, planned - moved.planned_found))


def _with_orphans_alone(plan: Plan, job: Job, ledger: Facts | None, problems: Problems) -> Plan:
    """The plan whose `left` counts no message of a row that is still in the table, and filtered."""
    if plan.left and plan.skipped.get(Skip.FILTERED) and ledger is not None and not problems.has_errors:
        return replace(plan, left=len(find_orphans(job, ledger, Problems())))  # rare: it composes the rows once more
    return plan


def _planned_under(names: Sequence[str], ledger: Facts) -> int:
    """How many messages are planned and not sent, under any of these names and in any generation."""
    return sum(sum(ledger.planned_counts(name).values()) for name in names if ledger.sends(name))


def names_resent_if_absent(specs: Sequence[Spec]) -> set[str]:
    """The names of the specs that let a message be sent again if the API's list lacks it."""
    return {spec.name for spec in specs if spec.in_doubt is InDoubtPolicy.RESEND_IF_ABSENT}
