"""`sendspec ledger purge`: forgets personal data of messages that were settled long ago."""

from __future__ import annotations

import re

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_access import ledger_to_write, recorded_run


def _seconds(context: click.Context, parameter: click.Parameter, days: str) -> float:
    """A number of days, as `90d`, in seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})d", days)
    if found is None:
        raise click.BadParameter(f"'{days}' is not a number of days, such as 90d")
    return int(found[1]) * 86_400.0


@click.command("purge")
@environment_option
@click.option(
    "--older-than", "age", callback=_seconds, metavar="DAYS", required=True, help="Age of the messages, such as 90d."
)
@common_options
def command(console: Console, env: str | None, age: float) -> int:
    """Delete masked numbers, references and texts of old messages from the ledger.

    Keeps their keys and states, so that nobody gets a message twice. Doesn't touch messages that are planned or in doubt.
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    with ledger_to_write(context) as ledger, recorded_run(ledger, context.system):
        purged = ledger.purge(before=context.system.clock.wall() - age)
    console.result(f"purged {counted(purged, 'message')}")
    console.document({"schema": "sendspec.ledger-purge/1", "environment": context.environment.name, "purged": purged})
    return ExitCode.DONE
