"""`sendspec reconcile`: asks the API what became of messages in doubt."""

from __future__ import annotations

from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects, specs_argument
from sendspec.cli.exit_code import IN_DOUBT, code_of_signal, described, ending_code
from sendspec.cli.status import show_status
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.ledger_session import ledger_to_write
from sendspec.operations.ledger_view import freeing
from sendspec.operations.project_context import open_context
from sendspec.operations.renamed_spec import names_of
from sendspec.operations.session import Session
from sendspec.reading.spec import read_spec
from sendspec.sending.reconcile import Reconciled
from sendspec.sending.run import StoppedByApi
from sendspec.showing.reconcile import reconciled_json, reconciled_lines

REFUSED_AS_A_WHOLE = 5


@click.command("reconcile")
@(lambda command: specs_argument(command, required=False))
@environment_option
@common_options
def command(console: Console, specs: tuple[str, ...], env: str | None) -> int:
    """Ask the API what became of messages in doubt; without SPEC, of all in the ledger.

    A message that the API lists was accepted. One that it doesn't list stays in doubt, unless its spec says `in_doubt:
    resend_if_absent` and two complete lists lacked it. Exits with 4 while doubts remain.

    \b
    Examples:
      sendspec reconcile --env production
      sendspec reconcile specs/welcome.yaml --env production
    """
    problems = Problems()
    context = open_context(specs, env, problems)
    read = [spec for path in specs if (spec := read_spec(path, problems)) is not None]
    if rejects(console, problems) or context is None:
        return 1
    with ledger_to_write(context) as (ledger, lock):
        session = Session(console, context, ledger, lock)
        names = names_of(read, ledger) or None
        outcome = session.reconcile(names, freeing=freeing(read))
        session.end()
        for line in reconciled_lines(outcome, context.environment.name):
            console.warn(line)
        if not outcome.left and not outcome.found and not outcome.freed:
            console.say("no message is in doubt")
        more: dict[str, Any] = {"reconciled": reconciled_json(outcome)}
        if outcome.refusal is not None:
            problem, fix, _ = described(ending := StoppedByApi(outcome.refusal))
            more["error"] = {"code": ending_code(ending), "problem": problem, "fix": fix}
        show_status(console, context, ledger, names or set(), more=more)
    return _exit_code(outcome, session.interrupted)


def _exit_code(outcome: Reconciled, signal: int | None) -> int:
    if signal is not None:
        return code_of_signal(signal)
    if outcome.refusal is not None:
        return REFUSED_AS_A_WHOLE
    return IN_DOUBT if outcome.left else 0
