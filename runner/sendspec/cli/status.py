"""`sendspec status`: what the ledger knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from sendspec.cli.console import Console, environment_option, options_with_forms, rejects, specs_argument
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.export import csv_lines
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read
from sendspec.operations.lockfile_entry import find_identity
from sendspec.operations.orphan import find_orphans
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.send_job import Job, read_jobs
from sendspec.planning.decide import Skip
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.reading.spec import Spec, StandardInput, read_spec
from sendspec.showing.status import SpecStatus, message_json, messages_text, status_document, status_text

FAILED = (State.REFUSED,)
IN_DOUBT = (State.SENDING, State.IN_DOUBT)
NOT_SENT = (State.PLANNED,)


@click.command("status")
@(lambda command: specs_argument(command, required=False))
@environment_option
@click.option("--messages", is_flag=True, help="List every message.")
@click.option("--failed", is_flag=True, help="List the messages that the API refused.")
@click.option("--in-doubt", is_flag=True, help="List the messages whose fate is not known.")
@click.option("--not-sent", is_flag=True, help="List the messages that are planned and not sent.")
@options_with_forms("text", "json", "csv")
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    messages: bool,
    failed: bool,
    in_doubt: bool,
    not_sent: bool,
) -> int:
    """Show what the ledger knows of each spec's newest generation.

    Totals are the ledger's; works while a send is under way. Reads a SPEC's recipients only to tell who was planned and is no
    longer among them.

    \b
    Examples:
      sendspec status
      sendspec status specs/welcome.yaml --env production --failed
      sendspec status --in-doubt --format csv > in-doubt.csv
    """
    problems = Problems()
    context = open_context(specs, env, problems)
    read = [spec for path in specs if (spec := read_spec(path, problems)) is not None]
    if rejects(console, problems) or context is None:
        return 1
    chosen = [(failed, FAILED), (in_doubt, IN_DOUBT), (not_sent, NOT_SENT)]
    states = tuple(State) if messages else tuple(state for flag, group in chosen if flag for state in group)
    _show(console, context, read, states, specs)
    return 0


def _show(
    console: Console, context: ProjectContext, read: Sequence[Spec], states: Sequence[State], specs: Sequence[str]
) -> None:
    environment = context.environment.name
    identity = find_identity(context)
    if identity is None:
        console.say(f"note: the environment '{environment}' has no ledger yet")
        console.result(status_text([], environment, console.out))
        console.document(status_document([], environment, [] if states else None))
        return
    ledger = open_to_read(context.environment.ledger.file, identity.ledger, salt=identity.salt, latest=True)
    try:
        show_status(console, context, ledger, names_of(read, ledger), states, jobs=_jobs(specs, context, ledger))
    finally:
        ledger.close()


def _jobs(paths: Sequence[str], context: ProjectContext, ledger: SqliteLedger) -> list[Job]:
    """The specs whose recipients are worth reading: messages are planned, and the table is a file that can be read."""
    specs = [spec for path in paths if (spec := read_spec(path, Problems())) is not None]
    read = [
        spec.path
        for spec in specs
        if not isinstance(spec.recipients, StandardInput)
        and ledger.states(spec.name, spec.generation).get(State.PLANNED)
    ]
    return read_jobs(read, context, None, Problems())


def show_status(
    console: Console,
    context: ProjectContext,
    ledger: SqliteLedger,
    names: set[str],
    states: Sequence[State] = (),
    *,
    jobs: Sequence[Job] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """What an open ledger knows of the specs in `names`, or of all, as the console's form has it; `more` joins the JSON document.

    Of the specs in `jobs`, who is left is told by today's table as well.
    """
    environment = context.environment.name
    statuses = _statuses(ledger, names, {job.spec.name: job for job in jobs})
    if console.format == "csv":
        console.lines(
            csv_lines(message_json(message) for message in _messages(ledger, statuses, states or tuple(State)))
        )
        return
    listed = _messages(ledger, statuses, states) if states else None
    if console.is_json:
        console.document({**status_document(statuses, environment, listed), **(more or {})})
        return
    console.result(status_text(statuses, environment, console.out))
    console.result(messages_text(listed or (), console.out))


def _statuses(ledger: SqliteLedger, names: set[str], job_by_name: Mapping[str, Job]) -> list[SpecStatus]:
    newest = {
        spec.name: spec.generation
        for spec in ledger.sends()
        if (not names or spec.name in names) and (spec.messages or spec.given_up is None)
    }
    return [
        SpecStatus(
            name=name,
            generation=generation,
            earlier_doubts=ledger.uncertain(name) - _in_doubt(ledger.states(name, generation)),
            account=replace(
                totals_of_states(states := ledger.states(name, generation)),
                skipped=ledger.skips(name, generation) if states.get(State.SKIPPED) else {},
                left=_left(ledger, name, generation, job_by_name.get(name)),
            ),
        )
        for name, generation in newest.items()
    ]


def _left(ledger: SqliteLedger, name: str, newest: int, job: Job | None) -> int:
    """Who was planned in an older generation; by today's table, where it can be read, also whom it no longer has."""
    if job is not None:
        problems = Problems()
        left = find_orphans(job, ledger, problems)
        if not problems.has_errors:
            return len(left)
    return sum(count for generation, count in ledger.planned(name).items() if generation < newest)


def _in_doubt(states: Mapping[State, int]) -> int:
    return sum(states.get(state, 0) for state in IN_DOUBT)


def totals_of_states(states: dict[State, int]) -> Totals:
    """The ledger's states as an account: what is on its way counts as in doubt until it is settled."""
    skipped = states.get(State.SKIPPED, 0)
    return Totals(
        accepted=states.get(State.ACCEPTED, 0),
        refused=states.get(State.REFUSED, 0),
        in_doubt=_in_doubt(states),
        not_sent=states.get(State.PLANNED, 0),
        skipped={Skip.SETTLED_BY_HAND.value: skipped} if skipped else {},
    )


def _messages(ledger: SqliteLedger, statuses: Sequence[SpecStatus], states: Sequence[State]) -> Iterable[MessageRecord]:
    """Of the newest generations; those in doubt of every generation, as they have to be settled all the same."""
    wanted = {(status.name, status.generation) for status in statuses}
    names = {status.name for status in statuses}
    return (
        message
        for message in ledger.messages(states)
        if (message.name, message.generation) in wanted or (message.state in IN_DOUBT and message.name in names)
    )
