"""`sendspec sandbox`: the local API server, until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from sendspec.cli import sandbox_event, sandbox_wait
from sendspec.cli.common_flag import COLOUR, FORMAT, NO_INPUT, QUIET, VERBOSE
from sendspec.cli.console import Console, common_options
from sendspec.cli.interrupt import end_on_signals
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.channel_platforms import channel_platforms
from sendspec.operations.reachable_api import sandbox_file
from sendspec.reading.files.private_folder import make_private_folder
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import SandboxFault, parse_fault
from sendspec.sandbox.fault_switch import FaultSwitch
from sendspec.sandbox.life import DEFAULT_PACE
from sendspec.sandbox.platforms import NO_PLATFORMS
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store
from sendspec.sandbox.webhook_post import DEFAULT_KEY, WebhookTarget, parse_target
from sendspec.sandbox.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from sendspec.sandbox.page_server import ServedPage


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
@click.option("--pace", type=click.FloatRange(min=0.001), default=DEFAULT_PACE, show_default=True, metavar="SECONDS",
              help="Length of a step in a message's life; most are delivered after three.")  # fmt: skip
@click.option("--fault", "faults", type=FaultType(), multiple=True, metavar="FAULT",
              help="Simulate a fault, such as 429:every=10 or drop-after:from=100,to=120; can be repeated.")  # fmt: skip
@click.option("--webhook", metavar="URL", help="Post signed events to URL, an http address on this machine.")
@click.option("--signing-key", metavar="KEY", help=f"Sign events with KEY; default: {DEFAULT_KEY}.")
@click.option("--signing-key-env", metavar="NAME", help="Sign events with the key in the variable NAME.")
@common_options
def command(
    console: Console,
    port: int,
    rate: int | None,
    pace: float,
    faults: tuple[SandboxFault, ...],
    webhook: str | None,
    signing_key: str | None,
    signing_key_env: str | None,
) -> int:
    """Run the sandbox, an API server on this machine, until you stop it.

    Other commands use it if SENDSPEC_SANDBOX_URL has its address. The last digits of a number decide what becomes of its messages:
    +447700000000 is never delivered. A fault is a status (429, 422, 500 …), drop-before, drop-after, hang, slow (ms=N), foreign-reference
    or html; of the list list-late (ms=N) or list-5xx; of events webhook-twice, webhook-late (ms=N), webhook-reversed, webhook-unsigned or
    webhook-before-answer. every=N, from=N and to=N choose the requests, lists or messages that it affects, by number.

    \b
    Examples:
      sendspec sandbox --port 8080
      sendspec sandbox --fault 429:every=10,retry-after=1 --fault slow:ms=150
      sendspec sandbox --webhook http://127.0.0.1:8443/events --signing-key-env WEBHOOK_KEY
      sendspec sandbox event --from +447700900001 --text STOP
      sendspec sandbox wait --contains shipped --count 3 --timeout 5
    """
    if click.get_current_context().invoked_subcommand is not None:
        return ExitCode.DONE
    from sendspec.cli.sandbox_page import served_page  # loads jinja2, which the subcommands do without

    target = _target(webhook, signing_key, signing_key_env, faults)
    context = open_context(console, (), "sandbox", Problems())
    root = Path.cwd() if context is None else context.root
    platforms = NO_PLATFORMS if context is None else channel_platforms(context)
    make_private_folder(root)
    wall, switch = console.system.clock.wall, FaultSwitch(faults)
    store = Store(sandbox_file(root), wall)
    try:
        sandbox = Sandbox(store, wall, per_second=rate, faults=switch, pace=pace, platforms=platforms)
        sender = None
        if target is not None:
            sender = WebhookSender(
                store, target, wall, pace=pace, platforms=platforms, faults=switch, tell=console.warn
            )
        page = served_page(console.system, context, sandbox, platforms, has_webhook=target is not None)
        _serve(console, sandbox, port, target, sender, page)
    finally:
        store.close()
    return ExitCode.DONE


def _serve(
    console: Console, sandbox: Sandbox, port: int, target: WebhookTarget | None, sender: WebhookSender | None, page: ServedPage,
) -> None:  # fmt: skip
    """Serves until a signal ends it."""
    with end_on_signals() as end, _listening(sandbox, port, sender, page) as url:
        link = page.listens_at(url)
        console.result(f"{url}\n{link}")
        webhook = {"webhook": target.url} if target else {}
        console.document({"schema": "sendspec.sandbox/1", "url": url, "page": link, **webhook})
        console.say(f"the sandbox listens; use it with: export SENDSPEC_SANDBOX_URL={url}")
        console.say("the second address opens its page, for whoever has it: what arrives, and faults to switch on")
        if target is not None:
            named = f", signed with {DEFAULT_KEY}" if target.key == DEFAULT_KEY else ""
            console.say(f"events are posted to {target.url}{named}")
        end.wait()
    if sender is not None:
        it = sender.counts
        console.say(f"events: {it.delivered} delivered, {it.failed_tries} failed attempts, {it.given_up} given up")


def _target(
    url: str | None, key: str | None, variable: str | None, faults: Sequence[SandboxFault]
) -> WebhookTarget | None:
    """Where events go; None for nowhere. What would be ignored is wrong usage."""
    if url is None:
        useless = next((fault.kind for fault in faults if fault.is_of_webhooks), None)
        named = "--signing-key" if key is not None else "--signing-key-env" if variable is not None else useless
        if named is not None:
            raise click.UsageError(f"{named} needs --webhook URL")
        return None
    if key is not None and variable is not None:
        raise click.UsageError("give --signing-key or --signing-key-env, not both")
    if variable is not None and not os.environ.get(variable):
        raise click.UsageError(f"the variable {variable}, which --signing-key-env names, is empty or not set")
    try:
        return parse_target(url, os.environ[variable] if variable is not None else DEFAULT_KEY if key is None else key)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def _listening(sandbox: Sandbox, port: int, webhooks: WebhookSender | None, page: ServedPage) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serving(sandbox, port=port, webhooks=webhooks, page=page))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise click.UsageError(f"port {port} can't be used: {reason}; --port 0 takes a free one") from None
        yield url


command.add_command(sandbox_event.command)
command.add_command(sandbox_wait.command)
