"""`sendspec validate`: everything that is wrong with specs, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sendspec.cli.check_report import CI_FORMS, print_report
from sendspec.cli.console import (
    Console,
    environment_option,
    jobs_option,
    options_with_forms,
    recipients_option,
    specs_argument,
    untrusted_option,
)
from sendspec.cli.project import open_jobs, tell_blank_rows
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.offline_plan import check_jobs
from sendspec.operations.send_job import Job
from sendspec.showing.checked_spec import checked_words

if TYPE_CHECKING:
    from sendspec.operations.row_errors import RowErrors
    from sendspec.showing.reports.check_report import CheckCase


@click.command("validate")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@click.option(
    "--rejects",
    "rejects",
    metavar="FILE",
    help="Write the rows that have errors to FILE (.csv), each with its problem and fix.",
)
@click.option(
    "--html", "html", metavar="FILE", help="Write a page of the rows that have errors to FILE, each error in its cell."
)
@untrusted_option
@options_with_forms("text", "json", *CI_FORMS)
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    rejects: str | None,
    html: str | None,
    untrusted: bool,
) -> int:
    """Check specs, templates, every row and every message; report all problems at once.

    Reads files only: no ledger, no key, no network.

    \b
    Examples:
      sendspec validate specs/*.yaml
      sendspec validate specs/welcome.yaml --recipients today.csv --format json
      sendspec validate specs/*.yaml --format github
      sendspec validate specs/welcome.yaml --rejects wrong.csv --html wrong.html
      sendspec validate specs/*.yaml --untrusted --format github
    """
    if untrusted:
        from sendspec.cli.untrusted import refuse_together, validate_untrusted  # rarely asked for

        refuse_together({"--recipients": recipients, "--rejects": rejects, "--html": html})
        return validate_untrusted(console, specs, env)
    row_errors = None if rejects is None and html is None else _row_errors(specs, rejects, html)
    problems = row_errors or Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    plans = check_jobs(jobs, context, problems, processes)
    tell_blank_rows(console, jobs)
    found = list(problems)
    todo, more = _todo(found)
    if rejects is not None and row_errors is not None:
        more |= _write_rejects(console, rejects, jobs, row_errors)
    if html is not None and row_errors is not None:
        more |= _write_page(console, html, specs, jobs, row_errors, [checked_words(plan) for plan in plans])
    console.diagnostics(found, ending="nothing was sent", as_result=True, todo=todo, more=more)
    print_report(console, "validate", found, lambda: _cases(specs, jobs, found))
    if problems.has_errors:
        return ExitCode.REJECTED
    for job, plan in zip(jobs, plans, strict=True):
        console.result(f"{printable(job.spec.path)}: ok, {checked_words(plan)}")
    return ExitCode.DONE


def _cases(specs: Sequence[str], jobs: Sequence[Job], found: Sequence[Diagnostic]) -> Iterator[CheckCase]:
    from sendspec.showing.reports.check_cases import spec_cases  # for one form alone

    yield from spec_cases(specs, {job.spec.path: job.table.path for job in jobs}, found)


def _todo(found: Sequence[Diagnostic]) -> tuple[str, dict[str, Any]]:
    """What there is to do, as text and for the document."""
    if not found:
        return "", {}
    from sendspec.showing.todo import todo_json, todo_text  # needed only after a mistake

    todo = todo_json(found)
    return todo_text(found), {"todo": todo} if todo else {}


def _row_errors(specs: Sequence[str], rejects: str | None, html: str | None) -> RowErrors:
    from sendspec.operations.row_errors import RowErrors  # these are rarely asked for
    from sendspec.operations.wrong_rows import MAX_ROWS

    if rejects is not None:
        if len(specs) > 1:
            raise click.UsageError("--rejects takes the rows of one spec: name one, and a file for each")
        from sendspec.operations.rejects_file import check_rejects_place  # rarely asked for

        check_rejects_place(Path(rejects))
    if html is not None:
        from sendspec.operations.page_file import check_page_place  # rarely asked for

        if rejects is not None and Path(rejects).resolve() == Path(html).resolve():
            raise click.UsageError("--rejects and --html name one file: name two")
        check_page_place(Path(html))
    return RowErrors(None if rejects is not None else MAX_ROWS)


def _write_page(
    console: Console, html: str, specs: Sequence[str], jobs: Sequence[Job], errors: RowErrors, checked: Sequence[str]
) -> dict[str, Any]:
    """Writes the page of the wrong rows and says so; returns what the document says of it."""
    from sendspec.operations.page_file import write_page  # these are rarely asked for
    from sendspec.operations.wrong_rows import wrong_tables
    from sendspec.showing.pages.wrong_rows import wrong_rows_page

    found = list(errors)
    tables = wrong_tables(jobs, errors, found)
    page = wrong_rows_page(specs, found, tables, checked="; ".join(checked), is_ci=console.system.is_ci)
    write_page(Path(html), page)
    count = sum(table.wrong_count for table in tables)
    console.say(f"{counted(count, 'wrong row')} on the page {html}" if count else f"the page is {html}")
    return {"html": {"path": html, "rows": count}}


def _write_rejects(console: Console, rejects: str, jobs: Sequence[Job], errors: RowErrors) -> dict[str, Any]:
    """Writes the rejects and says so; returns what the document says of them."""
    from sendspec.operations.rejects_file import write_rejects  # rarely asked for

    count = write_rejects(Path(rejects), jobs, errors)
    if count is None:
        console.warn(f"{rejects} was not written: correct the spec and the table's header first")
        return {}
    console.say(f"{counted(count, 'row')} written to {rejects}" + ("; `--recipients` checks it again" if count else ""))
    return {"rejects": {"path": rejects, "rows": count}}
