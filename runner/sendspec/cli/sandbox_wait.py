"""`sendspec sandbox wait`: for tests, waits until messages have arrived in the sandbox."""

from __future__ import annotations

import re
from typing import Any

import click

from sendspec.cli.common_flag import OnceOption
from sendspec.cli.console import Console, common_options, rejects
from sendspec.cli.gate_options import Duration
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.sandbox_wait import WaitRequest, wait_for_arrivals
from sendspec.sandbox.arrived import Wanted
from sendspec.showing.sandbox_wait import arrivals_document, arrivals_text

MAX_COUNT = 10_000
DEFAULT_TIMEOUT = "10"


class Seconds(click.ParamType[float]):
    """`5`, `0.5`, `5s`, `2m`."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,3})?", str(value)):
            return float(value)
        return float(Duration().convert(value, param, ctx))


@click.command("wait")
@click.option("--contains", cls=OnceOption, metavar="TEXT",
              help="Count messages with TEXT in them, spelled the same: in the text, the subject, HTML, a caption.")  # fmt: skip
@click.option("--to", cls=OnceOption, metavar="ADDRESS", help="Count messages to this phone number or e-mail address.")
@click.option("--count", cls=OnceOption, metavar="N", type=click.IntRange(1, MAX_COUNT), default=1, show_default=True,
              help="How many messages have to be there.")  # fmt: skip
@click.option("--timeout", cls=OnceOption, metavar="S", type=Seconds(), default=DEFAULT_TIMEOUT, show_default=True,
              help="How many seconds to wait, or a time such as 2m; 0 looks once.")  # fmt: skip
@click.option("--new", "only_new", is_flag=True, help="Don't count messages that are there already.")
@common_options
def command(console: Console, contains: str | None, to: str | None, count: int, timeout: float, only_new: bool) -> int:
    """Wait until messages have arrived in the sandbox, for tests of programs that send.

    Looks in the sandbox that SENDSPEC_SANDBOX_URL names, which may still be starting; without that, in the project's own. Messages that are
    already there count, so it doesn't matter which comes first, the message or the wait. With --new, only later ones count.

    Exit codes: 0 so many are there, or more; 3 there were too few when the time ran out, and it shows what was there instead.

    \b
    Examples:
      sendspec sandbox wait --contains shipped --count 3 --timeout 5
      sendspec sandbox wait --to +447700900001 --format json
    """
    problems = Problems()
    context = open_context(console, (), "sandbox", problems)
    if rejects(console, problems, ending="nothing was looked up") or context is None:
        return ExitCode.REJECTED
    wanted = Wanted(contains=contains, to=to)
    request = WaitRequest(wanted=wanted, count=count, timeout_seconds=timeout, only_new=only_new)
    report = wait_for_arrivals(context, request)
    console.result(arrivals_text(report))
    console.document(arrivals_document(report))
    return ExitCode.DONE if report.is_enough else ExitCode.INCOMPLETE
