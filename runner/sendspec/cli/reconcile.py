"""`sendspec reconcile`: asks the API what became of messages in doubt."""

from __future__ import annotations

from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects, specs_argument
from sendspec.cli.console_listener import ConsoleListener
from sendspec.cli.exit_code import code_of_signal
from sendspec.cli.interrupt import stop_on_signals
from sendspec.cli.project import open_specs
from sendspec.cli.status import show_status
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.reconcile import reconciled
from sendspec.operations.run_ending import describe_ending
from sendspec.sending.ending import StoppedByApi
from sendspec.sending.reconciliation import Reconciled
from sendspec.showing.reconcile import reconciled_json


@click.command("reconcile")
@(lambda command: specs_argument(command, required=False))
@environment_option
@common_options
def command(console: Console, specs: tuple[str, ...], env: str | None) -> int:
    """Ask the API what became of messages in doubt; without SPEC, of all in the ledger.

    A message that the API lists was accepted. One that it doesn't list stays in doubt, unless its spec says `in_doubt:
    resend_if_absent` and two complete lists lacked it. Sends nothing. Exits with 4 while messages are in doubt.

    \b
    Examples:
      sendspec reconcile --env production
      sendspec reconcile specs/welcome.yaml --env production
    """
    problems = Problems()
    context, read = open_specs(console, specs, env, problems)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    listener = ConsoleListener(console)
    with reconciled(context, read, listener, interruptible=stop_on_signals) as found:
        outcome = found.outcome
        listener.reconciled(outcome, context.environment.name)
        if not outcome.left and not outcome.found and not outcome.freed:
            console.say("no message is in doubt")
        more: dict[str, Any] = {"reconciled": reconciled_json(outcome)}
        if outcome.refusal is not None:
            words = describe_ending(StoppedByApi(outcome.refusal))
            more |= {"error": {"code": words.code, "problem": words.problem, "fix": words.fix}, "sent": False}
        show_status(console, context, found.ledger, found.names, more=more)
    return _exit_code(outcome, found.interrupted)


def _exit_code(outcome: Reconciled, signal: int | None) -> ExitCode:
    if signal is not None:
        return code_of_signal(signal)
    if outcome.refusal is not None:
        return ExitCode.API_REFUSED
    return ExitCode.IN_DOUBT if outcome.left else ExitCode.DONE
