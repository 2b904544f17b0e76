"""`sendspec send`: does what the plan says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from sendspec.cli.common_flag import OnceOption
from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    jobs_option,
    optional_specs_argument,
    recipients_option,
    rejected,
)
from sendspec.cli.console_listener import ConsoleListener
from sendspec.cli.interrupt import prepare_to_send, refuse_when_interrupted, stop_on_signals
from sendspec.cli.named_specs import environment_words
from sendspec.cli.plan import run_plan
from sendspec.cli.plan_warning import warn_of_drift, warn_of_resending
from sendspec.cli.project import open_context
from sendspec.cli.question import messages_to, refusal_to_send
from sendspec.cli.retry_choice import RetryChoice
from sendspec.cli.send_ending import show_outcome
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import KeyUnusable, NotConfirmed, PlanStale, SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.position import FILE_START, Span
from sendspec.operations.plan_check import refuse_contradictions
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.planned_specs import planned_specs
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_owner import claimed_by_ci
from sendspec.operations.run_report import unsent_report
from sendspec.operations.send_job import Job
from sendspec.operations.send_outcome import (
    PlanEdited,
    RunEnded,
    SendRequest,
)
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.decision import Retry
from sendspec.planning.plan import Plan
from sendspec.showing.failure import error_json, error_text
from sendspec.showing.plan import plan_text
from sendspec.showing.run import run_document

if TYPE_CHECKING:
    from sendspec.cli.send_wait import SendWait

EXITS_WITH_REPORT = (ExitCode.API_REFUSED, ExitCode.LEDGER, ExitCode.GUARD, ExitCode.STALE, ExitCode.INTERRUPTED)


@click.command("send")
@optional_specs_argument
@environment_option
@recipients_option
@jobs_option
@click.option(
    "--plan",
    "plan_file",
    cls=OnceOption,
    metavar="FILE",
    help="Send what the plan in FILE names, and nothing else.",
)
@click.option("--digest", cls=OnceOption, metavar="DIGEST", help="With --plan: send only if the plan has this digest.")
@click.option(
    "--approved-by",
    metavar="NAME",
    envvar="SENDSPEC_APPROVED_BY",
    help="Who approved the send. The ledger records the name; nobody verifies it.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan and send nothing, as `plan` does.")
@click.option(
    "--retry",
    type=RetryChoice(),
    help="Send only messages that were refused before, or that were planned and not sent.",
)
@click.option(
    "--no-witness",
    is_flag=True,
    help="Don't compare the ledger with the API's recent messages first, nor stop if replies can't be read.",
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option(
    "--wait",
    is_flag=False,
    flag_value="",
    metavar="[DURATION]",
    help="Then wait for deliveries, as `wait` does; default: as long as the spec says, or 15m.",
)
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    plan_file: str | None,
    digest: str | None,
    approved_by: str | None,
    dry_run: bool,
    retry: str | None,
    no_witness: bool,
    yes: bool,
    wait: str | None,
) -> int:
    """Send the messages of specs or of a plan, each at most once.

    Shows the plan and asks first, unless --yes. Run it again after an interruption: it continues where it stopped, and
    sends no accepted message again. Messages in doubt are looked up at the API, and never resent automatically.

    \b
    Examples:
      sendspec send specs/welcome.yaml
      sendspec send specs/welcome.yaml --env production --yes
      sendspec send --plan plan.json --yes
      sendspec send --plan plan.json --digest v1:6bd0… --approved-by ann
      sendspec send specs/welcome.yaml --retry refused
      sendspec send specs/welcome.yaml --env production --yes --wait 15m
    """
    prepare_to_send()
    wait_seconds: int | None = None
    if wait is not None:
        from sendspec.cli.send_wait import split_wait  # few sends wait

        wait_seconds, specs = split_wait(wait, specs)
    if bool(specs) == bool(plan_file):
        both = "the plan names its specs: name specs, or a plan with --plan FILE, not both"
        raise click.UsageError(both if specs else "name the specs to send, or a plan with --plan FILE")
    if plan_file and retry:
        raise click.UsageError("what to retry is in the plan: sendspec plan --retry … --out FILE")
    if digest and not plan_file:
        raise click.UsageError("--digest is the digest of a plan: name it with --plan FILE")
    if dry_run and wait is not None:
        raise click.UsageError("--dry-run sends nothing, so there is nothing to --wait for")
    chosen = None if retry is None else Retry(retry)
    if dry_run:
        if plan_file:
            shown = quote(plan_file)
            raise click.UsageError(
                f"--dry-run makes a plan, and there is one: see it with `sendspec show {shown} --against-now`"
            )
        return run_plan(console, specs, env, recipients, processes=processes, retry=chosen)

    plan: PlanFile | None = None
    if plan_file:
        try:
            plan = read_plan_file(Path(plan_file))
            refuse_contradictions(plan, env, digest)
            specs = tuple(planned_specs(plan, Path(plan_file)))
        except PlanUnreadable as error:
            return rejected(
                console,
                [_about(plan_file, error.code, str(error), error.fix)],
            )
        except PlanStale as error:
            return _refuse_stale(console, error, "" if plan is None else plan.environment)
        env = plan.environment
    problems = Problems()
    try:
        context = _open(console, specs, env, problems, plan)
    except PlanStale as error:
        return _refuse_stale(console, error, env or "")
    if context is None:
        return rejected(console, list(problems))
    try:
        recipients = recipients if plan is None or recipients is not None else plan.recipients_in(context)
    except PlanUnreadable as error:
        return rejected(console, [_about(str(plan_file), error.code, str(error), error.fix)])
    request = SendRequest(
        specs=specs,
        recipients=recipients,
        plan=plan,
        retry=chosen,
        approved_by=approved_by or claimed_by_ci(context.system),
        asks_witness=not no_witness,
        processes=processes,
    )
    waiting: SendWait | None = None
    if wait is not None:
        from sendspec.cli.send_wait import planned_wait  # few sends wait

        waiting = planned_wait(context, specs, wait_seconds, environment_words(context, env))
    return _send(console, context, request, yes=yes, waiting=waiting)


def _open(
    console: Console, specs: Sequence[str], env: str | None, problems: Problems, plan: PlanFile | None
) -> ProjectContext | None:
    """The project. Raises `PlanStale` for a plan of an environment that the project doesn't have."""
    try:
        return open_context(console, specs, env, problems)
    except WrongUsage as error:
        if plan is None:
            raise
        why = f"it was made for the environment '{plan.environment}', which this project doesn't have"
        raise stale_plan([PlanDifference(Cause.ENVIRONMENT, why)]) from error


def _send(
    console: Console, context: ProjectContext, request: SendRequest, *, yes: bool, waiting: SendWait | None
) -> int:
    """Sends, asks and reports; then it waits for deliveries, if it is to."""
    from sendspec.operations.send import send  # loads the network stack: a dry run does without

    environment = context.environment.name

    def agree(jobs: Sequence[Job], plans: Sequence[Plan]) -> None:
        warn_of_drift(console, plans)
        warn_of_resending(console, plans)
        refuse_when_interrupted()
        to_send = sum(plan.send for plan in plans)
        if waiting is not None:
            from sendspec.cli.send_wait import refuse_late

            refuse_late(context, waiting, jobs, plans)
        if to_send and not yes:
            _ask(console, jobs, plans, to_send, context)
        refuse_when_interrupted()

    try:
        outcome = send(context, request, ConsoleListener(console), agree=agree, interruptible=stop_on_signals)
        if waiting is not None and isinstance(outcome, RunEnded):
            from sendspec.cli.send_wait import show_and_wait

            return show_and_wait(console, context, outcome.report, waiting)
        return show_outcome(console, outcome)
    except KeyUnusable as error:
        place = context.environment.key_span
        return rejected(console, [_about(context.project_path, error.code, error.problem, error.fix, place)])
    except PlanStale as error:
        return _refuse_stale(console, error, environment)
    except PlanUnreadable as error:  # it has a name that can't be signed
        assert request.plan is not None
        return rejected(console, [_about(request.plan.path, error.code, str(error), error.fix)])
    except PlanEdited as error:
        return rejected(console, [_about(error.path, error.code, error.problem, error.fix)])
    except SendspecError as error:
        if error.exit_code in EXITS_WITH_REPORT:
            _print_unsent(console, environment, error_json(error))
        raise


def _refuse_stale(console: Console, stale: PlanStale, environment: str) -> int:
    console.tell(f"{error_text(stale)}\n\nnothing was sent")
    document = run_document(unsent_report(environment), error_json(stale))
    console.document({**document, "causes": [dict(cause) for cause in stale.causes]})
    return stale.exit_code


def _print_unsent(console: Console, environment: str, error: dict[str, str]) -> None:
    """Prints the document of a run that did not begin. Does nothing if the run's own was printed: a command prints one."""
    console.document(run_document(unsent_report(environment), error))


def _about(path: str, code: str, problem: str, fix: str, span: Span = FILE_START) -> Diagnostic:
    return Diagnostic(code=code, path=path, span=span, problem=problem, fix=fix)


def _ask(console: Console, jobs: Sequence[Job], plans: Sequence[Plan], to_send: int, context: ProjectContext) -> None:
    """Raises unless the user agrees: `click.UsageError` if nobody can be asked, `NotConfirmed` for a no."""
    environment = context.environment.name
    if not console.asks:
        raise click.UsageError(
            f"{messages_to(to_send, environment)} would be sent, and nobody can be asked: pass --yes to agree"
        )
    from sendspec.operations.plan_detail import plan_details  # most sends ask nobody

    sys.stderr.write(plan_text(plans, console.err, plan_details(jobs, plans, context)) + "\n\n")
    if refusal := refusal_to_send(to_send, environment):
        raise NotConfirmed(f"{refusal}: nothing was sent", "answer yes, or pass --yes, once the plan is what you want")
