"""`sendspec ledger export`: every message that the ledger holds."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.ledger.export import csv_lines
from sendspec.operations.ledger_access import ledger_to_inspect
from sendspec.showing.json_text import json_line
from sendspec.showing.message_list import message_json


@click.command("export")
@environment_option
@click.option(
    "--as",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object per line, or CSV.",
)
@common_options
def command(console: Console, env: str | None, form: str) -> int:
    """Print every message in the ledger. The ledger has only masked numbers."""
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    with ledger_to_inspect(context, console.warn) as ledger:
        if form == "csv":
            console.lines(csv_lines(message_json(message) for message in ledger.messages()))
        else:
            console.lines(json_line(message_json(message)) for message in ledger.messages())
    return ExitCode.DONE
