"""`sendspec sandbox`: the local API server, until it is stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from sendspec.cli import sandbox_event
from sendspec.cli.common_flag import COLOUR, FORMAT, NO_INPUT, QUIET, VERBOSE
from sendspec.cli.console import Console, common_options
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.reading.files.private_folder import make_private_folder
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import SandboxFault, parse_fault
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store


class FaultType(click.ParamType[SandboxFault]):
    name = "fault"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SandboxFault:
        if isinstance(value, SandboxFault):
            return value
        try:
            return parse_fault(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class SandboxGroup(click.Group):
    """A command of its own, and a group: what is behind a subcommand's name belongs to that alone."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Hands the common flags before the subcommand's name to it, as other groups do; options of the server are refused."""
        name, command, rest = super().resolve_command(ctx, args)
        given = [it for it in self.params if ctx.get_parameter_source(str(it.name)) is ParameterSource.COMMANDLINE]
        common = {option for names in (FORMAT, COLOUR, QUIET, VERBOSE, NO_INPUT) for option in names}
        for parameter in given:
            if common.isdisjoint(parameter.opts):
                raise click.UsageError(f"{parameter.opts[-1]} is for the sandbox itself, not for '{name}'", ctx)
        return name, command, [*(_as_given(it, ctx.params[str(it.name)]) for it in given), *rest]


def _as_given(parameter: click.Parameter, value: object) -> str:
    is_switch = isinstance(parameter, click.Option) and parameter.is_flag
    return parameter.opts[-1] if is_switch else f"{parameter.opts[-1]}={value}"


@click.group("sandbox", cls=SandboxGroup, invoke_without_command=True, subcommand_metavar="[COMMAND [ARGS]...]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8_080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--rate", type=click.IntRange(min=1), metavar="N", help="Answer 429 to more than N requests a second.")
@click.option("--fault", "faults", type=FaultType(), multiple=True, metavar="FAULT",
              help="Simulate a fault, such as 429:every=10 or drop-after:from=100,to=120; can be repeated.")  # fmt: skip
@common_options
def command(console: Console, port: int, rate: int | None, faults: tuple[SandboxFault, ...]) -> int:
    """Run the sandbox, an API server on this machine, until you stop it.

    Other commands use it if SENDSPEC_SANDBOX_URL has its address. A fault is a status (429, 422, 500 …), drop-before,
    drop-after, hang, slow (ms=N), foreign-reference or html. every=N, from=N and to=N choose the requests that it
    affects, by number.

    \b
    Examples:
      sendspec sandbox --port 8080
      sendspec sandbox --fault 429:every=10,retry-after=1 --fault slow:ms=150
      sendspec sandbox event --from +447700900001 --text STOP
    """
    if click.get_current_context().invoked_subcommand is not None:
        return ExitCode.DONE
    context = open_context(console, (), "sandbox", Problems())
    root = Path.cwd() if context is None else context.root
    make_private_folder(root)
    store = Store(root / ".sendspec" / "sandbox-api.db")
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: done.set())
    try:
        with _listening(Sandbox(store, time.time, per_second=rate, faults=faults), port) as url:
            console.result(url)
            console.document({"schema": "sendspec.sandbox/1", "url": url})
            console.say(f"the sandbox listens; use it with: export SENDSPEC_SANDBOX_URL={url}")
            done.wait()
    finally:
        store.close()
    return ExitCode.DONE


@contextmanager
def _listening(sandbox: Sandbox, port: int) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serving(sandbox, port=port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise click.UsageError(f"port {port} can't be used: {reason}; --port 0 takes a free one") from None
        yield url


command.add_command(sandbox_event.command)
