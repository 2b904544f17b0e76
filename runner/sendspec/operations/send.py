"""A send, step by step: nothing is sent before every row is checked and somebody has agreed to the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.exceptions import KeyUnusable, PlanStale, SendspecError
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.run_note import RunNote
from sendspec.operations.agreed_messages import AgreedMessages
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.ledger_creation import make_sandbox_ledger
from sendspec.operations.ledger_plan import decide_all, names_resent_if_absent, plan_jobs
from sendspec.operations.limit_check import plan_limits
from sendspec.operations.listener import Listener
from sendspec.operations.plan_check import check_ledger, choice_in, compare, differences, is_misstated
from sendspec.operations.plan_cost import may_cost_more
from sendspec.operations.plan_settings import retry_term
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.record_spool import RecordSpool
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.run_report import unsent_report
from sendspec.operations.send_job import Job, note_row_problems
from sendspec.operations.send_outcome import (
    InputRejected,
    LimitsExceeded,
    PlanEdited,
    RunBroke,
    RunEnded,
    SendOutcome,
    SendRequest,
    StoppedBefore,
)
from sendspec.operations.send_session import Interruptible, PlannedJobs, SendSession, leave_signals_alone
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.planning.choice import choice_of
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan, digests_of
from sendspec.planning.plan_digest import digest_bytes
from sendspec.reading.approvals import NewShape
from sendspec.sending.ending import Interrupted

Agree = Callable[[Sequence[Job], Sequence[Plan]], None]
"""Returns once the plans may be carried out; raises where nobody agrees to them."""


def send(
    context: ProjectContext,
    request: SendRequest,
    listener: Listener,
    *,
    agree: Agree = lambda jobs, plans: None,
    interruptible: Interruptible = leave_signals_alone,
) -> SendOutcome:
    """Sends what the plan says, each message at most once. Raises what went wrong before the run began."""
    return _Send(context, request, listener, agree, interruptible).run()


class _Send:
    """Planning, agreeing and sending all read the same private copy of the input."""

    def __init__(
        self,
        context: ProjectContext,
        request: SendRequest,
        listener: Listener,
        agree: Agree,
        interruptible: Interruptible,
    ) -> None:
        self._context = context
        self._request = request
        self._listener = listener
        self._agree = agree
        self._interruptible = interruptible
        self._agreed: tuple[SendSession, PlannedJobs] | None = None
        self._choice = choice_of(request.retry)
        self._records: dict[str, RecordSpool] = {}

    def run(self) -> SendOutcome:
        problems = Problems()
        request = self._request
        if request.plan is not None:
            check_ledger(request.plan, self._context)
        jobs = read_jobs(request.specs, self._context, request.recipients, problems, frozen=True)
        if problems.has_errors:
            note_row_problems(jobs, problems)
            return InputRejected(list(problems))
        if self._context.environment.is_sandbox:
            make_sandbox_ledger(self._context)
        outcome: SendOutcome | None = None
        try:
            with ledger_to_write(self._context, tell=self._listener.warn, trusts_seal=True) as ledger:
                outcome = self._with_ledger(ledger, jobs, problems)
        except (KeyUnusable, PlanStale, PlanEdited):  # nothing was sent, whatever was agreed to
            raise
        except SendspecError as error:
            if isinstance(outcome, RunBroke):  # its account was read before the ledger could not be closed
                return RunBroke(error, outcome.report, outcome.unread)
            if self._agreed is None:
                raise
            return _broke(*self._agreed, error)
        return outcome

    def _with_ledger(self, ledger: Ledger, jobs: Sequence[Job], problems: Problems) -> SendOutcome:
        request, context = self._request, self._context
        looks_back = any(job.spec.only is not None for job in jobs)  # at any send, whatever its name
        ledger.check_sends(None if looks_back else names_of((job.spec for job in jobs), ledger))
        if request.plan is not None:
            self._choice = choice_in(request.plan, ledger)
        moves_when_planned = ledger.moves
        plans = self._plan(jobs, ledger, problems)
        if problems.has_errors:
            return InputRejected(list(problems))
        self._listener.diagnostics(list(problems))
        plans = self._only_approved(plans, jobs, ledger)
        session = SendSession(
            context,
            ledger,
            self._listener,
            interruptible=self._interruptible,
            asks_witness=request.asks_witness,
        )
        names = names_of((job.spec for job in jobs), ledger)
        if any(ledger.count_uncertain(name) for name in names):
            outcome = session.reconcile(
                names, resend_if_absent=names_resent_if_absent([job.spec for job in jobs]), jobs=jobs
            )
            self._listener.reconciled(outcome, context.environment.name)
            moves_when_planned = ledger.moves
            plans = self._plan_again(jobs, ledger)
            if session.interrupted is not None:
                session.end_interrupted(session.interrupted)
                ending = Interrupted(session.interrupted)
                return StoppedBefore(unsent_report(context.environment.name, plans, ending))
        if exceeded := plan_limits(context, jobs, plans, Severity.ERROR):
            return LimitsExceeded(exceeded, unsent_report(context.environment.name, plans))
        approval = self._approval(list(zip(jobs, plans, strict=True)), ledger)
        self._agree(jobs, plans)
        if any(plan.send for plan in plans):
            self._refuse_expired()  # a person may have taken long to answer
        return self._send(session, ledger, list(zip(jobs, plans, strict=True)), moves_when_planned, approval)

    def _send(
        self, session: SendSession, ledger: Ledger, planned: PlannedJobs, moves_when_planned: int, approval: RunNote
    ) -> SendOutcome:
        if any(plan.send for _, plan in planned):
            self._agreed = session, planned
        sending = [job for job, plan in planned if plan.send]
        agreed = AgreedMessages(self._context, ledger, sending, self._choice, moves_when_planned, self._records)
        try:
            return RunEnded(session.send(planned, agreed, approval))
        except Exception as error:
            if not session.has_begun:
                raise
            return _broke(session, planned, error)

    def _plan(self, jobs: Sequence[Job], ledger: Ledger, problems: Problems) -> list[Plan]:
        request = self._request
        retry = retry_term(request.retry, ledger) if request.plan is None else request.plan.retry
        self._records = {job.spec.name: RecordSpool(self._context.root) for job in jobs}
        with (
            ledger.one_moment(),
            self._listener.preparing() as watch,
        ):  # else what another run claims seems to be left behind
            return plan_jobs(
                jobs,
                self._context,
                ledger,
                problems,
                self._choice,
                processes=request.processes,
                retry=retry,
                records=self._records,
                watch=watch,
            )

    def _plan_again(self, jobs: Sequence[Job], ledger: Ledger) -> list[Plan]:
        """The plans after doubts were looked up. With a plan file, what is sent still has to be named in it."""
        problems = Problems()
        plans = self._plan(jobs, ledger, problems)
        if problems.has_errors:
            raise stale_plan(
                [PlanDifference(Cause.MESSAGES, "the specs are refused now that messages in doubt were looked up")]
            )
        return self._only_approved(plans, jobs, ledger)

    def _only_approved(self, plans: list[Plan], jobs: Sequence[Job], ledger: Ledger) -> list[Plan]:
        """The plans without the messages that the plan file declares and doesn't name to be sent.

        Raises `PlanStale` if anything else that would be sent is not what the file names. If nothing would be sent, nothing is looked at.
        """
        approved, context = self._request.plan, self._context
        if approved is None or not any(plan.send for plan in plans):
            return plans
        planned = list(zip(jobs, plans, strict=True))
        comparison = compare(approved, plans)
        found = list(
            differences(
                approved,
                comparison,
                planned,
                context.system.clock.wall(),
                lambda job: decide_all(job, context, ledger, Problems(), self._choice),
            )
        )
        if found:
            raise stale_plan(found)
        if is_misstated(approved, plans):
            raise PlanEdited(approved.path)
        if not comparison.not_in_plan:
            return plans
        held = dict.fromkeys(comparison.not_in_plan, Skip.NOT_IN_PLAN)
        self._choice = replace(self._choice, held={**self._choice.held, **held})
        return self._plan(jobs, ledger, Problems())

    def _refuse_expired(self) -> None:
        plan = self._request.plan
        if plan is not None and plan.has_expired(self._context.system.clock.wall()):
            raise stale_plan([PlanDifference(Cause.EXPIRED, f"it expired on {plan.expires}")])

    def _approval(self, planned: PlannedJobs, ledger: Ledger) -> RunNote:
        request = self._request
        digest = digests_of([plan for _, plan in planned])[0] if request.plan is None else request.plan.digest
        return RunNote(
            plan_digest=digest_bytes(digest), claimed=request.approved_by, verified=self._approvers(planned, ledger)
        )

    def _approvers(self, planned: PlannedJobs, ledger: Ledger) -> tuple[str, ...]:
        """Who has provably approved what is sent. Raises `ApprovalMissing` where the environment needs more people.

        What these sends have reached already counts too: a send that is divided needs the approval of all of it.
        """
        context, plan = self._context, self._request.plan
        approvals, system = context.environment.approvals, context.system
        sending = [(job, each) for job, each in planned if each.send]
        if approvals is None or not sending:
            return ()
        claimed = sum(_claimed(ledger, each) for _, each in sending)
        messages = claimed + sum(each.send for _, each in sending)
        from sendspec.operations.approval_check import check_approvals  # few environments need approvals
        from sendspec.operations.approve import plan_to_send

        return check_approvals(
            approvals,
            messages if plan is None else max(messages, plan.send),
            None if plan is None else plan_to_send(plan),
            environment=context.environment.name,
            root=context.root,
            environ=system.environ,
            now=system.now,
            key_files=context.key_files,
            has_new_shape=isinstance(approvals.when, NewShape) and _have_new_shape(sending, ledger),
            # what was claimed before had its price, which nobody noted
            costs_more=lambda amount: claimed > 0 or may_cost_more([each for _, each in sending], amount),
        )


def _have_new_shape(planned: PlannedJobs, ledger: Ledger) -> bool:
    return not all(ShapeMarks(job).are_known(plan, ledger) for job, plan in planned)


def _claimed(ledger: Ledger, plan: Plan) -> int:
    """How many messages of the send were claimed before."""
    states = ledger.states(plan.target.name, plan.target.generation)
    return sum(count for state, count in states.items() if state not in (State.PLANNED, State.SKIPPED))


def _broke(session: SendSession, planned: PlannedJobs, error: Exception) -> RunBroke:
    try:
        return RunBroke(error, session.report_of(planned, error))
    except SendspecError as trouble:
        return RunBroke(error, None, trouble)
