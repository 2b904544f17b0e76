"""`sendspec validate`: everything that is wrong with specs, at once."""

from __future__ import annotations

import click

from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    jobs_option,
    recipients_option,
    specs_argument,
)
from sendspec.cli.project import open_jobs, tell_blank_rows
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.offline_plan import check_jobs


@click.command("validate")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@common_options
def command(console: Console, specs: tuple[str, ...], env: str | None, recipients: str | None, processes: int) -> int:
    """Check specs, templates, every row and every payload; report all problems at once.

    Reads files only: no ledger, no key, no network.

    \b
    Examples:
      sendspec validate specs/*.yaml
      sendspec validate specs/welcome.yaml --recipients today.csv --format json
    """
    problems = Problems()
    _, jobs = open_jobs(console, specs, env, recipients, problems)
    plans = check_jobs(jobs, problems, processes)
    tell_blank_rows(console, jobs)
    console.diagnostics(list(problems), ending="nothing was sent", as_result=True)
    if problems.has_errors:
        return ExitCode.REJECTED
    for job, plan in zip(jobs, plans, strict=True):
        console.result(
            f"{printable(job.spec.path)}: ok, {counted(plan.send, 'message')} for {counted(plan.recipients, 'recipient')}"
        )
    return ExitCode.DONE
