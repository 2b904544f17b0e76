"""`sendspec ledger purge`: forgets personal data of messages that were settled long ago."""

from __future__ import annotations

import re

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_purge import purge_ledger


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

    Keeps their keys and states, so that nobody gets a message twice. Doesn't touch messages that are planned or in doubt. Deletes
    what was seen of their delivery too, and keeps who has opted out.
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    done = purge_ledger(context, age)
    deliveries = f" and {counted(done.deliveries, 'delivery', 'deliveries')}" if done.deliveries else ""
    console.result(f"purged {counted(done.messages, 'message')}{deliveries}")
    console.document(
        {
            "schema": "sendspec.ledger-purge/1",
            "environment": context.environment.name,
            "purged": done.messages,
            "purged_deliveries": done.deliveries,
        }
    )
    return ExitCode.DONE
