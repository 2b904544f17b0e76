"""`sendspec ledger init`: makes the ledger of an environment, once."""

from __future__ import annotations

from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.access import roles_sql
from sendspec.operations.ledger_creation import make_sandbox_ledger
from sendspec.operations.ledger_init import (
    Beginning,
    EarlierSends,
    MadeLedger,
    earlier_sends,
    init_ledger,
    is_begun,
    refuse_without_entry,
    undecided_refusal,
)
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.environment import LedgerServer

MAX_SHOWN = 10
"""Committed specs that are listed before a person is asked what a new ledger begins with."""


@click.command("init")
@environment_option
@click.option("--empty", is_flag=True, help="Start empty: no committed spec was sent before.")
@click.option(
    "--baseline",
    is_flag=True,
    help="Count the committed specs as sent: their recipients are skipped from now on.",
)
@click.option(
    "--roles", is_flag=True, help="Create nothing; print SQL that creates the roles for a ledger on a server."
)
@common_options
def command(console: Console, env: str | None, empty: bool, baseline: bool, roles: bool) -> int:
    """Create the ledger of an environment, once. Its id and salt go to sendspec.lock.

    Commit sendspec.lock. `send` never creates a ledger: with a new one, everybody would get everything again. If specs
    are committed already, or sendspec.lock names a ledger that is gone, choose --baseline if the committed specs were
    sent before, or --empty if none was.

    \b
    Examples:
      sendspec ledger init --env production
      sendspec ledger init --env production --baseline
      sendspec ledger init --env production --roles | psql "$ADMIN_URL"
    """
    if empty and baseline:
        raise click.UsageError("choose how the ledger begins: empty (--empty), or with what was sent (--baseline)")
    if roles and (empty or baseline):
        raise click.UsageError("--roles creates no ledger; leave out --empty and --baseline")
    chosen = Beginning.BASELINE if baseline else Beginning.EMPTY if empty else None
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    if roles:
        return _show_roles(console, context)
    file = context.environment.ledger.shown
    if context.environment.is_sandbox:
        make_sandbox_ledger(context)
        console.result(printable(f"the sandbox's ledger is {file}"))
        console.document(_document(context))
        return ExitCode.DONE
    refuse_without_entry(context, chosen=chosen is not None)
    begun = is_begun(context)
    if chosen is None:
        found = None if begun else earlier_sends(context)
        chosen = Beginning.EMPTY if found is None else _ask(console, context, found)
    made = init_ledger(context, chosen, problems, begun=begun)
    if made is None:
        rejects(console, problems, ending="nothing was made")
        return ExitCode.REJECTED
    _show(console, context, made)
    return ExitCode.DONE


def _show_roles(console: Console, context: ProjectContext) -> int:
    ledger = context.environment.ledger
    if not isinstance(ledger, LedgerServer):
        raise click.UsageError(
            "--roles is for a ledger on a PostgreSQL server; this one is a file, which its folder protects"
        )
    sql = roles_sql(ledger.schema)
    if console.is_json:
        console.document({**_document(context), "roles": sql})
    else:
        console.lines([sql])
    return ExitCode.DONE


def _show(console: Console, context: ProjectContext, made: MadeLedger) -> None:
    verb = "completed" if made.is_completed else "made"
    file = context.environment.ledger.shown
    console.result(printable(f"{verb} {file}; its id and salt are in {context.identity_file.name}: commit that file"))
    if made.baselined is not None:
        console.result(
            f"{counted(made.baselined, 'message')} of the committed specs count as sent, and nobody gets them again"
        )
    console.document({**_document(context), "baselined": made.baselined or 0})
    if made.given_up is not None:
        console.warn(
            f"warning: the ledger {made.given_up} is given up; messages that only that ledger recorded are sent again, unless you restore it"
        )


def _document(context: ProjectContext) -> dict[str, Any]:
    environment = context.environment
    return {
        "schema": "sendspec.ledger-init/1",
        "environment": environment.name,
        "ledger": environment.ledger.shown,
        "identity": str(context.identity_file),
    }


def _ask(console: Console, context: ProjectContext, found: EarlierSends) -> Beginning:
    """Asks what the new ledger begins with. Raises `InitRefused` if nobody can be asked, and `click.Abort` for no answer."""
    if not console.asks:
        raise undecided_refusal(context, found)
    console.warn(f"{found.problem[0].upper()}{found.problem[1:]}:")
    for path in found.specs[:MAX_SHOWN]:
        console.warn(f"  {printable(path)}")
    if len(found.specs) > MAX_SHOWN:
        console.warn(f"  and {len(found.specs) - MAX_SHOWN} more")
    console.warn(
        "baseline: they count as sent, and their recipients are skipped. empty: everybody gets them, even those who already did."
    )
    choices = click.Choice([beginning.value for beginning in Beginning])
    return Beginning(click.prompt("How does the ledger begin? (Ctrl-C cancels)", type=choices, err=True))
