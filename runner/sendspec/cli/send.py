"""`sendspec send`: does what the plan says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    jobs_option,
    recipients_option,
    specs_argument,
)
from sendspec.cli.interrupt import refuse_when_interrupted
from sendspec.cli.plan import run_plan, warn_of_drift, warn_of_resending
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exceptions import KeyUnusable, NotConfirmed, PlanStale, SendspecError
from sendspec.diagnostics.position import FILE_START, Span
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_view import freeing, plan_jobs
from sendspec.operations.offline_plan import limit_diagnostics, total_diagnostics
from sendspec.operations.plan_file import PlanFile, PlanUnreadable, read_plan_file
from sendspec.operations.project_context import ProjectContext, make_sandbox_ledger, open_context
from sendspec.operations.send_job import Job, read_jobs
from sendspec.planning.decide import Retry, Skip
from sendspec.planning.plan import Plan, digest_of
from sendspec.planning.totals import sum_of, totals_of
from sendspec.showing.failure import error_json, error_text
from sendspec.showing.plan import plan_text
from sendspec.showing.run import RunReport, SpecReport, ending_text, run_document, run_text

if TYPE_CHECKING:
    from sendspec.ledger.sqlite.ledger import SqliteLedger
    from sendspec.operations.session import Session

NOT_SENT, IN_DOUBT, GUARD = 3, 4, 7
WITH_DOCUMENT = (5, 6, 7, 8)
TYPED_FROM = 100


@click.command("send")
@(lambda command: specs_argument(command, required=False))
@environment_option
@recipients_option
@jobs_option
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Send exactly the plan in FILE, or nothing.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and send nothing: the same as `plan`.")
@click.option(
    "--retry",
    type=click.Choice([retry.value for retry in Retry]),
    help="Send only what was refused, or planned and not sent, before.",
)
@click.option("--no-witness", is_flag=True, help="Don't hold the API's recent messages against the ledger first.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    plan_file: str | None,
    dry_run: bool,
    retry: str | None,
    no_witness: bool,
    yes: bool,
) -> int:
    """Send what the plan says, each message at most once.

    Shows the plan and asks first, unless --yes. Run again, it goes on where it stopped; what was accepted is never sent again.
    Messages in doubt are looked up at the API first, and never sent again by themselves.

    \b
    Examples:
      sendspec send specs/welcome.yaml
      sendspec send specs/welcome.yaml --env production --yes
      sendspec send --plan plan.json --yes
      sendspec send specs/welcome.yaml --retry refused
    """
    if bool(specs) == bool(plan_file):
        raise click.UsageError("name the specs to send, or a plan with --plan FILE")
    if plan_file and retry:
        raise click.UsageError("--plan sends exactly the plan, and --retry other messages than it names")
    chosen = None if retry is None else Retry(retry)
    if dry_run:
        if plan_file:
            raise click.UsageError("--dry-run makes a plan; --plan has one already")
        return run_plan(console, specs, env, recipients, processes=processes, out=None, detailed=False, retry=chosen)
    plan = None
    if plan_file:
        try:
            plan = read_plan_file(Path(plan_file))
        except PlanUnreadable as error:
            return _reject(
                console, [_about(plan_file, "plan-unreadable", str(error), "make it anew with `sendspec plan --out`")]
            )
        if env not in (None, plan.environment):
            stale = _stale(f"it is of the environment '{plan.environment}', and '{env}' was named")
            console.tell(f"{error_text(stale)}\n\nnothing was sent")
            console.document(run_document(_unsent(plan.environment, []), error_json(stale)))
            return stale.exit_code
        env = plan.environment
        specs = tuple(plan.found_from(Path(plan_file)))
    return _Send(
        console, specs, env, recipients, plan, processes, yes=yes, retry=chosen, asks_witness=not no_witness
    ).run()


def _about(path: str, code: str, problem: str, fix: str, span: Span = FILE_START) -> Diagnostic:
    return Diagnostic(code=code, path=path, span=span, problem=problem, fix=fix)


def _reject(console: Console, diagnostics: Sequence[Diagnostic]) -> int:
    console.diagnostics(list(diagnostics), ending="nothing was sent", as_result=True)
    return 1


class _Send:
    """One `send`, step by step; nothing is written before every row is checked and the user has agreed."""

    def __init__(
        self,
        console: Console,
        specs: Sequence[str],
        env: str | None,
        recipients: str | None,
        plan: PlanFile | None,
        processes: int,
        *,
        yes: bool,
        retry: Retry | None,
        asks_witness: bool,
    ) -> None:
        self._console = console
        self._specs = specs
        self._env = env
        self._recipients = recipients
        self._plan = plan
        self._processes = processes
        self._yes = yes
        self._retry = retry
        self._asks_witness = asks_witness
        self._is_told = False
        self._in_doubt = False
        self._begun: tuple[Session, Sequence[tuple[Job, Plan]]] | None = None

    def run(self) -> int:
        problems = Problems()
        context = open_context(self._specs, self._env, problems)
        if context is None:
            return _reject(self._console, list(problems))
        try:
            return self._with_input(context, problems)
        except KeyUnusable as error:
            place = context.environment.key_span
            return _reject(self._console, [_about(context.project_path, error.code, error.problem, error.fix, place)])
        except PlanStale as error:
            self._console.tell(f"{error_text(error)}\n\nnothing was sent")
            if not self._is_told:
                self._console.document(run_document(_unsent(context.environment.name, []), error_json(error)))
            return error.exit_code
        except SendspecError as error:
            if self._begun is not None and not self._is_told:  # the ledger could not be closed, say
                self._tell_account(*self._begun, error)
            elif error.exit_code in WITH_DOCUMENT and not self._is_told:
                self._console.document(run_document(_unsent(context.environment.name, []), error_json(error)))
            if error.exit_code == NOT_SENT and self._in_doubt:
                self._console.warn(f"sendspec: {error.problem} [{error.code}]\n    = fix: {error.fix}")
                return IN_DOUBT
            raise

    def _with_input(self, context: ProjectContext, problems: Problems) -> int:
        """Confirming, planning and sending all read the same private copy of the input."""
        jobs = read_jobs(self._specs, context, self._recipients, problems, frozen=True)
        if problems.has_errors:
            return _reject(self._console, list(problems))
        if context.environment.is_sandbox:
            context = make_sandbox_ledger(context)
            jobs = [job.keyed(context.salt) for job in jobs]
        return self._with_ledger(context, jobs, problems)

    def _with_ledger(self, context: ProjectContext, jobs: list[Job], problems: Problems) -> int:
        from sendspec.operations.ledger_session import ledger_to_write
        from sendspec.operations.session import Session

        with ledger_to_write(context, tell=self._console.warn) as (ledger, lock):
            planned_at = ledger.moves
            plans = plan_jobs(jobs, context, ledger, problems, self._retry, processes=self._processes)
            if problems.has_errors:
                return _reject(self._console, list(problems))
            self._console.diagnostics(list(problems), ending="", as_result=False)
            self._check_plan(context, plans)
            session = Session(self._console, context, ledger, lock, retry=self._retry, asks_witness=self._asks_witness)
            if any(ledger.uncertain(name) for name in session.names_of(jobs)):
                self._reconcile(session, context, jobs)
                planned_at = ledger.moves
                plans = self._planned_again(plans, jobs, context, ledger)
                if session.interrupted is not None:
                    return self._stopped(session, context, plans, session.interrupted)
            if broken := self._broken_limits(context, jobs, plans):
                first = {"code": broken[0].code, "problem": broken[0].problem, "fix": broken[0].fix}
                self._console.document(run_document(_unsent(context.environment.name, plans), first))
                return GUARD
            warn_of_drift(self._console, plans)
            warn_of_resending(self._console, jobs)
            to_send = sum(plan.send for plan in plans)
            refuse_when_interrupted()
            if to_send:
                self._ask(plans, to_send)
                refuse_when_interrupted()
            planned = list(zip(jobs, plans, strict=True))
            self._begun = (session, planned) if to_send else None
            try:
                report, code = session.send(planned, planned_at)
            except Exception as error:
                if session.has_begun:
                    self._tell_account(session, planned, error)
                raise
        self._console.result(run_text(report, self._console.out))
        self._console.tell(ending_text(report, self._console.err))
        self._console.document(run_document(report))
        return code

    def _reconcile(self, session: Session, context: ProjectContext, jobs: list[Job]) -> None:
        """What an earlier run left in doubt is looked up before anything else is sent."""
        from sendspec.showing.reconcile import reconciled_lines

        names = session.names_of(jobs)
        outcome = session.reconcile(names, freeing=freeing([job.spec for job in jobs]), jobs=jobs)
        for line in reconciled_lines(outcome, context.environment.name):
            self._console.warn(line)

    def _stopped(self, session: Session, context: ProjectContext, plans: list[Plan], number: int) -> int:
        """A signal came while doubts were looked up: nothing more is done."""
        from sendspec.cli.exit_code import described
        from sendspec.sending.run import Interrupted

        words, fix, code = described(Interrupted(number))
        session.end(words)
        report = _unsent(context.environment.name, plans, words, fix)
        self._console.result(run_text(report, self._console.out))
        self._console.tell(ending_text(report, self._console.err))
        self._console.document(run_document(report))
        return code

    def _check_plan(self, context: ProjectContext, plans: list[Plan]) -> None:
        """Raises `PlanStale` where a plan file names something else than what would be done now."""
        if self._plan is None:
            return
        identity = context.identity
        if self._plan.ledger is not None and (identity is None or identity.ledger != self._plan.ledger):
            raise _stale("it was made against another ledger")
        if self._plan.digest != digest_of(plans):
            raise _stale("the specs, their recipients or the ledger have changed since")

    def _planned_again(
        self, before: list[Plan], jobs: list[Job], context: ProjectContext, ledger: SqliteLedger
    ) -> list[Plan]:
        """The plans after doubts were looked up. Where a plan file was agreed to, what is sent has to be what it names."""
        problems = Problems()
        plans = plan_jobs(jobs, context, ledger, problems, self._retry, processes=self._processes)
        agreed = [plan.sent_digest for plan in before] == [plan.sent_digest for plan in plans]
        if problems.has_errors or (self._plan is not None and not agreed):
            raise _stale("what would be sent has changed while messages in doubt were looked up")
        return plans

    def _tell_account(self, session: Session, planned: Sequence[tuple[Job, Plan]], error: Exception) -> None:
        """What had become of everybody when an error ended the run, by the ledger; the error itself is told by the caller."""
        words = error_json(error)
        self._is_told = True
        try:
            report = session.report_of(planned, error)
        except SendspecError as trouble:
            self._console.warn(f"what became of the messages is not known: {trouble.problem}")
            self._console.document(run_document(None, words))
            return
        total = sum_of(spec.account for spec in report.specs)
        self._in_doubt = bool(total.in_doubt or total.skipped.get(Skip.IN_DOUBT_BEFORE))
        self._console.result(run_text(report, self._console.out))
        self._console.document(run_document(report, words))

    def _broken_limits(self, context: ProjectContext, jobs: list[Job], plans: list[Plan]) -> list[Diagnostic]:
        broken = [
            d for job, plan in zip(jobs, plans, strict=True) for d in limit_diagnostics(job, plan, Severity.ERROR)
        ]
        broken += [] if broken else total_diagnostics(context, plans)
        self._console.diagnostics(broken, ending="nothing was sent", as_result=False)
        return broken

    def _ask(self, plans: list[Plan], to_send: int) -> None:
        """Raises unless the user agrees: `click.UsageError` where nobody can be asked, `NotConfirmed` for a no."""
        if self._yes:
            return
        if not self._console.asks:
            raise click.UsageError(
                f"{counted(to_send, 'message')} would be sent, and nobody can be asked: pass --yes to agree"
            )
        sys.stderr.write(plan_text(plans, self._console.err) + "\n\n")
        if to_send <= TYPED_FROM:
            agrees = click.confirm(f"Send {counted(to_send, 'message')}?", err=True)
        else:
            typed = click.prompt(f"Type {to_send} to send {counted(to_send, 'message')}", err=True)
            agrees = typed.replace(" ", "") == str(to_send)
        if not agrees:
            raise NotConfirmed(
                "nobody agreed to it: nothing was sent", "answer yes, or pass --yes, once it is what you mean"
            )


def _stale(why: str) -> PlanStale:
    return PlanStale(f"the plan is stale: {why}", "look at a new one: sendspec plan")


def _unsent(environment: str, plans: Sequence[Plan], ending: str = "nothing was sent", fix: str = "") -> RunReport:
    """The report of a run that did not begin."""
    specs = [SpecReport(target=plan.target, account=totals_of(plan, {}, {}), digest=plan.digest) for plan in plans]
    return RunReport(
        run=None,
        environment=environment,
        specs=specs,
        requests=0,
        seconds=0.0,
        ending=ending,
        fix=fix,
        next_steps=(),
    )
