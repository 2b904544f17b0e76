"""`sendspec resolve`: a person settles messages in doubt, or gives up planned ones, with a recorded reason."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, recipients_option, rejects
from sendspec.cli.status import show_status
from sendspec.composing.identity import id_in, id_text
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import Change, Doubt, SpecIdentity
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.transitions import MOVE_BY_NAME
from sendspec.operations.continuity import highest_used
from sendspec.operations.ledger_session import ledger_to_write
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.orphan import find_orphans
from sendspec.operations.project_context import open_context, this_process
from sendspec.operations.renamed_spec import names_of, other_names
from sendspec.operations.send_job import Job
from sendspec.planning.message_state import State
from sendspec.reading.spec import Spec, read_spec

SKIPPED = "skipped"
TARGETS = {"accepted": State.ACCEPTED, "not-sent": State.PLANNED, SKIPPED: State.SKIPPED}


class _Target(click.Choice[str]):
    """What became of messages; `skip` is what `skipped` was called before."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(SKIPPED if value == "skip" else value, param, ctx)


@click.command("resolve")
@click.argument("which", metavar="SPEC|ID...", nargs=-1, required=True)
@environment_option
@recipients_option
@click.option("--as", "target", type=_Target(list(TARGETS)), required=True, help="What became of them.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know; it is recorded.")
@click.option("--left", is_flag=True, help="Give up who was planned, was never sent, and is no longer in the table.")
@click.option(
    "--generation",
    type=click.IntRange(1, 1_000_000_000),
    metavar="N",
    help="Give up generation N, whether it was begun or not.",
)
@common_options
def command(
    console: Console,
    which: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    target: str,
    reason: str,
    left: bool,
    generation: int | None,
) -> int:
    """Settle messages in doubt on your word: those of a SPEC, or single ones by their ID.

    `accepted` and `skipped` are final. `not-sent` lets the next send send them, under another reference, so that the API's list
    can still tell the two apart: if you are wrong, somebody gets the message twice.

    \b
    Examples:
      sendspec resolve specs/welcome.yaml --as accepted --reason "all are in the vendor's log" --env production
      sendspec resolve m3f2a9c0d5b7e81f4a6c2d9e0b1f3a5c7 --as not-sent --reason "support says so, case 4711"
      sendspec resolve specs/welcome.yaml --left --as skipped --reason "they have cancelled"
      sendspec resolve specs/welcome.yaml --generation 2 --as skipped --reason "called off"
    """
    if not reason.strip():
        raise click.UsageError("--reason says how you know: write it down")
    if left or generation is not None:
        return _give_up(console, which, env, recipients, target=target, reason=reason, left=left, generation=generation)
    ids = [identity for word in which if (identity := id_in(word)) is not None]
    specs = [word for word in which if id_in(word) is None]
    problems = Problems()
    context = open_context(specs, env, problems)
    read = [spec for path in specs if (spec := read_spec(path, problems)) is not None]
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return 1
    with ledger_to_write(context) as (ledger, _):
        names = names_of(read, ledger)
        ledger.begin(this_process(), now=time.time())
        chosen = _chosen(ledger, ids, names)
        move = MOVE_BY_NAME["resolve"]
        state = TARGETS[target]
        changes = [
            Change(id=d.id, attempt=d.attempt, to=state, reason=reason, resend=state is State.PLANNED) for d in chosen
        ]
        ledger.move(move, changes, now=time.time())
        ledger.end(now=time.time(), ending="finished", requests=0)
        console.say(f"{counted(len(changes), 'message')} settled as {target}")
        shown = names | {doubt.name for doubt in chosen}
        show_status(console, context, ledger, shown, more={"resolved": len(changes)})
    return 0


def _chosen(ledger: SqliteLedger, ids: Sequence[bytes], names: set[str]) -> list[Doubt]:
    """The messages in doubt that were meant. Raises `click.UsageError` for an id that isn't in doubt."""
    doubts = {doubt.id: doubt for doubt in ledger.doubts()}
    for identity in ids:
        if identity not in doubts:
            known = ledger.facts([identity]).get(identity)
            state = "not in the ledger" if known is None else f"'{known.state.value}'"
            raise click.UsageError(f"{id_text(identity)} is not in doubt, it is {state}")
    return [doubt for doubt in doubts.values() if doubt.id in ids or doubt.name in names]


def _give_up(
    console: Console,
    which: Sequence[str],
    env: str | None,
    recipients: str | None,
    *,
    target: str,
    reason: str,
    left: bool,
    generation: int | None,
) -> int:
    """Planned messages that a person gives up: who is left over, or a whole generation."""
    if target != SKIPPED:
        raise click.UsageError("--left and --generation give messages up: write --as skipped")
    if left and generation is not None:
        raise click.UsageError("--left and --generation are two things: give one of them")
    if any(id_in(word) is not None for word in which) or (generation is not None and len(which) > 1):
        raise click.UsageError("--left takes specs, and --generation one spec")
    problems = Problems()
    jobs: list[Job] = []
    if left:
        context, jobs = open_jobs(which, env, recipients, problems)
        specs = [job.spec for job in jobs]
    else:
        context = open_context(which, env, problems)
        specs = [spec for path in which if (spec := read_spec(path, problems)) is not None]
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return 1
    with ledger_to_write(context) as (ledger, _):
        if generation is not None:
            attempts = _of_generation(ledger, specs[0], generation)
        else:
            attempts = _left_of(ledger, jobs, problems)
            if rejects(console, problems, ending="nothing was changed"):
                return 1
        ledger.begin(this_process(), now=time.time())
        changes = [
            Change(id=identity, attempt=attempt, to=State.SKIPPED, reason=reason)
            for identity, attempt in attempts.items()
        ]
        ledger.move(MOVE_BY_NAME["drop"], changes, now=time.time())
        if generation is not None:
            ledger.give_up(SpecIdentity(specs[0].name, generation, context.relative(specs[0].path)), reason)
        ledger.end(now=time.time(), ending="finished", requests=0)
        console.say(f"{counted(len(changes), 'message')} given up")
        show_status(console, context, ledger, {spec.name for spec in specs}, jobs=jobs, more={"resolved": len(changes)})
    return 0


def _of_generation(ledger: SqliteLedger, spec: Spec, generation: int) -> dict[bytes, int]:
    """The planned messages of a generation. Raises `click.UsageError` for one whose turn has not come."""
    names = (spec.name, *other_names(spec, ledger))
    highest = highest_used([send for name in names for send in ledger.sends(name)], ledger)
    if highest is not None and generation > highest + 1:
        raise click.UsageError(f"generation {highest + 1} of '{spec.name}' comes first: the highest used is {highest}")
    return {identity: attempt for name in names for identity, of, attempt in ledger.waiting(name) if of == generation}


def _left_of(ledger: SqliteLedger, jobs: Iterable[Job], problems: Problems) -> dict[bytes, int]:
    """The planned messages of whom today's tables don't have."""
    attempts: dict[bytes, int] = {}
    for job in jobs:
        attempts.update(find_orphans(job, ledger, problems))
    return attempts
