"""`sendspec plan`: what would be sent, skipped, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import click

from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    jobs_option,
    recipients_option,
    rejects,
    specs_argument,
)
from sendspec.cli.project import open_jobs
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.ledger_plan import exceeded_limits, names_resent_if_absent, plan_jobs
from sendspec.operations.plan_file import check_place, write_plan_file
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Retry, Skip
from sendspec.planning.plan import Plan
from sendspec.showing.plan import plan_document, plan_text


@click.command("plan")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@click.option("--out", metavar="FILE", help="Write the plan to FILE, for `send --plan`.")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 10 when there is something to send, with 7 when a limit would stop it.",
)
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    out: str | None,
    detailed_exitcode: bool,
) -> int:
    """Show what would be sent and skipped, and why, given what the ledger knows.

    Reads files and the ledger; opens no connection, reads no key, writes nothing but FILE.

    \b
    Examples:
      sendspec plan specs/welcome.yaml
      sendspec plan specs/*.yaml --env production --out plan.json
    """
    return run_plan(console, specs, env, recipients, processes=processes, out=out, detailed=detailed_exitcode)


def run_plan(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    *,
    processes: int,
    out: str | None,
    detailed: bool,
    retry: Retry | None = None,
) -> int:
    """What `plan` and `send --dry-run` do."""
    console.state.command = "plan"
    if out is not None:
        check_place(Path(out))
    problems = Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    with ledger_to_read(context) as ledger:
        plans = plan_jobs(jobs, context, ledger, problems, retry, processes=processes)
    if rejects(console, problems):
        return ExitCode.REJECTED
    exceeded = exceeded_limits(context, jobs, plans, Severity.WARNING)
    for diagnostic in exceeded:
        problems.add(diagnostic)
    document = plan_document(PlanReport(environment=context.environment.name, plans=plans))
    if out is not None:
        write_plan_file(Path(out), document, jobs, context)
    console.diagnostics(list(problems), ending="nothing was sent", as_result=False)
    console.say(context.provisional_note)
    console.result(plan_text(plans, console.out))
    warn_of_drift(console, plans)
    warn_of_resending(console, jobs)
    console.document(document)
    if out is not None:
        console.say(f"the plan is in {printable(out)}: sendspec send --plan {printable(quote(out))}")
    if not detailed or not any(plan.send for plan in plans):
        return ExitCode.DONE
    return ExitCode.GUARD if exceeded else ExitCode.CHANGES


def warn_of_drift(console: Console, plans: Sequence[Plan]) -> None:
    """Warns of texts that changed after they were sent, and of messages on hold: both are easy to overlook."""
    for plan in plans:
        name = plan.target.name
        drift, held = plan.skipped.get(Skip.DRIFT, 0), plan.skipped.get(Skip.ON_HOLD, 0)
        if drift:
            console.warn(
                f"{name}: drift: {counted(drift, 'message')} changed after being sent; nothing is sent again"
                " (raise `generation` to send the new text)"
            )
        if held:
            console.warn(
                f"{name}: on hold: {counted(held, 'message')} changed while the send was under way;"
                f" to send them, write `continue_with: '{plan.text_digest}'` for the present text, or bring the first text back"
            )


def warn_of_resending(console: Console, jobs: Sequence[Job]) -> None:
    """Warns of the risk that a spec takes if it has messages in doubt sent again."""
    for name in sorted(names_resent_if_absent([job.spec for job in jobs])):
        console.warn(
            f"{name}: resend_if_absent: a message in doubt that the API's list lacks is sent again;"
            " should the list be wrong, somebody gets it twice"
        )
