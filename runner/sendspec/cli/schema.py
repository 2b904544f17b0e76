"""`sendspec schema`: the JSON Schemas, for editors and for other tools."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.reading.schema.location import schema_directory

NAMES = (
    "message", "batch", "response", "spec", "project", "plan", "preview", "show", "run", "status", "report", "wait", "diagnostics", "init",
    "doctor", "explain", "approve",
    "ledger-init", "ledger-check", "ledger-purge", "ledger-migrate", "ledger-copy", "opt-outs", "opt-outs-change",
    "sandbox", "sandbox-event", "sandbox-wait",
    "webhook-verify", "webhook-ingest", "webhook-serve",
)  # fmt: skip


@click.command("schema")
@click.argument("name", required=False, type=click.Choice(NAMES))
@common_options
def command(console: Console, name: str | None) -> int:
    """Print a JSON Schema; without a name, list them.

    \b
    Examples:
      sendspec schema message > message.schema.json
      sendspec schema spec > .vscode/spec.schema.json
    """
    if name is None:
        console.lines(f"{name}\n" for name in NAMES)
        return ExitCode.DONE
    console.lines([(schema_directory() / f"{name}.schema.json").read_bytes()])
    return ExitCode.DONE
