"""Whether a send would find what it needs, and where each setting comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sendspec import __version__
from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.wording import counted
from sendspec.ledger.access import inspect_server, refuse_on_ci
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.record import Route
from sendspec.operations.approval_check import listed_people
from sendspec.operations.channel_checks import channel_state, subscription_check
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.ledger_access import ledger_to_inspect
from sendspec.operations.ledger_check import last_seal_of
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import find_identity
from sendspec.operations.opt_out_check import opt_out_checks
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import channel_endpoint
from sendspec.operations.ssh_keygen import find_program
from sendspec.operations.system import System
from sendspec.operations.webhook_checks import webhook_checks
from sendspec.provider.channel_state import MAX_BODY
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.http_response import HttpResponse, UnreadableResponse
from sendspec.provider.message_list import MAX_PAGE_BYTES, NEWEST_MESSAGE_QUERY
from sendspec.provider.path import CHANNEL_PATH, SUBSCRIPTIONS_PATH
from sendspec.provider.time_headers import clock_skew_seconds
from sendspec.reading.access_key import AccessKey, FromCommand, FromFile, FromVariable, NoKey, read_access_key
from sendspec.reading.environment import Channel
from sendspec.sending.connection import Connection, ConnectionFailed, verifying_context
from sendspec.sending.witness import SKEW_NOTED

IGNORED_VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)
ASK_SECONDS = 10.0
WHOLE_CHECK_DAYS = 30
"""After so many days without a check of the whole ledger, `doctor` says so."""
UNREACHED = "check api_url and the network"


def examine(context: ProjectContext, env: str | None) -> Iterator[Check]:
    """Checks one thing after another; changes nothing and sends nothing. `env` is the environment that was asked for by name."""
    environment = context.environment
    yield Check(CheckStatus.OK, "sendspec", __version__)
    path = context.project.path
    if path is not None:
        yield Check(CheckStatus.OK, "project", path)
    else:
        found = "there is no sendspec.yaml here or above, so there is only the sandbox"
        yield Check(CheckStatus.NOTE, "project", found, "change to the project's folder, or make one: sendspec init")
    yield Check(CheckStatus.OK, "environment", f"{environment.name} ({_origin(env, path, context.system)})")
    key = None
    try:
        key = read_access_key(environment.key, context.system.environ, context.root)
        yield Check(CheckStatus.OK, "access key", _key_origin(context))
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "access key", error.problem, error.fix)
    yield from _ledger(context)
    yield from opt_out_checks(context)
    yield from webhook_checks(context)
    yield from _approvals(context)
    yield from _variables(context.system)
    if environment.is_sandbox:
        yield Check(CheckStatus.OK, "api", "the sandbox is started by the command that sends")
    elif key is not None:
        yield from _reachability(context, key)


def _origin(env: str | None, path: str | None, system: System) -> str:
    if env is not None:
        return "from SENDSPEC_ENV" if system.environ.get("SENDSPEC_ENV") == env else "from --env"
    return f"the default of {path}" if path else "built in"


def _key_origin(context: ProjectContext) -> str:
    match context.environment.key:
        case FromVariable(name):
            return f"from the environment variable {name}"
        case FromFile(path):
            return f"from the file {path}"
        case FromCommand(words):
            return f"from the command {words[0]}"
        case NoKey():
            return "none needed"


def _ledger(context: ProjectContext) -> Iterator[Check]:
    try:
        place = ledger_place(context)
        if not isinstance(place, ServerPlace):
            yield _contents(context)
            yield from _last_whole_check(context)
            return
        state = inspect_server(place, context.system.clock.wall)
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "ledger", error.problem, error.fix)
        return
    from sendspec.operations.server_checks import server_checks  # few projects have a server

    yield _contents(context)
    yield from server_checks(state, context.environment.name)


def _contents(context: ProjectContext) -> Check:
    try:
        if find_identity(context) is None:
            return _no_ledger(context)
        refuse_on_ci(ledger_place(context), ci=context.system.is_ci)
        with ledger_to_inspect(context) as ledger:
            damages, moved_to = ledger.find_damage(), ledger.moved_to
    except SendspecError as error:
        return Check(CheckStatus.PROBLEM, "ledger", error.problem, error.fix)
    if damages:
        return Check(CheckStatus.PROBLEM, "ledger", damages[0], "restore it from a backup")
    if moved_to is not None:
        shown = context.environment.ledger.shown
        return Check(CheckStatus.PROBLEM, "ledger", f"{shown} was moved to {moved_to}", "name that one under `ledger:`")
    return Check(CheckStatus.OK, "ledger", context.environment.ledger.shown)


def _last_whole_check(context: ProjectContext) -> Iterator[Check]:
    """Whether it is long ago that anything but this command has read all of a ledger in a file: sends verify what is new."""
    seal = last_seal_of(context)
    if seal is None:  # the next send reads all of it
        return
    days = int((context.system.clock.wall() - seal.wholly_read_at) // 86_400)
    if days > WHOLE_CHECK_DAYS:
        found = f"sends have checked only what was new for {days} days; this command has just read all of it"
        fix = f"have it checked now and then: sendspec ledger check --env {context.environment.name}"
        yield Check(CheckStatus.NOTE, "ledger check", found, fix)


def _approvals(context: ProjectContext) -> Iterator[Check]:
    approvals = context.environment.approvals
    if approvals is None:
        return
    try:
        find_program(context.system.environ)
        there = listed_people(approvals, context.root, context.key_files)
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "approvals", error.problem, error.fix)
        return
    found = f"{approvals.approvers} names {counted(there, 'person', 'people')}, {approvals.need} must approve"
    if approvals.need > there:
        yield Check(CheckStatus.PROBLEM, "approvals", found, "list more people, or lower `need`")
    else:
        yield Check(CheckStatus.OK, "approvals", found)


def _no_ledger(context: ProjectContext) -> Check:
    environment = context.environment
    if environment.is_sandbox:
        return Check(CheckStatus.NOTE, "ledger", "there is none yet")
    fix = f"make it once: sendspec ledger init --env {environment.name}"
    return Check(CheckStatus.PROBLEM, "ledger", "there is none yet", fix)


def _variables(system: System) -> Iterator[Check]:
    found = [name for name in IGNORED_VARIABLES if system.environ.get(name)]
    if found:
        yield Check(
            CheckStatus.NOTE, "proxy and certificate variables", f"{', '.join(found)} set, and ignored when sending"
        )


def _reachability(context: ProjectContext, key: AccessKey) -> Iterator[Check]:
    """Asks each channel for one message of its list: shows that the key may see it, and what time the API has."""
    environment = context.environment
    workspaces: dict[str, Channel] = {}
    for alias, channel in environment.channels.items():
        what = f"channel {alias}"
        try:
            answer = _ask(
                channel_endpoint(environment, key, Route(channel.workspace, channel.channel)), context.system.clock
            )
        except ConnectionFailed as error:
            yield Check(CheckStatus.PROBLEM, what, error.reason, UNREACHED)
            return
        except UnreadableResponse as error:
            found = f"{environment.api.authority} can't be reached: {error.evidence}"
            yield Check(CheckStatus.PROBLEM, what, found, UNREACHED)
            return
        if answer.status == 200:
            yield Check(CheckStatus.OK, what, f"{environment.api.authority} answers")
            yield from _state(context, key, alias, channel)
        else:
            yield Check(
                CheckStatus.PROBLEM, what, f"the API answers {answer.status}", "check key, workspace and channel"
            )
        yield from _clock(answer.headers.get("date", ""), context.system.clock)
        if answer.status == 200:
            workspaces.setdefault(channel.workspace, channel)
    for channel in workspaces.values():
        yield from _subscriptions(context, key, channel)


def _state(context: ProjectContext, key: AccessKey, alias: str, channel: Channel) -> Iterator[Check]:
    endpoint = channel_endpoint(context.environment, key, Route(channel.workspace, channel.channel))
    path = CHANNEL_PATH.format(workspace=channel.workspace, channel=channel.channel)
    yield from channel_state(alias, channel, context.root, lambda: _ask_at(context, endpoint, path))


def _subscriptions(context: ProjectContext, key: AccessKey, channel: Channel) -> Iterator[Check]:
    endpoint = channel_endpoint(context.environment, key, Route(channel.workspace, channel.channel))
    path = SUBSCRIPTIONS_PATH.format(workspace=channel.workspace)
    yield from subscription_check(f"webhooks of {channel.alias}", lambda: _ask_at(context, endpoint, path))


def _ask_at(context: ProjectContext, endpoint: Endpoint, path: str) -> HttpResponse:
    at = replace(endpoint, path=context.environment.api.prefix + path)
    return _ask(at, context.system.clock, "", MAX_BODY)


def _ask(
    endpoint: Endpoint, clock: Clock, query: str = NEWEST_MESSAGE_QUERY, max_body: int = MAX_PAGE_BYTES
) -> HttpResponse:
    """Asks for one message of a list, as a run would, or for what `query` says. Raises `ConnectionFailed` and `UnreadableResponse`."""
    connection = Connection(endpoint, verifying_context() if endpoint.scheme == "https" else None, clock.monotonic)
    try:
        connection.ensure()
        return connection.get(query, clock.monotonic() + ASK_SECONDS, max_body=max_body)
    finally:
        connection.close()


def _clock(date: str, clock: Clock) -> Iterator[Check]:
    skew = clock_skew_seconds(date, clock.wall())
    if skew is None:
        return
    if abs(skew) > SKEW_NOTED:
        yield Check(
            CheckStatus.NOTE,
            "clock",
            f"this machine and the API are {abs(skew):.0f} s apart",
            "set the clock; times in reports follow it",
        )
    else:
        yield Check(CheckStatus.OK, "clock", "agrees with the API's")
