"""`sendspec resolve`: a person settles messages in doubt, with a recorded reason."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from runner.cli.held import ledger_to_write
from runner.cli.status import show_status
from runner.cli.view import View, common_options, environment_option, rejects
from runner.cli.workspace import open_workspace, this_process
from runner.composing.identity import id_in, id_text
from runner.ledger.record import Change, Doubt
from runner.ledger.sqlite import SqliteLedger
from runner.ledger.state import MOVE_BY_NAME
from runner.planning.fact import State
from runner.reading.diagnostic import Problems
from runner.reading.spec import read_spec
from runner.showing.ink import counted

TARGETS = {"accepted": State.ACCEPTED, "not-sent": State.PLANNED, "skip": State.SKIPPED}


@click.command("resolve")
@click.argument("which", metavar="SPEC|ID...", nargs=-1, required=True)
@environment_option
@click.option("--as", "target", type=click.Choice(list(TARGETS)), required=True, help="What became of them.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know; it is recorded.")
@common_options
def command(view: View, which: tuple[str, ...], env: str | None, target: str, reason: str) -> int:
    """Settle messages in doubt on your word: those of a SPEC, or single ones by their ID.

    `accepted` and `skip` are final. `not-sent` lets the next send send them, under another reference, so that the API's list
    can still tell the two apart: if you are wrong, somebody gets the message twice.

    \b
    Examples:
      sendspec resolve specs/welcome.yaml --as accepted --reason "all are in the vendor's log" --env production
      sendspec resolve m3f2a9c0d5b7e81f4a6c2d9e0b1f3a5c7 --as not-sent --reason "support says so, case 4711"
    """
    if not reason.strip():
        raise click.UsageError("--reason says how you know: write it down")
    ids = [identity for word in which if (identity := id_in(word)) is not None]
    specs = [word for word in which if id_in(word) is None]
    problems = Problems()
    workspace = open_workspace(specs, env, problems)
    names = {spec.name for path in specs if (spec := read_spec(path, problems)) is not None}
    if rejects(view, problems, ending="nothing was changed") or workspace is None:
        return 1
    with ledger_to_write(workspace) as (ledger, _):
        ledger.begin(this_process(), now=time.time())
        chosen = _chosen(ledger, ids, names)
        move = MOVE_BY_NAME["resolve"]
        state = TARGETS[target]
        changes = [
            Change(id=d.id, attempt=d.attempt, to=state, reason=reason, resend=state is State.PLANNED) for d in chosen
        ]
        ledger.move(move, changes, now=time.time())
        ledger.end(now=time.time(), ending="finished", requests=0)
        view.say(f"{counted(len(changes), 'message')} settled as {target}")
        shown = names | {doubt.name for doubt in chosen}
        show_status(view, workspace, ledger, shown, more={"resolved": len(changes)})
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
