"""`sendspec status`: what the ledger knows."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click

from sendspec.cli.console import (
    Console,
    environment_option,
    optional_specs_argument,
    options_with_forms,
    recipients_option,
)
from sendspec.cli.job import in_job, steps_in_job
from sendspec.cli.project import open_specs
from sendspec.cli.review import rejects_with_page
from sendspec.cli.status_page import refuse_lists, show_page
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.export import csv_lines
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_access import ledger_to_read, process_holding
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import NO_ROWS, RecipientRows, find_rows
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.send_job import Job
from sendspec.operations.status import (
    IN_DOUBT,
    NOT_SENT,
    REFUSED,
    NeverSent,
    SpecStatus,
    messages_of,
    never_sent,
    planned_jobs,
    spec_statuses,
)
from sendspec.planning.message_state import State
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import Spec
from sendspec.reading.spec_name import NAME
from sendspec.showing.message_list import list_header, listed_cells, messages_text
from sendspec.showing.next_step import next_text
from sendspec.showing.status import next_commands, status_document, status_text

ALL_COLUMNS = "all"
MAX_FOLDERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for. `columns` is None unless columns of the input were asked for; empty: all of them."""

    specs: Sequence[Spec]
    names: Sequence[str]
    states: Sequence[State]
    recipients: str | None
    columns: Sequence[str] | None
    options: str

    @property
    def path_by_name(self) -> dict[str, str | None]:
        return {**dict.fromkeys(self.names), **{spec.name: spec.path for spec in self.specs}}


@click.command("status")
@optional_specs_argument
@environment_option
@recipients_option
@click.option("--messages", is_flag=True, help="List every message.")
@click.option("--failed", is_flag=True, help="List the messages that the API refused.")
@click.option("--in-doubt", is_flag=True, help="List the messages in doubt: they may have been accepted.")
@click.option("--not-sent", is_flag=True, help="List the messages that are planned and not sent yet.")
@click.option("--columns", metavar="NAMES", help="Add these columns of the table, separated by commas, to a CSV or JSON list; `all` adds every column.")  # fmt: skip
@options_with_forms("text", "json", "csv", "markdown")
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    messages: bool,
    failed: bool,
    in_doubt: bool,
    not_sent: bool,
    columns: str | None,
) -> int:
    """Show what became of each spec's messages, in its newest generation. SPEC is a file, or a spec's name.

    Reads the ledger, also while a send is running. A list shows each recipient's row in today's table. With CI set, it
    leaves out the recipients' keys. A page of Markdown names no recipient; it also says which messages today's files change.

    \b
    Examples:
      sendspec status
      sendspec status specs/welcome.yaml --env production --failed
      sendspec status welcome --in-doubt
      sendspec status --failed --format csv --columns order_id,first_name > failed.csv
      sendspec status --env production --format markdown
    """
    _refuse_columns(console, columns)
    refuse_lists(console, lists=messages or failed or in_doubt or not_sent)
    paths, names = paths_and_names(specs)
    problems = Problems()
    context, read = open_specs(console, paths, env, problems)
    if rejects_with_page(console, problems) or context is None:
        return ExitCode.REJECTED
    chosen = [(failed, REFUSED), (in_doubt, IN_DOUBT), (not_sent, NOT_SENT)]
    states = tuple(state for flag, group in chosen if flag for state in group)
    asked = _Asked(
        specs=read,
        names=names,
        states=tuple(State) if messages or (console.format == "csv" and not states) else states,
        recipients=recipients,
        columns=None if columns is None else [] if columns == ALL_COLUMNS else columns.split(","),
        options=environment_words(context, env),
    )
    with ledger_to_read(context, console.warn) as ledger:
        if ledger is None:
            _show_no_ledger(console, context, asked)
        else:
            _show(console, context, ledger, asked)
    return ExitCode.DONE


def paths_and_names(specs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a command line that are paths of specs, and those that are names of specs, because no file is called so."""
    names = [word for word in specs if NAME.fullmatch(word) and not os.path.lexists(word)]
    return [word for word in specs if word not in names], names


def folder_with_ledger(context: ProjectContext) -> str:
    """The first folder here with a ledger of its own, as specs without a project file have; empty if there is none, or there is a project."""
    if context.project.path is not None:
        return ""
    with os.scandir(context.root) as entries:
        folders = sorted(each.name for each in islice(entries, MAX_FOLDERS) if each.is_dir(follow_symlinks=False))
    return next((printable(name) for name in folders if (context.root / name / ".sendspec/sandbox.db").is_file()), "")


def environment_words(context: ProjectContext, env: str | None) -> str:
    """How the next command names the environment, behind everything else."""
    return "" if env in (None, context.project.default_environment) else f" --env {env}"


def spec_paths(context: ProjectContext, ledger: Facts | None, statuses: Sequence[SpecStatus]) -> dict[str, str]:
    """The paths of specs as the ledger noted them, seen from the working directory, by name."""
    noted = {status.name: ledger.spec_path(status.name) for status in statuses if ledger is not None}
    return {name: os.path.relpath(context.root / path) for name, path in noted.items() if path is not None}


def _refuse_columns(console: Console, columns: str | None) -> None:
    if columns is not None and console.system.is_ci:
        raise click.UsageError(
            "--columns shows what recipients are called, and CI is set: many people can read its logs"
        )
    if columns is not None and console.format in ("text", "markdown"):
        raise click.UsageError("--columns adds to a list as CSV or JSON: add --format csv")


def _show_no_ledger(console: Console, context: ProjectContext, asked: _Asked) -> None:
    environment = context.environment.name
    unsent = never_sent(asked.path_by_name, (), ())
    note = f"note: the environment '{environment}' has no ledger yet"
    elsewhere = "" if asked.specs or asked.names else folder_with_ledger(context)
    if elsewhere:
        note += f"; without a {PROJECT_FILE_NAME}, each folder of specs has its own, and '{elsewhere}' has one: name a spec in it"
    console.say(note)
    if console.format == "csv":
        console.lines(csv_lines((), list_header(asked.columns or ())))
    console.result(status_text([], environment, console.out, unsent))
    console.document(status_document([], environment, [] if asked.states else None, never_sent=unsent))
    if console.format == "markdown":
        show_page(
            console,
            context,
            None,
            [],
            {},
            lambda *_: _next(context, None, asked, [], unsent)[1],
            note if elsewhere else "",
        )
    _tell_next(console, context, None, asked, [], unsent)


def _show(console: Console, context: ProjectContext, ledger: Facts, asked: _Asked) -> None:
    environment = context.environment.name
    all_names = {send.name for send in ledger.sends()}
    names = {*names_of(asked.specs, ledger), *asked.names}
    jobs = planned_jobs(asked.specs, context, ledger)
    statuses = spec_statuses(ledger, names, jobs, held_by=process_holding(context))
    unsent = never_sent(asked.path_by_name, {status.name for status in statuses}, all_names)
    rows = NO_ROWS
    if asked.states:
        listed = messages_of(ledger, statuses, asked.states)
        paths = [spec.path for spec in asked.specs]
        rows = find_rows(listed, context, ledger, paths, asked.recipients)
        for note in rows.notes:
            console.warn(note)
    columns = () if asked.columns is None else asked.columns or rows.columns
    _refuse_unknown(columns, rows)
    messages = messages_of(ledger, statuses, asked.states) if asked.states else None
    if console.format == "csv":
        console.lines(csv_lines(listed_cells(messages or (), rows, columns), list_header(columns)))
        return
    if console.is_json:
        console.document(
            status_document(statuses, environment, messages, rows=rows, columns=columns, never_sent=unsent)
        )
        return
    if console.format == "markdown":
        paths_by_name = _next(context, ledger, asked, statuses, unsent)[0]
        show_page(
            console,
            context,
            ledger,
            statuses,
            paths_by_name,
            lambda found, gone, held: _next(context, ledger, asked, found, unsent, gone, held)[1],
        )
        return
    console.result(status_text(statuses, environment, console.out, unsent))
    console.result(messages_text(messages or (), console.out, rows))
    _tell_next(console, context, ledger, asked, statuses, unsent)


def _refuse_unknown(columns: Sequence[str], rows: RecipientRows) -> None:
    unknown = [name for name in columns if rows.columns and name not in rows.columns]
    if unknown:
        raise click.UsageError(f"the table has no column '{unknown[0]}'; it has: {', '.join(rows.columns)}")


def _tell_next(
    console: Console,
    context: ProjectContext,
    ledger: Facts | None,
    asked: _Asked,
    statuses: Sequence[SpecStatus],
    unsent: Sequence[NeverSent],
) -> None:
    if console.format != "text" or console.quiet:
        return
    _, commands = _next(context, ledger, asked, statuses, unsent)
    if commands:
        steps, typed = steps_in_job(commands) if in_job(console) else ([], commands)
        console.tell(next_text([*steps, *typed]))


def _next(
    context: ProjectContext,
    ledger: Facts | None,
    asked: _Asked,
    statuses: Sequence[SpecStatus],
    unsent: Sequence[NeverSent],
    gone: Collection[str] | None = None,
    held: Collection[str] = (),
) -> tuple[dict[str, str], list[str]]:
    """The paths of the specs by name, and the commands that come next. `gone` and `held` as in `next_commands`; None: the files are looked for."""
    given = {name: path for name, path in asked.path_by_name.items() if path is not None}
    paths = {**spec_paths(context, ledger, statuses), **given}
    approved = context.environment.approvals is not None
    if gone is None:
        gone = [name for name, path in paths.items() if not Path(path).exists()]
    listed = bool(asked.states)
    return paths, next_commands(
        statuses, unsent, paths, asked.options, listed=listed, approved=approved, gone=gone, held=held
    )


def show_status(
    console: Console,
    context: ProjectContext,
    ledger: Facts,
    names: Collection[str],
    *,
    options: str,
    jobs: Sequence[Job] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """Prints what an open ledger knows of the specs in `names`, or of all; `more` joins the JSON document.

    The tables of `jobs` tell who is planned and no longer a recipient. `options` end the next commands.
    """
    environment = context.environment.name
    statuses = spec_statuses(ledger, names, jobs)
    console.document({**status_document(statuses, environment, None), **(more or {})})
    console.result(status_text(statuses, environment, console.out))
    if not console.quiet and not console.is_json:
        approved = context.environment.approvals is not None
        paths = spec_paths(context, ledger, statuses)
        console.tell(next_text(next_commands(statuses, (), paths, options, listed=True, approved=approved)))
