"""`sendspec reconcile`: asks the API what became of messages in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

import click

from sendspec.cli.console import Console, common_options, environment_option, optional_specs_argument, rejects
from sendspec.cli.console_listener import ConsoleListener
from sendspec.cli.exit_code import code_of_signal
from sendspec.cli.interrupt import stop_on_signals
from sendspec.cli.named_specs import environment_words, paths_and_names, spec_paths
from sendspec.cli.project import open_specs
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import find_rows
from sendspec.operations.reconcile import Reconciliation, reconciled
from sendspec.operations.run_ending import describe_ending
from sendspec.operations.status import IN_DOUBT, NeverSent, SpecStatus, messages_of, never_sent, spec_statuses
from sendspec.sending.ending import StoppedByApi
from sendspec.sending.reconciliation import Reconciled
from sendspec.showing.message_list import message_lines
from sendspec.showing.next_step import next_text
from sendspec.showing.reconcile import left_text, reconciled_json, reconciled_lines, settling_commands
from sendspec.showing.status import next_commands, status_document, status_text

LISTED = 20
"""Messages in doubt that the text lists."""


@click.command("reconcile")
@optional_specs_argument
@environment_option
@common_options
def command(console: Console, specs: tuple[str, ...], env: str | None) -> int:
    """Ask the API what became of messages in doubt; without SPEC, of all in the ledger. A SPEC may also be given by its name.

    A message that the API lists was accepted. One that it doesn't list stays in doubt, unless its spec says `in_doubt:
    resend_if_absent` and two complete lists lacked it. What stays in doubt is listed, and `sendspec resolve` settles it. Exits
    with 4 while doubts remain.

    \b
    Examples:
      sendspec reconcile --env production
      sendspec reconcile specs/welcome.yaml --env production
      sendspec reconcile welcome
    """
    paths, names = paths_and_names(specs)
    problems = Problems()
    context, read = open_specs(console, paths, env, problems)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    listener = ConsoleListener(console)
    with reconciled(context, read, listener, names=names, interruptible=stop_on_signals) as found:
        path_by_name = {**dict.fromkeys(names), **{spec.name: spec.path for spec in read}}
        _show(console, context, found, path_by_name, environment_words(context, env))
    return _exit_code(found.outcome, found.interrupted)


def _show(
    console: Console,
    context: ProjectContext,
    found: Reconciliation,
    path_by_name: Mapping[str, str | None],
    options: str,
) -> None:
    """`path_by_name` are the specs that were asked for; None where only the name was given."""
    outcome, ledger = found.outcome, found.ledger
    for line in reconciled_lines(outcome):
        console.warn(line)
    more: dict[str, Any] = {"reconciled": reconciled_json(outcome)}
    if outcome.refusal is not None:
        words = describe_ending(StoppedByApi(outcome.refusal))
        more |= {"error": {"code": words.code, "problem": words.problem, "fix": words.fix}, "sent": False}
    statuses = spec_statuses(ledger, found.names)
    unsent = never_sent(path_by_name, {each.name for each in statuses}, {send.name for send in ledger.sends()})
    if not unsent and not outcome.left and not outcome.found and not outcome.freed:
        console.say("no message is in doubt")
    given = {name: path for name, path in path_by_name.items() if path is not None}
    listed = [message for message in messages_of(ledger, statuses, IN_DOUBT) if not message.is_under_way]
    rows = find_rows(listed, context, ledger, list(given.values()))
    for note in rows.notes:
        console.warn(note)
    environment = context.environment.name
    console.document({**status_document(statuses, environment, listed, rows=rows, never_sent=unsent), **more})
    console.result(status_text(statuses, environment, console.out, unsent))
    if listed:
        console.result(f"\n{left_text(len(listed))}:")
        console.result_lines(message_lines(listed[:LISTED], console.out, rows))
        if len(listed) > LISTED:
            console.result(f"and {len(listed) - LISTED} more: sendspec status --in-doubt{options}")
    if not console.quiet and not console.is_json:
        paths = {**spec_paths(context, ledger, statuses), **given}
        console.tell(next_text(_commands(context, found, statuses, unsent, paths, options)))


def _commands(
    context: ProjectContext,
    found: Reconciliation,
    statuses: Sequence[SpecStatus],
    unsent: Sequence[NeverSent],
    paths: Mapping[str, str],
    options: str,
) -> list[str]:
    """What to do next: settle what is in doubt, else what `status` would name. Nobody settles a spec while a run sends it."""
    doubtful = [
        quote(paths.get(each.name, "SPEC"))
        for each in statuses
        if each.under_way is None and (each.account.in_doubt or each.earlier_doubts)
    ]
    if doubtful:
        again = bool(found.outcome.unread or found.outcome.held or found.outcome.refusal)
        return settling_commands(" ".join(doubtful), options, again=again)
    approved = context.environment.approvals is not None
    return next_commands(statuses, unsent, paths, options, listed=True, approved=approved)


def _exit_code(outcome: Reconciled, signal: int | None) -> ExitCode:
    if signal is not None:
        return code_of_signal(signal)
    if outcome.refusal is not None:
        return ExitCode.API_REFUSED
    return ExitCode.IN_DOUBT if outcome.left else ExitCode.DONE
