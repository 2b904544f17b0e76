"""`sendspec validate`: everything that is wrong with specs, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from sendspec.cli.check_report import CI_FORMS, print_report
from sendspec.cli.console import (
    Console,
    environment_option,
    jobs_option,
    options_with_forms,
    recipients_option,
    specs_argument,
)
from sendspec.cli.project import open_jobs, tell_blank_rows
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.offline_plan import check_jobs
from sendspec.operations.send_job import Job
from sendspec.showing.todo import todo_json, todo_text

if TYPE_CHECKING:
    from sendspec.showing.reports.check_report import CheckCase


@click.command("validate")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@options_with_forms("text", "json", *CI_FORMS)
def command(console: Console, specs: tuple[str, ...], env: str | None, recipients: str | None, processes: int) -> int:
    """Check specs, templates, every row and every payload; report all problems at once.

    Reads files only: no ledger, no key, no network.

    \b
    Examples:
      sendspec validate specs/*.yaml
      sendspec validate specs/welcome.yaml --recipients today.csv --format json
      sendspec validate specs/*.yaml --format github
    """
    problems = Problems()
    _, jobs = open_jobs(console, specs, env, recipients, problems)
    plans = check_jobs(jobs, problems, processes)
    tell_blank_rows(console, jobs)
    found = list(problems)
    more = {"todo": todo_json(found)}
    console.diagnostics(found, ending="nothing was sent", as_result=True, todo=todo_text(found), more=more)
    print_report(console, "validate", found, lambda: _cases(specs, jobs, found))
    if problems.has_errors:
        return ExitCode.REJECTED
    for job, plan in zip(jobs, plans, strict=True):
        console.result(
            f"{printable(job.spec.path)}: ok, {counted(plan.send, 'message')} for {counted(plan.recipients, 'recipient')}"
        )
    return ExitCode.DONE


def _cases(specs: Sequence[str], jobs: Sequence[Job], found: Sequence[Diagnostic]) -> Iterator[CheckCase]:
    from sendspec.showing.reports.check_cases import spec_cases  # for one form alone

    yield from spec_cases(specs, {job.spec.path: job.table.path for job in jobs}, found)
