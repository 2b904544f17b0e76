"""`sendspec ledger check`: whether the ledger can be trusted."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.protocol import NOTHING_KEPT, DeliveryCounts
from sendspec.operations.ledger_access import ledger_to_inspect
from sendspec.operations.ledger_check import delivery_state, last_seal_of, ledger_problems, note_checked
from sendspec.showing.failure import error_json


@click.command("check")
@environment_option
@common_options
def command(console: Console, env: str | None) -> int:
    """Check whether the ledger is whole, and whether it is the latest copy."""
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was changed") or context is None:
        return ExitCode.REJECTED
    file = context.environment.ledger.shown
    seal = last_seal_of(context)  # before anything is read
    with ledger_to_inspect(context, console.warn) as ledger:
        found, kind = ledger_problems(ledger)
        count = 0 if found else sum(sum(ledger.states(s.name, s.generation).values()) for s in ledger.sends())
    kept, trouble = (NOTHING_KEPT, None) if found else delivery_state(context)
    if trouble is not None:
        found = [trouble.problem]
    document = {
        "schema": "sendspec.ledger-check/1",
        "environment": context.environment.name,
        "problems": found,
        "messages": count,
        "deliveries": kept.deliveries,
        "opt_outs": kept.signals,
    }
    if found:
        trouble = trouble or kind(f"{file}: {'; '.join(found)}", "restore it from a backup")
        console.document({**document, "error": error_json(trouble), "sent": False})
        raise trouble
    note_checked(context, seal)
    console.document(document)
    console.result(printable(f"{file}: ok, {counted(count, 'message')}{_of_deliveries(kept)}"))
    return ExitCode.DONE


def _of_deliveries(kept: DeliveryCounts) -> str:
    """What is known beyond acceptance, where anything is."""
    if not any(kept):
        return ""
    return f", {counted(kept.deliveries, 'delivery', 'deliveries')}, {counted(kept.signals, 'signal')} of opt-outs"
