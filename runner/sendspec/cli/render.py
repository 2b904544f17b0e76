"""`sendspec render`: the request bodies, exactly as they would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import click

from sendspec.cli.console import Console, common_options, environment_option, recipients_option, rejects, specs_argument
from sendspec.cli.project import open_jobs
from sendspec.composing.identity import message_id
from sendspec.composing.message import Message
from sendspec.composing.reach import Reach
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.offline_plan import check_jobs
from sendspec.operations.send_job import Job


@click.command("render")
@specs_argument
@environment_option
@recipients_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Print the first N only.")
@click.option("--key", metavar="KEY", help="Print the message of this recipient key only.")
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    recipients: str | None,
    limit: int | None,
    key: str | None,
) -> int:
    """Print the exact request bodies, one JSON object a line, in file order.

    Every row is checked first: where one is rejected, nothing is printed.

    \b
    Examples:
      sendspec render specs/welcome.yaml --limit 3
      sendspec render specs/welcome.yaml --key +31612345678
    """
    problems = Problems()
    context, jobs = open_jobs(console, specs, env, recipients, problems)
    check_jobs(jobs, problems, 1)
    if rejects(console, problems):
        return ExitCode.REJECTED
    console.diagnostics(list(problems), ending="nothing was sent", as_result=False)
    if context is not None:
        console.say(context.provisional_note)
    again = Problems()
    bodies = (message.body for job in jobs for message in _messages(job, key, again))
    console.lines(body + b"\n" for body in islice(bodies, limit))
    return _changed_meanwhile(console, jobs, again)


def _messages(job: Job, key: str | None, problems: Problems) -> Iterator[Message]:
    wanted = None if key is None else _ids(job, key)
    reach = Reach(suppressed=job.suppressed)
    for item in job.composed(problems):
        if isinstance(item, Message) and not reach.barred(item) and (wanted is None or item.id in wanted):
            yield item


def _changed_meanwhile(console: Console, jobs: Sequence[Job], problems: Problems) -> int:
    """The exit code of what was printed: a table that changed since its rows were checked is told."""
    if not problems.has_errors:
        for job in jobs:
            job.table.note_change(problems)
    if not problems.has_errors:
        return ExitCode.DONE
    console.diagnostics(list(problems), ending="what was printed is not to be trusted", as_result=False)
    return ExitCode.REJECTED


def _ids(job: Job, key: str) -> set[bytes]:
    """The ids that a key as typed can mean: as it stands, and as a normalised address."""
    spellings = {key, normal if isinstance(normal := job.program.normalise(key), str) else key}
    return {message_id(job.setting.salt, job.spec.name, job.spec.generation, spelling) for spelling in spellings}
