"""`sendspec status`: what the ledger knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sendspec.cli.console import (
    Console,
    environment_option,
    optional_specs_argument,
    options_with_forms,
    recipients_option,
)
from sendspec.cli.job import in_job, steps_in_job
from sendspec.cli.named_specs import environment_words, folder_with_ledger, paths_and_names, spec_paths
from sendspec.cli.project import open_specs
from sendspec.cli.review import rejects_with_page
from sendspec.cli.status_columns import refuse_columns, refuse_unknown
from sendspec.cli.status_page import refuse_lists, show_page
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.export import csv_lines
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_access import ledger_to_read, process_holding
from sendspec.operations.left_out import opted_out_meanwhile
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import NO_ROWS, RecipientRows, find_rows
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.status import (
    IN_DOUBT,
    NOT_SENT,
    REFUSED,
    NeverSent,
    SpecStatus,
    least_listed,
    messages_of,
    never_sent,
    planned_jobs,
    statuses_within,
)
from sendspec.planning.message_state import State
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.spec import Spec
from sendspec.showing.json_text import json_document_pieces
from sendspec.showing.message_list import list_header, listed_cells, message_lines, messages_json
from sendspec.showing.next_step import next_text
from sendspec.showing.status import next_commands, status_document, status_text

if TYPE_CHECKING:
    from sendspec.cli.status_delivery import DeliveryQuestion

ALL_COLUMNS = "all"


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
@click.option("--delivery", is_flag=True, help="Show what became of the accepted messages, as far as it is known.")
@click.option("--refresh", is_flag=True, help="Ask the API first, for at most 5 minutes. Implies --delivery.")
@click.option("--undelivered", is_flag=True, help="List the messages that were not delivered. Implies --delivery.")
@click.option("--undecided", is_flag=True, help="List the messages whose end isn't known yet. Implies --delivery.")
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
    delivery: bool,
    refresh: bool,
    undelivered: bool,
    undecided: bool,
    columns: str | None,
) -> int:
    """Show what became of each spec's messages, in its newest generation. SPEC is a file, or a spec's name.

    Reads the ledger, also while a send is running. A list shows each recipient's row in today's table. With CI set, it
    leaves out the recipients' keys. A page of Markdown names no recipient; it also says which messages today's files change.

    Accepted isn't delivered: --delivery shows what the API reported since, as `wait`, --refresh and webhooks have noted it. Only
    --refresh makes requests.

    \b
    Examples:
      sendspec status
      sendspec status specs/welcome.yaml --env production --failed
      sendspec status welcome --in-doubt
      sendspec status --failed --format csv --columns order_id,first_name > failed.csv
      sendspec status --env production --format markdown
      sendspec status welcome --delivery --refresh
      sendspec status welcome --undelivered --format csv > undelivered.csv
    """
    refuse_columns(console, columns)
    refuse_lists(console, lists=messages or failed or in_doubt or not_sent or undelivered or undecided)
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
    question: DeliveryQuestion | None = None
    if delivery or refresh or undelivered or undecided:
        from sendspec.cli.status_delivery import asked_deliveries, show_deliveries  # few looks are about deliveries

        others = failed or in_doubt or not_sent
        lists = {"everything": messages, "undelivered": undelivered, "undecided": undecided, "others": others}
        question = asked_deliveries(console, **lists, refresh=refresh, recipients=recipients, options=asked.options)
    with ledger_to_read(context, console.warn) as ledger:
        if ledger is None:
            _show_no_ledger(console, context, asked)
        elif question is not None:
            return show_deliveries(console, context, ledger, read, asked.path_by_name, asked.columns, question)
        else:
            _show(console, context, ledger, asked)
    return ExitCode.DONE


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
    with ledger.one_moment():  # the counts are those of the list
        all_names = {send.name for send in ledger.sends()}
        names = {*names_of(asked.specs, ledger), *asked.names}
        jobs = planned_jobs(asked.specs, context, ledger)
        statuses = statuses_within(ledger, names, jobs, held_by=process_holding(context))
        unsent = never_sent(asked.path_by_name, {status.name for status in statuses}, all_names)
        _show_in(console, context, ledger, asked, statuses, unsent)
    _tell_next(console, context, ledger, asked, statuses, unsent)


def _show_in(
    console: Console,
    context: ProjectContext,
    ledger: Facts,
    asked: _Asked,
    statuses: Sequence[SpecStatus],
    unsent: Sequence[NeverSent],
) -> None:
    """Prints the result in the format that is asked for. Lists are written as they are read."""
    environment = context.environment.name
    rows = _rows(console, context, ledger, asked, statuses)
    columns = () if asked.columns is None else asked.columns or rows.columns
    refuse_unknown(columns, rows)
    messages = messages_of(ledger, statuses, asked.states) if asked.states else iter(())
    match console.format:
        case "csv":
            console.lines(csv_lines(listed_cells(messages, rows, columns), list_header(columns)))
        case "json":
            document = status_document(statuses, environment, None, never_sent=unsent)
            if asked.states:
                listed = messages_json(messages, rows, columns)
                console.document_pieces(json_document_pieces(document, "messages", listed))
            else:
                console.document(document)
        case "markdown":
            paths_by_name = _next(context, ledger, asked, statuses, unsent)[0]
            show_page(
                console,
                context,
                ledger,
                statuses,
                paths_by_name,
                lambda found, gone, held: _next(context, ledger, asked, found, unsent, gone, held)[1],
            )
        case _:
            left_out = opted_out_meanwhile(context, ledger, statuses)
            console.result(status_text(statuses, environment, console.out, unsent, left_out))
            console.result_lines(message_lines(messages, console.out, rows))


def _rows(
    console: Console, context: ProjectContext, ledger: Facts, asked: _Asked, statuses: Sequence[SpecStatus]
) -> RecipientRows:
    """Where today's tables have the recipients of the messages to list."""
    if not asked.states:
        return NO_ROWS
    listed = messages_of(ledger, statuses, asked.states)
    paths = [spec.path for spec in asked.specs]
    at_least = least_listed(statuses, asked.states)
    rows = find_rows(listed, context, ledger, paths, asked.recipients, at_least=at_least, columns=asked.columns)
    for note in rows.notes:
        console.warn(note)
    return rows


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
