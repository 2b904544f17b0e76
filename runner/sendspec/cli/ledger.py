"""`sendspec ledger`: makes, checks and exports ledgers."""

from __future__ import annotations

import os
import re
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import StrEnum
from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import EnvironmentRenamed, InitRefused, LedgerTrouble, LockEntryLost
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.access import is_half_made, is_there, read
from sendspec.ledger.export import csv_lines
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.operations.baseline import baseline as write_baseline
from sendspec.operations.committed_specs import GitUnreadable, changed_since_commit, committed_specs
from sendspec.operations.lock_file import known_identity, needed_identity, sharing_channels
from sendspec.operations.offline_plan import plan_without_ledger
from sendspec.operations.project_context import (
    ProjectContext,
    make_environment_ledger,
    make_sandbox_ledger,
    open_context,
    this_process,
)
from sendspec.operations.send_job import read_jobs
from sendspec.reading.spec import FileRecipients
from sendspec.showing.failure import error_json
from sendspec.showing.json_text import json_line
from sendspec.showing.status import message_json

MAX_SHOWN = 10
"""Committed specs that are listed before a person is asked what a new ledger begins with."""


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


def _workspace(view: Console, env: str | None) -> ProjectContext | None:
    problems = Problems()
    workspace = open_context((), env, problems)
    return None if rejects(view, problems, ending="nothing was changed") else workspace


class Beginning(StrEnum):
    """What a ledger holds from the start of what was sent before it was made."""

    EMPTY = "empty"
    BASELINE = "baseline"


@command.command("init")
@environment_option
@click.option("--empty", is_flag=True, help="Begin with nothing: nobody of the committed specs was reached before.")
@click.option(
    "--baseline", is_flag=True, help="Begin with the committed specs as sent: nobody in them gets them from now on."
)
@common_options
def init(view: Console, env: str | None, empty: bool, baseline: bool) -> int:
    """Make the ledger of an environment, once, and note its id and salt in sendspec.lock.

    Commit sendspec.lock. Sending never makes a ledger: a new one would send everything again. Where specs are committed
    already, say what a new ledger begins with: --baseline where they went out before, --empty where none did.

    \b
    Examples:
      sendspec ledger init --env production
      sendspec ledger init --env production --baseline
    """
    if empty and baseline:
        raise click.UsageError("a ledger begins with nothing (--empty), or with what was sent (--baseline)")
    chosen = Beginning.BASELINE if baseline else Beginning.EMPTY if empty else None
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    environment = workspace.environment
    if environment.is_sandbox:
        make_sandbox_ledger(workspace)
        view.result(printable(f"the sandbox's ledger is {environment.ledger.file}"))
        view.document(_made(workspace))
        return 0
    known = workspace.identity
    if known is None:
        _refuse_without_entry(workspace, chosen=chosen is not None)
    begun = known is not None and is_half_made(environment.ledger, known)
    if not begun and chosen is None and not is_there(environment.ledger):
        chosen = _choose(view, workspace)
    burned = 0
    if chosen is Beginning.BASELINE and not begun:
        filled = _with_baseline(view, workspace)
        if filled is None:
            return 1
        burned = filled
    else:
        make_environment_ledger(workspace)
    verb = "completed" if begun else "made"
    view.result(
        printable(
            f"{verb} {environment.ledger.file}; its id and salt are in {workspace.identity_file.name}: commit that file"
        )
    )
    if chosen is Beginning.BASELINE and not begun:
        view.result(f"{counted(burned, 'message')} of the committed specs count as sent, and nobody gets them again")
    view.document({**_made(workspace), "baselined": burned})
    if known is not None and not begun:
        view.warn(
            "warning: this replaces a ledger that sendspec.lock knew; the salt is kept, but what the old one held is"
            " sent again unless you bring it back"
        )
    return 0


def _with_baseline(view: Console, workspace: ProjectContext) -> int | None:
    """Makes the ledger with the committed specs as sent. Returns how many messages they are; None where a spec was rejected."""
    problems = Problems()
    try:
        specs = committed_specs(workspace.root)
        paths = [os.path.relpath(workspace.root / path) for path in specs]
        jobs = read_jobs(paths, workspace, None, problems)
        tables = [workspace.relative(job.table.path) for job in jobs if isinstance(job.spec.recipients, FileRecipients)]
        changed = changed_since_commit(workspace.root, [*specs, *tables])
    except GitUnreadable as error:
        raise InitRefused(
            f"what was sent before can't be told: {error}", "run it in the git work tree", code="init-needs-choice"
        ) from None
    for path in changed:
        problems.add(
            Diagnostic(
                code="baseline-uncommitted",
                path=path,
                span=FILE_START,
                problem="it is not as it was committed, and what was committed counts as sent",
                fix="commit the change, or put it aside: git stash",
            )
        )
    for job in jobs:
        plan_without_ledger(job, problems)
    if rejects(view, problems, ending="nothing was made"):
        return None
    burned: list[int] = []

    def fill(ledger: Ledger, identity: LedgerIdentity) -> None:
        count, _ = write_baseline(replace(workspace, identity=identity), jobs, ledger, time.time())
        burned.append(count)

    make_environment_ledger(workspace, filling=fill)
    return sum(burned)


def _made(workspace: ProjectContext) -> dict[str, Any]:
    environment = workspace.environment
    return {
        "schema": "sendspec.ledger-init/1",
        "environment": environment.name,
        "ledger": str(environment.ledger.file),
        "identity": str(workspace.identity_file),
    }


def _refuse_without_entry(workspace: ProjectContext, *, chosen: bool) -> None:
    """Raises `InitRefused` where a new entry in sendspec.lock would make everybody somebody new; `chosen` is the word for it."""
    name = workspace.environment.name
    try:
        known_identity(workspace)
    except EnvironmentRenamed as trouble:
        if not chosen:
            raise InitRefused.because(trouble) from None
    except LockEntryLost as trouble:
        raise InitRefused.because(trouble) from None
    sharing = sharing_channels(workspace)
    if sharing is not None and not chosen:
        raise InitRefused(
            f"'{name}' sends through channels of the environment '{sharing}', and its ledger would know nothing of what"
            " that one sent",
            f"if that is meant: sendspec ledger init --env {name} --empty",
            code="channels-shared",
        )


def _choose(view: Console, workspace: ProjectContext) -> Beginning:
    """What the new ledger begins with, asked where committed specs may have been sent before.

    Raises `InitRefused` where nobody can be asked, and `click.Abort` for no answer.
    """
    try:
        specs = committed_specs(workspace.root)
        found = f"the last commit holds {counted(len(specs), 'spec')}, which may have been sent before"
    except GitUnreadable as error:
        specs = []
        found = f"what was sent before can't be told: {error}"
    else:
        if not specs:
            return Beginning.EMPTY
    name = workspace.environment.name
    if not view.asks:
        raise InitRefused(
            f"{found}; a new ledger would send them to everybody again",
            f"if they were: sendspec ledger init --env {name} --baseline; if nothing was: --empty instead",
            code="init-needs-choice",
        )
    view.warn(f"{found[0].upper()}{found[1:]}:")
    for path in specs[:MAX_SHOWN]:
        view.warn(f"  {printable(path)}")
    if len(specs) > MAX_SHOWN:
        view.warn(f"  and {len(specs) - MAX_SHOWN} more")
    view.warn(
        "baseline: they count as sent, and nobody in them gets them. empty: everybody gets them, also who had them."
    )
    choices = click.Choice([beginning.value for beginning in Beginning])
    return Beginning(click.prompt("What does the ledger begin with? (Ctrl-C leaves)", type=choices, err=True))


def _opened(workspace: ProjectContext) -> AbstractContextManager[Facts]:
    return read(workspace.environment.ledger, needed_identity(workspace))


@command.command("check")
@environment_option
@common_options
def check(view: Console, env: str | None) -> int:
    """Check the ledger: its pages, its rows, its history, and whether it is the latest."""
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    with _opened(workspace) as ledger:
        found = _problems(ledger)
        count = (
            sum(sum(ledger.states(spec.name, spec.generation).values()) for spec in ledger.sends()) if not found else 0
        )
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
    view.result(printable(f"{workspace.environment.ledger.file}: ok, {counted(count, 'message')}"))
    return 0


def _problems(ledger: Facts) -> list[str]:
    found = ledger.damages()
    if found:
        return found
    found += [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = ledger.lost()
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
def export(view: Console, env: str | None, form: str) -> int:
    """Print every message that the ledger holds; numbers are masked, as the ledger doesn't have them."""
    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    with _opened(workspace) as ledger:
        if form == "csv":
            view.lines(csv_lines(message_json(message) for message in ledger.messages()))
        else:
            view.lines(json_line(message_json(message)) for message in ledger.messages())
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
def purge(view: Console, env: str | None, age: float) -> int:
    """Forget masked numbers, references and texts of messages that were settled long ago.

    Their keys and states stay, so that nobody gets them twice. Messages planned or in doubt are kept as they are.
    """
    from sendspec.operations.ledger_session import ledger_to_write

    workspace = _workspace(view, env)
    if workspace is None:
        return 1
    with ledger_to_write(workspace) as ledger:
        ledger.begin(this_process(), now=time.time())
        purged = ledger.purge(before=time.time() - age)
        ledger.end(now=time.time(), ending="finished", requests=0)
    view.result(f"purged {counted(purged, 'message')}")
    view.document({"schema": "sendspec.ledger-purge/1", "environment": workspace.environment.name, "purged": purged})
    return 0
