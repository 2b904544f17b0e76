"""`status --format markdown`: a page for a living issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from sendspec.cli.console import Console
from sendspec.ledger.protocol import Facts
from sendspec.operations.changed_since import changed_since
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.refusal_count import refusal_counts
from sendspec.operations.status import REFUSED, SpecStatus, messages_of
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
    commands: Sequence[str],
) -> None:
    """`path_by_name` are the specs' files, `commands` what comes next. `ledger` is None if there is none yet."""
    console.state.is_printed = True
    shown = StatusPage(
        environment=context.environment.name,
        specs=statuses,
        refusals=() if ledger is None else refusal_counts(messages_of(ledger, statuses, REFUSED)),
        changed={} if ledger is None else changed_since(statuses, path_by_name, context, ledger),
        commands=commands,
    )
    console.lines([status_markdown(shown)])
