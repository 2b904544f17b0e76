"""`sendspec status`: what the ledger knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click

from sendspec.cli.console import Console, environment_option, options_with_forms, rejects, specs_argument
from sendspec.cli.project import open_specs
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.ledger.export import csv_lines
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.send_job import Job
from sendspec.operations.status import IN_DOUBT, NOT_SENT, REFUSED, messages_of, planned_jobs, spec_statuses
from sendspec.planning.message_state import State
from sendspec.showing.status import message_json, messages_text, status_document, status_text


@click.command("status")
@(lambda command: specs_argument(command, required=False))
@environment_option
@click.option("--messages", is_flag=True, help="List every message.")
@click.option("--failed", is_flag=True, help="List the messages that the API refused.")
@click.option("--in-doubt", is_flag=True, help="List the messages whose fate is not known.")
@click.option("--not-sent", is_flag=True, help="List the messages that are planned and not sent.")
@options_with_forms("text", "json", "csv")
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    messages: bool,
    failed: bool,
    in_doubt: bool,
    not_sent: bool,
) -> int:
    """Show what the ledger knows of each spec's newest generation.

    Totals are the ledger's; works while a send is under way. Reads a SPEC's recipients only to tell who was planned and is no
    longer among them.

    \b
    Examples:
      sendspec status
      sendspec status specs/welcome.yaml --env production --failed
      sendspec status --in-doubt --format csv > in-doubt.csv
    """
    problems = Problems()
    context, read = open_specs(console, specs, env, problems)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    chosen = [(failed, REFUSED), (in_doubt, IN_DOUBT), (not_sent, NOT_SENT)]
    states = tuple(State) if messages else tuple(state for flag, group in chosen if flag for state in group)
    with ledger_to_read(context) as ledger:
        if ledger is None:
            _show_no_ledger(console, context.environment.name, states)
        else:
            jobs = planned_jobs(read, context, ledger)
            show_status(console, context, ledger, names_of(read, ledger), states, jobs=jobs)
    return ExitCode.DONE


def _show_no_ledger(console: Console, environment: str, states: Sequence[State]) -> None:
    console.say(f"note: the environment '{environment}' has no ledger yet")
    console.result(status_text([], environment, console.out))
    console.document(status_document([], environment, [] if states else None))


def show_status(
    console: Console,
    context: ProjectContext,
    ledger: Facts,
    names: Collection[str],
    states: Sequence[State] = (),
    *,
    jobs: Sequence[Job] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """Prints what an open ledger knows of the specs in `names`, or of all; `more` joins the JSON document.

    The tables of `jobs` tell who is planned and no longer a recipient.
    """
    environment = context.environment.name
    statuses = spec_statuses(ledger, names, jobs)
    if console.format == "csv":
        listed = messages_of(ledger, statuses, states or tuple(State))
        console.lines(csv_lines(message_json(message) for message in listed))
        return
    messages = messages_of(ledger, statuses, states) if states else None
    if console.is_json:
        console.document({**status_document(statuses, environment, messages), **(more or {})})
        return
    console.result(status_text(statuses, environment, console.out))
    console.result(messages_text(messages or (), console.out))
