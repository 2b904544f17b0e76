"""`sendspec render`: the request bodies, exactly as they would be sent."""

from __future__ import annotations

from itertools import islice

import click

from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    recipients_option,
    rejected,
    rejects,
    specs_argument,
)
from sendspec.cli.project import open_jobs
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.offline_plan import check_jobs
from sendspec.operations.render import note_table_changes, rendered_bodies
from sendspec.reading.files.confined_path import without_detour


@click.command("render")
@specs_argument
@environment_option
@recipients_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Print only the first N messages.")
@click.option("--key", metavar="KEY", help="Print only the message of the recipient with this key.")
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    limit: int | None,
    key: str | None,
) -> int:
    """Print the exact request bodies, one JSON object per line, in file order.

    Checks every row first, and prints nothing if one has an error. With several specs, --key prints the recipient's
    message from each; it is an error if none has one.

    \b
    Examples:
      sendspec render specs/welcome.yaml --limit 3
      sendspec render specs/welcome.yaml --key +31612345678
    """
    problems = Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    plans = check_jobs(jobs, context, problems, 1)
    if rejects(console, problems):
        return ExitCode.REJECTED
    console.diagnostics(list(problems), ending="nothing was sent", as_result=False)
    if context is not None:
        console.say(context.provisional_note)
    if any(plan.looks_back for plan in plans):
        console.say("note: `only: undelivered` is looked up by `plan` and `send`; every row is printed here")
    again = Problems()
    if key is None:
        bodies = rendered_bodies(jobs, None, again)
    else:
        from sendspec.operations.key_search import messages_for_key  # for one recipient alone

        found, missed = messages_for_key(jobs, key, again, is_public=console.system.is_ci)
        if not found and missed and not again.has_errors:
            return rejected(console, missed)
        for diagnostic in missed:
            console.say(f"note: {without_detour(diagnostic.path)}: {diagnostic.problem}")
        bodies = iter(found)
    console.lines(body + b"\n" for body in islice(bodies, limit))
    note_table_changes(jobs, again)
    if not again.has_errors:
        return ExitCode.DONE
    console.diagnostics(list(again), ending="don't use what was printed", as_result=False)
    return ExitCode.REJECTED
