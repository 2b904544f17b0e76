"""`sendspec report`: how a send went."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from sendspec.cli.common_flag import OnceOption
from sendspec.cli.console import Console, environment_option, options_with_forms, recipients_option
from sendspec.cli.job import in_job, steps_in_job
from sendspec.cli.named_specs import environment_words, paths_and_names
from sendspec.cli.project import open_context
from sendspec.cli.review import rejects_with_page
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.output_file import write_pieces
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.report import ReportQuestion, RowsTo, send_report
from sendspec.operations.report_subject import ReportSubject, find_subject
from sendspec.operations.send_report import ReportedMessage, SendReport
from sendspec.showing.next_step import next_text
from sendspec.showing.report import recipient_json, report_document
from sendspec.showing.report_calls import next_steps
from sendspec.showing.report_text import report_text

LINES_AT_ONCE = 500


@click.command("report")
@click.argument("spec", metavar="SPEC")
@environment_option
@recipients_option
@click.option("--generation", metavar="N", cls=OnceOption, type=click.IntRange(1), help="Report this generation; default: the newest.")  # fmt: skip
@click.option("--run", metavar="R", cls=OnceOption, type=click.IntRange(1), help="Report only what this run did.")
@click.option("--rows", metavar="FILE", cls=OnceOption, help="Write every recipient with its attempts to FILE, as JSON lines. Only you can read it.")  # fmt: skip
@click.option("--html", metavar="FILE", cls=OnceOption, help="Write a page of the report to FILE, beside what is printed. Only you can read it.")  # fmt: skip
@options_with_forms("text", "json", "markdown")
def command(
    console: Console,
    spec: str,
    env: str | None,
    recipients: str | None,
    generation: int | None,
    run: int | None,
    rows: str | None,
    html: str | None,
) -> int:
    """Show how a send went, all its runs together: who must be called, what it cost, and how close it came to the limits.

    SPEC is a file, or a spec's name. Reads the ledger, at any time: while the send runs, after it was killed, and when its spec is gone or
    broken. Countries and rows come from today's table, if there is one. A page of Markdown names no recipient.

    \b
    Examples:
      sendspec report specs/welcome.yaml --env production
      sendspec report welcome --generation 1
      sendspec report welcome --run 3 --format json
      sendspec report welcome --html report.html
      sendspec report welcome --rows rows.jsonl
      sendspec report welcome --format markdown >> "$GITHUB_STEP_SUMMARY"
    """
    paths, names = paths_and_names([spec])
    problems = Problems()
    context = open_context(console, paths, env, problems)
    if rejects_with_page(console, problems) or context is None:
        return ExitCode.REJECTED
    _check_places(rows, html)
    with ledger_to_read(context, console.warn) as ledger:
        if ledger is None:
            console.say(f"note: the environment '{context.environment.name}' has no ledger yet")
        subject = find_subject(context, ledger, spec, is_name=bool(names))
        asked = ReportQuestion(
            name=subject.name,
            spec=subject.spec,
            generation=generation,
            run=run,
            recipients=recipients,
            spec_note=subject.note,
            is_known=subject.is_known,
            near=subject.near,
        )
        report = send_report(context, ledger, asked, None if rows is None else _writer(console, rows))
        options = environment_words(context, env)
        commands = _commands(context, ledger, report, subject, options)
    _show(console, report, commands)
    if html is not None:
        _write_page(console, html, report, commands, _base_command(report, options, only_newest=generation is None))
    _tell_next(console, commands)
    return ExitCode.DONE


def _check_places(rows: str | None, html: str | None) -> None:
    """Raises `FileUnwritable` before any work is done for a file that is bound to fail, or that isn't ours to replace."""
    if rows is None and html is None:
        return
    from sendspec.operations.page_file import check_page_place, check_rows_place  # rarely asked for

    if rows is not None:
        check_rows_place(Path(rows))
    if html is not None:
        if rows is not None and Path(rows).resolve() == Path(html).resolve():
            raise click.UsageError("--rows and --html name one file: name two")
        check_page_place(Path(html))


def _base_command(report: SendReport, options: str, *, only_newest: bool) -> str:
    """The command that makes this report again, without a form and files."""
    generation = "" if only_newest or report.generation is None else f" --generation {report.generation}"
    run = "" if report.only_run is None else f" --run {report.only_run}"
    return f"sendspec report {report.name}{generation}{run}{options}"


def _write_page(console: Console, html: str, report: SendReport, commands: list[str], command: str) -> None:
    from sendspec.operations.page_file import write_page  # these are rarely asked for
    from sendspec.showing.pages.report import ReportPlace, report_page

    steps, typed = steps_in_job(commands) if in_job(console) else ([], commands)
    place = ReportPlace(command=command, steps=steps, commands=typed, made_at=console.system.clock.wall())
    write_page(Path(html), report_page(report, place))
    console.say(f"the page is {html}, which only you can read")


def _writer(console: Console, rows: str) -> RowsTo:
    def write(recipients: Iterator[ReportedMessage]) -> None:
        from sendspec.showing.json_text import json_line  # loads orjson, which text does without

        count = 0

        def blocks() -> Iterator[bytes]:
            nonlocal count
            while block := list(islice(recipients, LINES_AT_ONCE)):
                count += len(block)
                yield b"".join(json_line(recipient_json(each)) for each in block)

        write_pieces(Path(rows), blocks(), private=True)
        console.say(f"{counted(count, 'recipient')} written to {rows}, which only you can read")

    return write


def _commands(
    context: ProjectContext, ledger: Facts | None, report: SendReport, subject: ReportSubject, options: str
) -> list[str]:
    """A file whose generation isn't the newest that was sent sends another one, where nothing was refused or left over yet."""
    newest = 0 if ledger is None else max((send.generation for send in ledger.sends(report.name)), default=0)
    spec = subject.spec if subject.spec is not None and newest in (0, subject.spec.generation) else None
    return next_steps(
        report,
        subject.path if spec is not None and subject.path else report.name,
        options,
        has_spec=spec is not None and spec.name == report.name,
        approved=context.environment.approvals is not None,
        is_newest=report.generation == newest,
    )


def _show(console: Console, report: SendReport, commands: list[str]) -> None:
    console.result(report_text(report, console.out))
    console.document(report_document(report))
    if console.format == "markdown":
        from sendspec.showing.markdown.report import report_markdown  # for one form alone

        console.state.is_printed = True
        console.lines([report_markdown(report, commands)])


def _tell_next(console: Console, commands: list[str]) -> None:
    if console.format == "text" and not console.quiet and commands:
        steps, typed = steps_in_job(commands) if in_job(console) else ([], commands)
        console.tell(next_text([*steps, *typed]))
