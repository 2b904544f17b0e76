"""`sendspec preview`: what people will see, one message of each shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    jobs_option,
    recipients_option,
    rejected,
    rejects,
    specs_argument,
)
from sendspec.cli.project import open_jobs, tell_blank_rows
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.operations.preview import Preview, check_for_preview, preview_of
from sendspec.operations.preview_asked import asked_preview, every_message, message_cost
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.render import note_table_changes
from sendspec.operations.send_job import Job
from sendspec.reading.files.confined_path import without_detour
from sendspec.showing.preview import preview_text, row_text
from sendspec.showing.terminal_style import TerminalStyle

WITHOUT_VALUES = (
    "note: CI is set, so no recipient's values are shown: texts are examples of the spec, or have the columns' names"
)


@click.command("preview")
@specs_argument
@environment_option
@recipients_option
@jobs_option
@click.option(
    "--row", type=click.IntRange(min=1), metavar="N", help="Show the message of the row on line N of the table."
)
@click.option("--key", metavar="KEY", help="Show the message of the recipient with this key.")
@click.option("--all", "everything", is_flag=True, help="Show every message, in the order of the rows.")
@click.option("--html", metavar="FILE", help="Write it as a page to FILE, which only you can open.")
@click.option("--watch", is_flag=True, help="Show it on a page that follows the files, until you stop it.")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="Port of --watch; default: a free one.")
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    processes: int,
    row: int | None,
    key: str | None,
    everything: bool,
    html: str | None,
    watch: bool,
    port: int | None,
) -> int:
    """Show what people will see: one message of each shape, who gets none, and what it costs.

    Messages have the same shape if they took the same branches of their templates, with the same encoding and number of segments. Reads
    files only: no ledger, no key, no network. So it shows what would go out if nothing had been sent before.

    \b
    Examples:
      sendspec preview specs/welcome.yaml
      sendspec preview specs/welcome.yaml --row 17
      sendspec preview specs/welcome.yaml --key +31612345678
      sendspec preview specs/welcome.yaml --all --format json
      sendspec preview specs/welcome.yaml --html preview.html
      sendspec preview specs/welcome.yaml --watch
    """
    _refuse_together(console, specs, row, key, everything)
    _refuse_page(console, everything=everything, html=html, follows=watch, port=port)
    if watch:
        from sendspec.cli import preview_watch  # loads an HTTP server

        return preview_watch.watch(console, specs, env, recipients, asked=(row, key), port=port or 0)
    problems = Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    plans = check_for_preview(jobs, context, problems, processes)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    tell_blank_rows(console, jobs)
    console.diagnostics(list(problems), ending="nothing was sent", as_result=False)
    if console.system.is_ci:
        console.say(WITHOUT_VALUES)
    preview = preview_of(jobs, plans, context)
    if row is not None or key is not None:
        found, missed = asked_preview(jobs, preview, row, key, context)
        if found is None:
            return rejected(console, missed)
        for diagnostic in missed:
            console.say(f"note: {without_detour(diagnostic.path)}: {diagnostic.problem}")
        preview = found
    changed = Problems()
    if everything:
        _print_all(console, jobs, preview, context, changed)
    else:
        note_table_changes(jobs, changed)
        if rejects(console, changed):
            return ExitCode.REJECTED
        if html is not None:
            _write_page(console, html, preview, problems)
        if html is None or console.is_json:
            _print(console, preview)
    return _ending(console, changed)


def _refuse_together(
    console: Console, specs: Sequence[str], row: int | None, key: str | None, everything: bool
) -> None:
    given = [
        name
        for name, is_given in (("--row", row is not None), ("--key", key is not None), ("--all", everything))
        if is_given
    ]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} can't be given together: each says which messages to show")
    if row is not None and len(specs) > 1:
        raise click.UsageError("--row takes a row of one spec's table: name one spec")
    if everything and console.system.is_ci:
        raise click.UsageError(
            "CI is set, and --all would show every recipient's text: leave it out to see each shape, "
            "or run it where CI isn't set"
        )


def _refuse_page(console: Console, *, everything: bool, html: str | None, follows: bool, port: int | None) -> None:
    if port is not None and not follows:
        raise click.UsageError("--port is for --watch")
    page = "--watch" if follows else None if html is None else "--html"
    if page is None:
        return
    if follows and html is not None:
        raise click.UsageError("--watch and --html can't be given together: a page of --watch is no file")
    if everything:
        raise click.UsageError(f"--all and {page} can't be given together: a page shows a message of each shape")
    if follows and console.is_json:
        raise click.UsageError("--watch shows a page, and no document: leave out --format json")
    if html is not None:
        from sendspec.operations.page_file import check_page_place  # rarely asked for

        check_page_place(Path(html))


def _write_page(console: Console, html: str, preview: Preview, warnings: Problems) -> None:
    from sendspec.operations.page_file import write_page  # these are rarely asked for
    from sendspec.showing.pages.preview import preview_page

    write_page(Path(html), preview_page(preview, list(warnings), is_public=console.system.is_ci))
    shown = sum(len(spec.shown) for spec in preview.specs)
    console.say(f"{counted(shown, 'message')} on the page {html}")


def _print(console: Console, preview: Preview) -> None:
    if console.is_json:
        from sendspec.showing.preview_document import preview_document  # loads orjson, which text does without

        console.document(preview_document(preview))
    else:
        console.result(preview_text(preview, console.out))


def _print_all(
    console: Console, jobs: Sequence[Job], preview: Preview, context: ProjectContext, changed: Problems
) -> None:
    """Every message, as it is composed. What changed meanwhile goes to `changed`."""

    def messages() -> Iterator[tuple[Job, Message]]:
        for job in jobs:
            for message in every_message(job, context, changed):
                yield job, message
        note_table_changes(jobs, changed)

    if not console.is_json:
        style = TerminalStyle(colour=False, columns=console.out.columns)
        console.lines(row_text(message, job.spec.name if len(jobs) > 1 else "", style) for job, message in messages())
        return
    from sendspec.showing.preview_document import document_with_messages, message_row

    prices = {spec.name: spec.cost.prices for spec in preview.specs if spec.cost is not None}
    rows: Iterator[dict[str, Any]] = (
        message_row(job.spec.name, message, message_cost(message, prices.get(job.spec.name)))
        for job, message in messages()
    )
    console.state.is_printed = True
    console.lines(document_with_messages(preview, rows, is_whole=lambda: not changed.has_errors))


def _ending(console: Console, changed: Problems) -> int:
    if not changed.has_errors:
        return ExitCode.DONE
    console.diagnostics(list(changed), ending="don't use what was printed", as_result=False)
    return ExitCode.REJECTED
