"""`sendspec ledger`: the commands that look after ledgers."""

from __future__ import annotations

import click

from sendspec.cli import ledger_check, ledger_copy, ledger_export, ledger_init, ledger_migrate, ledger_purge
from sendspec.cli.common_flag import FlagGroup


@click.group("ledger", cls=FlagGroup)
def command() -> None:
    """Create, check, export or purge the ledger, the record of what was sent.

    \b
    Examples:
      sendspec ledger init --env production
      sendspec ledger check --env production
      sendspec ledger export --env production --as csv > messages.csv
      sendspec ledger purge --env production --older-than 90d
      sendspec ledger copy .sendspec/production.db env:SENDSPEC_LEDGER_URL --env production
    """


for subcommand in (ledger_init, ledger_check, ledger_export, ledger_purge, ledger_migrate, ledger_copy):
    command.add_command(subcommand.command)
