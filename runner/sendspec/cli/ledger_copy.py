"""`sendspec ledger copy`: moves the ledger of an environment to another place."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_copy import copy_environment_ledger, named_ledger
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.access_key import origin_of
from sendspec.reading.environment import LEDGER_SCHEMA, LedgerFile, LedgerServer


@click.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@environment_option
@common_options
def command(console: Console, source: str, target: str, env: str | None) -> int:
    """Move an environment's ledger: copy all that it holds to another place, which then is the one that sends.

    FROM and TO are each a file (PATH), or a PostgreSQL database whose URL is in an environment variable (env:VARIABLE, or
    env:VARIABLE:SCHEMA). At TO there must be nothing yet. FROM is kept, marked as moved: it can be read, and sends nothing more.
    No run may be under way. If the command is stopped, run it again: at no moment can both of them send.

    \b
    Examples:
      sendspec ledger copy .sendspec/production.db env:SENDSPEC_LEDGER_URL --env production
      sendspec ledger copy env:SENDSPEC_LEDGER_URL .sendspec/production-2.db --env production
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    here, there = named_ledger(source, context), named_ledger(target, context)
    done = copy_environment_ledger(context, here, there, lambda words: console.detail(f"{words}…"))
    messages, events = done.content.rows["message"], done.content.rows["event"]
    verb = "finished the copy of" if done.is_completed else "copied"
    moved = f"{verb} {counted(messages, 'message')} and {counted(events, 'event')} from {here.shown} to {there.shown}"
    console.result(printable(moved))
    if any(done.kept):
        kept = f"{counted(done.kept.deliveries, 'delivery', 'deliveries')} and {counted(done.kept.signals, 'signal')} of opt-outs"
        console.result(f"with {kept}")
    console.result(printable(f"{here.shown} is marked as moved, and sends nothing more"))
    console.document(
        {
            "schema": "sendspec.ledger-copy/1",
            "environment": context.environment.name,
            "from": here.shown,
            "to": there.shown,
            "messages": messages,
            "states": done.content.states,
            "events": events,
            "deliveries": done.kept.deliveries,
            "opt_outs": done.kept.signals,
            "completed": done.is_completed,
        }
    )
    if context.environment.ledger != there:
        console.say(f"next: name the new one in {context.project_path}, under '{context.environment.name}':")
        console.say(f"  ledger: {_written(context, there)}")
    return ExitCode.DONE


def _written(context: ProjectContext, ledger: LedgerFile | LedgerServer) -> str:
    """The ledger as the project file names it."""
    if isinstance(ledger, LedgerFile):
        file = ledger.file
        root = context.root.absolute()
        return f"{{file: {file.relative_to(root) if file.is_relative_to(root) else file}}}"
    schema = "" if ledger.schema == LEDGER_SCHEMA else f", schema: {ledger.schema}"
    return f"{{url: {{env: {origin_of(ledger.url)}}}{schema}}}"
