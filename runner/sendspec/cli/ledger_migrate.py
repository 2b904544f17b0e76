"""`sendspec ledger migrate`: brings a ledger to the version that this sendspec works with."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.ledger_access import migrate_ledger


@click.command("migrate")
@environment_option
@common_options
def command(console: Console, env: str | None) -> int:
    """Bring the ledger to the version that this sendspec works with. An older sendspec can't use it any more.

    A ledger in a file is also migrated by the first command that writes to it. One on a server is migrated by this command only, as
    its owner, and while no run is under way.
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    was, now = migrate_ledger(context, console.say)
    shown = context.environment.ledger.shown
    if was == now:
        console.result(printable(f"{shown}: its version is {now}, and there is nothing to do"))
    else:
        console.result(printable(f"{shown}: migrated from version {was} to {now}"))
    console.document(
        {"schema": "sendspec.ledger-migrate/1", "environment": context.environment.name, "from": was, "to": now}
    )
    return ExitCode.DONE
