"""A send, step by step: nothing is sent before every row is checked and somebody has agreed to the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.exceptions import KeyUnusable, PlanStale, SendspecError
from sendspec.ledger.protocol import Ledger
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.ledger_creation import make_sandbox_ledger
from sendspec.operations.ledger_plan import exceeded_limits, names_resent_if_absent, plan_jobs
from sendspec.operations.listener import Listener
from sendspec.operations.plan_file import canonical
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.run_report import unsent_report
from sendspec.operations.send_job import Job, read_jobs
from sendspec.operations.send_outcome import (
    InputRejected,
    LimitsExceeded,
    RunBroke,
    RunEnded,
    SendOutcome,
    SendRequest,
    StoppedBefore,
    stale_plan,
)
from sendspec.operations.send_session import Interruptible, PlannedJobs, SendSession, leave_signals_alone
from sendspec.planning.plan import Plan, digest_of
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

    def run(self) -> SendOutcome:
        problems = Problems()
        request = self._request
        jobs = read_jobs(request.specs, self._context, request.recipients, problems, frozen=True)
        if problems.has_errors:
            return InputRejected(list(problems))
        if self._context.environment.is_sandbox:
            make_sandbox_ledger(self._context)
        outcome: SendOutcome | None = None
        try:
            with ledger_to_write(self._context, tell=self._listener.warn) as ledger:
                outcome = self._with_ledger(ledger, jobs, problems)
        except (KeyUnusable, PlanStale):  # nothing was sent, whatever was agreed to
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
        moves_when_planned = ledger.moves
        plans = self._plan(jobs, ledger, problems)
        if problems.has_errors:
            return InputRejected(list(problems))
        self._listener.diagnostics(list(problems))
        self._check_plan_file(plans)
        session = SendSession(
            context,
            ledger,
            self._listener,
            interruptible=self._interruptible,
            retry=request.retry,
            asks_witness=request.asks_witness,
        )
        names = names_of((job.spec for job in jobs), ledger)
        if any(ledger.count_uncertain(name) for name in names):
            outcome = session.reconcile(
                names, resend_if_absent=names_resent_if_absent([job.spec for job in jobs]), jobs=jobs
            )
            self._listener.reconciled(outcome, context.environment.name)
            moves_when_planned = ledger.moves
            plans = self._plan_again(plans, jobs, ledger)
            if session.interrupted is not None:
                session.end_interrupted(session.interrupted)
                ending = Interrupted(session.interrupted)
                return StoppedBefore(unsent_report(context.environment.name, plans, ending))
        if exceeded := exceeded_limits(context, jobs, plans, Severity.ERROR):
            return LimitsExceeded(exceeded, unsent_report(context.environment.name, plans))
        self._agree(jobs, plans)
        return self._send(session, list(zip(jobs, plans, strict=True)), moves_when_planned)

    def _send(self, session: SendSession, planned: PlannedJobs, moves_when_planned: int) -> SendOutcome:
        if any(plan.send for _, plan in planned):
            self._agreed = session, planned
        try:
            return RunEnded(session.send(planned, moves_when_planned))
        except Exception as error:
            if not session.has_begun:
                raise
            return _broke(session, planned, error)

    def _plan(self, jobs: Sequence[Job], ledger: Ledger, problems: Problems) -> list[Plan]:
        request = self._request
        return plan_jobs(jobs, self._context, ledger, problems, request.retry, processes=request.processes)

    def _plan_again(self, before: Sequence[Plan], jobs: Sequence[Job], ledger: Ledger) -> list[Plan]:
        """The plans after doubts were looked up. With a plan file, what is sent has to be what it names."""
        problems = Problems()
        plans = self._plan(jobs, ledger, problems)
        agreed = [plan.sent_digest for plan in before] == [plan.sent_digest for plan in plans]
        if problems.has_errors or (self._request.plan is not None and not agreed):
            raise stale_plan("what would be sent has changed while messages in doubt were looked up")
        return plans

    def _check_plan_file(self, plans: Sequence[Plan]) -> None:
        """Raises `PlanStale` if the plan file names anything but what would be done now."""
        approved, identity = self._request.plan, self._context.identity
        if approved is None:
            return
        if approved.ledger is not None and (identity is None or identity.ledger != approved.ledger):
            raise stale_plan("it was made against another ledger")
        if approved.digest != digest_of(plans):
            raise stale_plan("the specs, their recipients or the ledger have changed since")
        if approved.approved != canonical(PlanReport(environment=approved.environment, plans=plans).approved):
            raise stale_plan("its numbers or names are not those of what would be sent: the file was changed")


def _broke(session: SendSession, planned: PlannedJobs, error: Exception) -> RunBroke:
    try:
        return RunBroke(error, session.report_of(planned, error))
    except SendspecError as trouble:
        return RunBroke(error, None, trouble)
