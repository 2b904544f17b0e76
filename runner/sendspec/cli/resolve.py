"""`sendspec resolve`: a person settles messages in doubt, or gives up planned ones, with a recorded reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, recipients_option, rejects
from sendspec.cli.named_specs import environment_words, spec_paths
from sendspec.cli.project import open_jobs, open_specs
from sendspec.composing.identity import id_in
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.resolve import give_up_generation, give_up_orphans, recorded_reason, settle
from sendspec.operations.send_job import Job
from sendspec.operations.status import spec_statuses
from sendspec.planning.message_state import State
from sendspec.showing.next_step import next_text
from sendspec.showing.status import next_commands, status_document, status_text

SKIPPED = "skipped"
TARGETS = {"accepted": State.ACCEPTED, "not-sent": State.PLANNED, SKIPPED: State.SKIPPED}


class _Target(click.Choice[str]):
    """What became of messages. `skip` is accepted for `skipped`, its former name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(SKIPPED if value == "skip" else value, param, ctx)


@click.command("resolve")
@click.argument("which", metavar="SPEC|ID...", nargs=-1, required=True)
@environment_option
@recipients_option
@click.option("--as", "target", type=_Target(list(TARGETS)), required=True, help="What became of them.")
@click.option(
    "--reason",
    required=True,
    metavar="TEXT",
    help="How you know. The ledger records it, without whole numbers and addresses.",
)
@click.option(
    "--left",
    is_flag=True,
    help="Give up messages that were planned, were never sent, and have no row in the table any more.",
)
@click.option(
    "--generation",
    type=click.IntRange(1, 1_000_000_000),
    metavar="N",
    help="Give up generation N, whether or not its send has begun.",
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
    """Record what became of messages in doubt: all of a SPEC, or single ones by their ID.

    `accepted` and `skipped` are final. With `not-sent`, the next send sends them again, under another reference: if you
    are wrong, somebody gets the message twice.

    \b
    Examples:
      sendspec resolve specs/welcome.yaml --as accepted --reason "all are in the vendor's log" --env production
      sendspec resolve m3f2a9c0d5b7e81f4a6c2d9e0b1f3a5c7 --as not-sent --reason "support says so, case 4711"
      sendspec resolve specs/welcome.yaml --left --as skipped --reason "they have cancelled"
      sendspec resolve specs/welcome.yaml --generation 2 --as skipped --reason "called off"
    """
    if not reason.strip():
        raise click.UsageError("--reason says how you know: write it down")
    if recorded_reason(reason) != reason:
        console.say("note: the ledger never holds whole numbers and addresses: those in the reason are masked")
    if left or generation is not None:
        return _give_up(console, which, env, recipients, target=target, reason=reason, left=left, generation=generation)
    ids = [identity for word in which if (identity := id_in(word)) is not None]
    problems = Problems()
    context, read = open_specs(console, [word for word in which if id_in(word) is None], env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    with ledger_to_write(context) as ledger:
        names = names_of(read, ledger)
        doubts = settle(context, ledger, read, ids, to=TARGETS[target], reason=reason)
        console.say(f"{counted(len(doubts), 'message')} settled as {target}")
        shown = names | {doubt.name for doubt in doubts}
        options = environment_words(context, env)
        _show_status(console, context, ledger, shown, options=options, more={"resolved": len(doubts)})
    return ExitCode.DONE


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
    """Gives up planned messages: those without a recipient in the table, or a whole generation."""
    if target != SKIPPED:
        raise click.UsageError("--left and --generation give messages up: write --as skipped")
    if left and generation is not None:
        raise click.UsageError("give either --left or --generation, not both")
    if any(id_in(word) is not None for word in which) or (generation is not None and len(which) > 1):
        raise click.UsageError("--left takes specs, and --generation one spec")
    problems = Problems()
    jobs: list[Job] = []
    if left:
        context, jobs = open_jobs(console, which, env, recipients, problems)
        specs = [job.spec for job in jobs]
    else:
        context, specs = open_specs(console, which, env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    with ledger_to_write(context) as ledger:
        if generation is not None:
            count = give_up_generation(context, ledger, specs[0], generation, reason)
        else:
            count = give_up_orphans(context, ledger, jobs, reason, problems)
            if rejects(console, problems, ending="nothing was changed"):
                return ExitCode.REJECTED
        console.say(f"{counted(count, 'message')} given up")
        shown, options = {spec.name for spec in specs}, environment_words(context, env)
        _show_status(console, context, ledger, shown, options=options, jobs=jobs, more={"resolved": count})
    return ExitCode.DONE


def _show_status(
    console: Console,
    context: ProjectContext,
    ledger: Facts,
    names: Collection[str],
    *,
    options: str,
    jobs: Sequence[Job] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """Prints what an open ledger knows of the specs in `names`, or of all; `more` joins the JSON document.

    The tables of `jobs` tell who is planned and no longer a recipient. `options` end the next commands.
    """
    environment = context.environment.name
    statuses = spec_statuses(ledger, names, jobs)
    console.document({**status_document(statuses, environment, None), **(more or {})})
    console.result(status_text(statuses, environment, console.out))
    if not console.quiet and not console.is_json:
        approved = context.environment.approvals is not None
        paths = spec_paths(context, ledger, statuses)
        console.tell(next_text(next_commands(statuses, (), paths, options, listed=True, approved=approved)))
