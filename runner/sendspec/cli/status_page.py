"""`status --format markdown`: a page for a living issue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import click

from sendspec.cli.console import Console
from sendspec.cli.job import in_job, steps_in_job
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord
from sendspec.operations.changed_since import ChangedSince, changed_since
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reason_count import reason_counts
from sendspec.operations.status import IN_DOUBT, REFUSED, SpecStatus, messages_of
from sendspec.planning.message_state import State
from sendspec.reading.environment import LedgerFile
from sendspec.showing.markdown.status import StatusPage, status_markdown


def refuse_lists(console: Console, *, lists: bool) -> None:
    """A page names nobody, so it has no list of messages."""
    if lists and console.format == "markdown":
        raise click.UsageError(
            "a page of Markdown lists no messages, because many people may read it: leave out the list, or use another --format"
        )


def show_page(
    console: Console,
    context: ProjectContext,
    ledger: Facts | None,
    statuses: Sequence[SpecStatus],
    path_by_name: Mapping[str, str],
    commands_of: Callable[[Sequence[SpecStatus], Collection[str], Collection[str]], Sequence[str]],
    note: str = "",
) -> None:
    """`path_by_name` are the specs' files. `ledger` is None if there is none yet.

    `commands_of` tells what comes next, given the names of specs whose files are gone, and of those that need another plan.
    """
    console.state.is_printed = True
    changed = {} if ledger is None else changed_since(statuses, path_by_name, context, ledger)
    found = [_as_planned(status, changed.get(status.name)) for status in statuses]
    gone = [name for name, each in changed.items() if each.is_gone]
    held = [name for name, each in changed.items() if each.held or each.left]
    commands = commands_of(found, gone, held)
    steps, typed = steps_in_job(commands) if in_job(console) else ([], commands)
    shown = StatusPage(
        environment=context.environment.name,
        specs=found,
        refusals=() if ledger is None else reason_counts(messages_of(ledger, statuses, REFUSED)),
        doubts=() if ledger is None else reason_counts(_doubts(ledger, statuses)),
        changed=changed,
        steps=steps,
        commands=typed,
        ledger=context.ledger_file if isinstance(context.environment.ledger, LedgerFile) else "",
        note=note,
    )
    console.lines([status_markdown(shown)])


def _as_planned(status: SpecStatus, since: ChangedSince | None) -> SpecStatus:
    """The status with what a plan finds: messages of recipients who are no longer in the table."""
    if since is None or since.left is None:
        return status
    return replace(status, account=replace(status.account, left=since.left))


def _doubts(ledger: Facts, statuses: Sequence[SpecStatus]) -> Iterator[MessageRecord]:
    """The messages in doubt that no living run is sending."""
    living = {status.name for status in statuses if status.under_way is not None}
    for message in messages_of(ledger, statuses, IN_DOUBT):
        if not message.is_under_way and (message.state is State.IN_DOUBT or message.name not in living):
            yield message
