"""`sendspec ledger`: makes, checks and exports ledgers."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import EnvironmentRenamed, InitRefused, LedgerTrouble, LockEntryLost
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.export import csv_lines
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import ledger_is_there, lost_progress, open_to_read, unfinished_ledger
from sendspec.operations.baseline import record_baseline
from sendspec.operations.committed_specs import GitUnreadable, changed_since_commit, committed_specs
from sendspec.operations.lockfile_entry import environment_sharing_channels, find_identity, require_identity
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


def _context(console: Console, env: str | None) -> ProjectContext | None:
    problems = Problems()
    context = open_context((), env, problems)
    return None if rejects(console, problems, ending="nothing was changed") else context


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
def init(console: Console, env: str | None, empty: bool, baseline: bool) -> int:
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
    context = _context(console, env)
    if context is None:
        return 1
    environment = context.environment
    if environment.is_sandbox:
        make_sandbox_ledger(context)
        console.result(printable(f"the sandbox's ledger is {environment.ledger.file}"))
        console.document(_made(context))
        return 0
    known = context.identity
    if known is None:
        _refuse_without_entry(context, chosen=chosen is not None)
    begun = known is not None and unfinished_ledger(environment.ledger.file, known.ledger) is not None
    if not begun and chosen is None and not ledger_is_there(environment.ledger.file):
        chosen = _choose(console, context)
    burned = 0
    if chosen is Beginning.BASELINE and not begun:
        filled = _with_baseline(console, context)
        if filled is None:
            return 1
        burned = filled
    else:
        make_environment_ledger(context)
    verb = "completed" if begun else "made"
    console.result(
        printable(
            f"{verb} {environment.ledger.file}; its id and salt are in {context.identity_file.name}: commit that file"
        )
    )
    if chosen is Beginning.BASELINE and not begun:
        console.result(f"{counted(burned, 'message')} of the committed specs count as sent, and nobody gets them again")
    console.document({**_made(context), "baselined": burned})
    if known is not None and not begun:
        console.warn(
            "warning: this replaces a ledger that sendspec.lock knew; the salt is kept, but what the old one held is"
            " sent again unless you bring it back"
        )
    return 0


def _with_baseline(console: Console, context: ProjectContext) -> int | None:
    """Makes the ledger with the committed specs as sent. Returns how many messages they are; None where a spec was rejected."""
    problems = Problems()
    try:
        specs = committed_specs(context.root)
        paths = [os.path.relpath(context.root / path) for path in specs]
        jobs = read_jobs(paths, context, None, problems)
        tables = [context.relative(job.table.path) for job in jobs if isinstance(job.spec.recipients, FileRecipients)]
        changed = changed_since_commit(context.root, [*specs, *tables])
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
    if rejects(console, problems, ending="nothing was made"):
        return None
    burned: list[int] = []

    def fill(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
        count, _ = record_baseline(replace(context, identity=identity), jobs, ledger, time.time())
        burned.append(count)

    make_environment_ledger(context, filling=fill)
    return sum(burned)


def _made(context: ProjectContext) -> dict[str, Any]:
    environment = context.environment
    return {
        "schema": "sendspec.ledger-init/1",
        "environment": environment.name,
        "ledger": str(environment.ledger.file),
        "identity": str(context.identity_file),
    }


def _refuse_without_entry(context: ProjectContext, *, chosen: bool) -> None:
    """Raises `InitRefused` where a new entry in sendspec.lock would make everybody somebody new; `chosen` is the word for it."""
    name = context.environment.name
    try:
        find_identity(context)
    except EnvironmentRenamed as trouble:
        if not chosen:
            raise InitRefused.because(trouble) from None
    except LockEntryLost as trouble:
        raise InitRefused.because(trouble) from None
    sharing = environment_sharing_channels(context)
    if sharing is not None and not chosen:
        raise InitRefused(
            f"'{name}' sends through channels of the environment '{sharing}', and its ledger would know nothing of what"
            " that one sent",
            f"if that is meant: sendspec ledger init --env {name} --empty",
            code="channels-shared",
        )


def _choose(console: Console, context: ProjectContext) -> Beginning:
    """What the new ledger begins with, asked where committed specs may have been sent before.

    Raises `InitRefused` where nobody can be asked, and `click.Abort` for no answer.
    """
    try:
        specs = committed_specs(context.root)
        found = f"the last commit holds {counted(len(specs), 'spec')}, which may have been sent before"
    except GitUnreadable as error:
        specs = []
        found = f"what was sent before can't be told: {error}"
    else:
        if not specs:
            return Beginning.EMPTY
    name = context.environment.name
    if not console.asks:
        raise InitRefused(
            f"{found}; a new ledger would send them to everybody again",
            f"if they were: sendspec ledger init --env {name} --baseline; if nothing was: --empty instead",
            code="init-needs-choice",
        )
    console.warn(f"{found[0].upper()}{found[1:]}:")
    for path in specs[:MAX_SHOWN]:
        console.warn(f"  {printable(path)}")
    if len(specs) > MAX_SHOWN:
        console.warn(f"  and {len(specs) - MAX_SHOWN} more")
    console.warn(
        "baseline: they count as sent, and nobody in them gets them. empty: everybody gets them, also who had them."
    )
    choices = click.Choice([beginning.value for beginning in Beginning])
    return Beginning(click.prompt("What does the ledger begin with? (Ctrl-C leaves)", type=choices, err=True))


def _opened(context: ProjectContext) -> SqliteLedger:
    identity = require_identity(context)
    return open_to_read(context.environment.ledger.file, identity.ledger, salt=identity.salt)


@command.command("check")
@environment_option
@common_options
def check(console: Console, env: str | None) -> int:
    """Check the ledger: its pages, its rows, its history, and whether it is the latest."""
    context = _context(console, env)
    if context is None:
        return 1
    ledger = _opened(context)
    try:
        found = _problems(ledger, context)
        count = (
            sum(sum(ledger.states(spec.name, spec.generation).values()) for spec in ledger.sends()) if not found else 0
        )
    finally:
        ledger.close()
    document = {
        "schema": "sendspec.ledger-check/1",
        "environment": context.environment.name,
        "problems": found,
        "messages": count,
    }
    if found:
        trouble = LedgerTrouble(
            f"the ledger {context.environment.ledger.file}: {'; '.join(found)}", "restore it from a backup"
        )
        console.document({**document, "error": error_json(trouble)})
        raise trouble
    console.document(document)
    console.result(printable(f"{context.environment.ledger.file}: ok, {counted(count, 'message')}"))
    return 0


def _problems(ledger: SqliteLedger, context: ProjectContext) -> list[str]:
    found = ledger.damages()
    if found:
        return found
    found += [
        f"{count} moves from {origin} to {target}, which no message may make"
        for origin, target, count in ledger.odd_moves()
    ]
    lost = lost_progress(ledger, Path(ledger.path))
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
def export(console: Console, env: str | None, form: str) -> int:
    """Print every message that the ledger holds; numbers are masked, as the ledger doesn't have them."""
    context = _context(console, env)
    if context is None:
        return 1
    ledger = _opened(context)
    try:
        if form == "csv":
            console.lines(csv_lines(message_json(message) for message in ledger.messages()))
        else:
            console.lines(json_line(message_json(message)) for message in ledger.messages())
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
def purge(console: Console, env: str | None, age: float) -> int:
    """Forget masked numbers, references and texts of messages that were settled long ago.

    Their keys and states stay, so that nobody gets them twice. Messages planned or in doubt are kept as they are.
    """
    from sendspec.operations.ledger_session import ledger_to_write

    context = _context(console, env)
    if context is None:
        return 1
    with ledger_to_write(context) as (ledger, _):
        ledger.begin(this_process(), now=time.time())
        purged = ledger.purge(before=time.time() - age)
        ledger.end(now=time.time(), ending="finished", requests=0)
    console.result(f"purged {counted(purged, 'message')}")
    console.document({"schema": "sendspec.ledger-purge/1", "environment": context.environment.name, "purged": purged})
    return 0
