"""`sendspec ledger`: makes, checks and exports ledgers."""

from __future__ import annotations

import re
import time
from typing import Any

import click

from runner.cli.view import View, common_options, environment_option, rejects
from runner.cli.workspace import Workspace, make_environment_ledger, make_sandbox_ledger, open_workspace, this_process
from runner.errors import LedgerMissing, LedgerTrouble
from runner.ledger.export import csv_lines
from runner.ledger.opening import lost_progress, open_to_read
from runner.ledger.sqlite import SqliteLedger
from runner.reading.diagnostic import Problems
from runner.showing.failure import error_json
from runner.showing.ink import counted
from runner.showing.json_text import json_line
from runner.showing.status import message_json


@click.group("ledger")
def command() -> None:
    """Look after the ledger, which remembers what was sent.

    \b
    Examples:
      sendspec ledger init --env production
      sendspec ledger check --env production
      sendspec ledger export --env production --as csv > messages.csv
      sendspec ledger purge --env production --older-than 90d
    """


def _workspace(view: View, env: str | None) -> Workspace | None:
    problems = Problems()
    workspace = open_workspace((), env, problems)
    return None if rejects(view, problems, ending="nothing was changed") else workspace


@command.command("init")
@environment_option
@common_options
def init(view: View, env: str | None) -> int:
    """Make the ledger of an environment, once, and note its id and salt in sendspec.lock.

    Commit sendspec.lock. Sending never makes a ledger: a new one would send everything again.
    """
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    environment = workspace.environment
    if environment.is_sandbox:
        make_sandbox_ledger(workspace)
        view.result(f"the sandbox's ledger is {environment.ledger.file}")
        view.document(_made(workspace))
        return 0
    known = workspace.identity
    make_environment_ledger(workspace)
    view.result(
        f"made {environment.ledger.file}; its id and salt are in {workspace.identity_file.name}: commit that file"
    )
    view.document(_made(workspace))
    if known is not None:
        view.warn(
            "warning: this replaces a ledger that sendspec.lock knew; the salt is kept, but what the old one held is"
            " sent again unless you bring it back"
        )
    return 0


def _made(workspace: Workspace) -> dict[str, Any]:
    environment = workspace.environment
    return {
        "schema": "sendspec.ledger-init/1",
        "environment": environment.name,
        "ledger": str(environment.ledger.file),
        "identity": str(workspace.identity_file),
    }


def _opened(workspace: Workspace) -> SqliteLedger:
    if workspace.identity is None:
        name = workspace.environment.name
        raise LedgerMissing(
            f"the environment '{name}' has no ledger", f"make it once: sendspec ledger init --env {name}"
        )
    return open_to_read(workspace.environment.ledger.file, workspace.identity.ledger, salt=workspace.identity.salt)


@command.command("check")
@environment_option
@common_options
def check(view: View, env: str | None) -> int:
    """Check the ledger: its pages, its rows, its history, and whether it is the latest."""
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    ledger = _opened(workspace)
    try:
        found = _problems(ledger, workspace)
        count = (
            sum(sum(ledger.states(spec.name, spec.generation).values()) for spec in ledger.sends()) if not found else 0
        )
    finally:
        ledger.close()
    document = {
        "schema": "sendspec.ledger-check/1",
        "environment": workspace.environment.name,
        "problems": found,
        "messages": count,
    }
    if found:
        trouble = LedgerTrouble(
            f"the ledger {workspace.environment.ledger.file}: {'; '.join(found)}", "restore it from a backup"
        )
        view.document({**document, "error": error_json(trouble)})
        raise trouble
    view.document(document)
    view.result(f"{workspace.environment.ledger.file}: ok, {counted(count, 'message')}")
    return 0


def _problems(ledger: SqliteLedger, workspace: Workspace) -> list[str]:
    found = ledger.damages()
    if found:
        return found
    found += [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = lost_progress(ledger, workspace.environment.ledger.file)
    return found if lost is None else [*found, f"it {lost}"]


@command.command("export")
@environment_option
@click.option(
    "--as",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object a line, or CSV.",
)
@common_options
def export(view: View, env: str | None, form: str) -> int:
    """Print every message that the ledger holds; numbers are masked, as the ledger doesn't have them."""
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    ledger = _opened(workspace)
    try:
        if form == "csv":
            view.lines(csv_lines(message_json(message) for message in ledger.messages()))
        else:
            view.lines(json_line(message_json(message)) for message in ledger.messages())
    finally:
        ledger.close()
    return 0


def _seconds(context: click.Context, parameter: click.Parameter, days: str) -> float:
    """A number of days, as `90d`, in seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})d", days)
    if found is None:
        raise click.BadParameter(f"'{days}' is no number of days, such as 90d")
    return int(found[1]) * 86_400.0


@command.command("purge")
@environment_option
@click.option(
    "--older-than", "age", callback=_seconds, metavar="DAYS", required=True, help="Age of the messages, such as 90d."
)
@common_options
def purge(view: View, env: str | None, age: float) -> int:
    """Forget masked numbers, references and texts of messages that were settled long ago.

    Their keys and states stay, so that nobody gets them twice. Messages planned or in doubt are kept as they are.
    """
    from runner.cli.held import ledger_to_write

    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    with ledger_to_write(workspace) as (ledger, _):
        ledger.begin(this_process(), now=time.time())
        purged = ledger.purge(before=time.time() - age)
        ledger.end(now=time.time(), ending="finished", requests=0)
    view.result(f"purged {counted(purged, 'message')}")
    view.document({"schema": "sendspec.ledger-purge/1", "environment": workspace.environment.name, "purged": purged})
    return 0
