"""`sendspec doctor`: whether a send would find what it needs, and where each setting comes from."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import click

from sendspec import __version__
from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.redaction import printable
from sendspec.operations.lockfile_entry import find_identity
from sendspec.operations.project_context import ProjectContext, on_ci, open_context
from sendspec.provider.answer import Answer, UnreadableAnswer
from sendspec.provider.retry_after import skew_seconds
from sendspec.reading.access_key import AccessKey, FromCommand, FromFile, FromVariable, NoKey, read_access_key
from sendspec.reading.project import Environment
from sendspec.reading.url import peer_is_allowed
from sendspec.sending.connection import Connection, Endpoint, Unreached, verifying_context
from sendspec.sending.listing import MAX_PAGE_BYTES
from sendspec.sending.witness import SKEW_NOTED
from sendspec.showing.ink import Ink

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
UNREACHED = "check api_url and the network"


class CheckStatus(StrEnum):
    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `fix` is empty unless there is something to do."""

    verdict: CheckStatus
    what: str
    found: str
    fix: str = ""


@click.command("doctor")
@environment_option
@common_options
def command(console: Console, env: str | None) -> int:
    """Check configuration, key, clock, ledger and reachability; change nothing.

    Prints where each setting comes from. Sends nothing: the API is asked for one message of the channel's list.

    \b
    Examples:
      sendspec doctor
      sendspec doctor --env production
    """
    problems = Problems()
    context = open_context((), env, problems)
    if rejects(console, problems) or context is None:
        return 1
    findings = list(_findings(context, env))
    for finding in findings:
        console.result(_line(finding, console.out))
    console.document(
        {
            "schema": "sendspec.doctor/1",
            "environment": context.environment.name,
            "findings": [
                {"verdict": f.verdict.value, "what": f.what, "found": f.found, "fix": f.fix} for f in findings
            ],
        }
    )
    return 1 if any(finding.verdict is CheckStatus.PROBLEM for finding in findings) else 0


def _line(finding: Check, ink: Ink) -> str:
    paint = {CheckStatus.OK: ink.green, CheckStatus.NOTE: ink.yellow, CheckStatus.PROBLEM: ink.red}[finding.verdict]
    fix = f"\n         {ink.cyan('= fix:')} {printable(finding.fix)}" if finding.fix else ""
    return f"{paint(f'{finding.verdict.value:<8}')} {printable(f'{finding.what}: {finding.found}')}{fix}"


def _findings(context: ProjectContext, env: str | None) -> Iterator[Check]:
    environment = context.environment
    yield Check(CheckStatus.OK, "sendspec", __version__)
    path = context.project.path
    yield Check(CheckStatus.OK, "project", path or "no sendspec.yaml; only the sandbox is there")
    yield Check(CheckStatus.OK, "environment", f"{environment.name} ({_origin(env, path)})")
    key = None
    try:
        key = read_access_key(environment.key, os.environ, context.root)
        yield Check(CheckStatus.OK, "access key", _key_origin(context))
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "access key", error.problem, error.fix)
    yield from _ledger(context)
    yield from _variables()
    if environment.is_sandbox:
        yield Check(CheckStatus.OK, "api", "the sandbox is started by the command that sends")
    elif key is not None:
        yield from _reachability(context, key)


def _origin(env: str | None, path: str | None) -> str:
    if env is not None:
        return "from SENDSPEC_ENV" if os.environ.get("SENDSPEC_ENV") == env else "from --env"
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
    from sendspec.ledger.sqlite.opening import open_to_read, refuse_on_ci

    place = context.environment.ledger
    try:
        identity = find_identity(context)
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "ledger", error.problem, error.fix)
        return
    if identity is None:
        name = context.environment.name
        verdict = CheckStatus.NOTE if context.environment.is_sandbox else CheckStatus.PROBLEM
        fix = "" if context.environment.is_sandbox else f"make it once: sendspec ledger init --env {name}"
        yield Check(verdict, "ledger", "there is none yet", fix)
        return
    try:
        refuse_on_ci(place.file, ci=on_ci(os.environ), durable=place.durable)
        ledger = open_to_read(place.file, identity.ledger, salt=identity.salt)
        damages = ledger.damages()
        ledger.close()
    except SendspecError as error:
        yield Check(CheckStatus.PROBLEM, "ledger", error.problem, error.fix)
        return
    if damages:
        yield Check(CheckStatus.PROBLEM, "ledger", damages[0], "restore it from a backup")
    else:
        yield Check(CheckStatus.OK, "ledger", str(place.file))


def _variables() -> Iterator[Check]:
    found = [name for name in IGNORED_VARIABLES if os.environ.get(name)]
    if found:
        yield Check(
            CheckStatus.NOTE, "proxy and certificate variables", f"{', '.join(found)} set, and ignored when sending"
        )


def _reachability(context: ProjectContext, key: AccessKey) -> Iterator[Check]:
    """Asks each channel for one message of its list: shows that the key may see it, and what time the API has."""
    environment = context.environment
    for alias, channel in environment.channels.items():
        what = f"channel {alias}"
        try:
            answer = _ask(environment, key, f"/workspaces/{channel.workspace}/channels/{channel.channel}/messages")
        except Unreached as error:
            yield Check(CheckStatus.PROBLEM, what, error.reason, UNREACHED)
            return
        except UnreadableAnswer as error:
            found = f"{environment.api.authority} can't be reached: {error.evidence}"
            yield Check(CheckStatus.PROBLEM, what, found, UNREACHED)
            return
        if answer.status == 200:
            yield Check(CheckStatus.OK, what, f"{environment.api.authority} answers")
        else:
            yield Check(
                CheckStatus.PROBLEM, what, f"the API answers {answer.status}", "check key, workspace and channel"
            )
        yield from _clock(answer.headers.get("date", ""))


def _ask(environment: Environment, key: AccessKey, path: str) -> Answer:
    """Asks for one message of a list, as a run would. Raises `Unreached` and `UnreadableAnswer`."""
    api = environment.api
    endpoint = Endpoint(
        scheme=api.scheme,
        host=api.host,
        port=api.port,
        authority=api.authority,
        path=api.prefix + path,
        authorization=key.authorization(environment.scheme),
        peer_allowed=lambda peer: peer_is_allowed(api, peer),
    )
    line = Connection(endpoint, verifying_context() if api.scheme == "https" else None, time.monotonic)
    try:
        line.stand()
        return line.ask("?limit=1", time.monotonic() + ASK_SECONDS, body_most=MAX_PAGE_BYTES)
    finally:
        line.hang_up()


def _clock(date: str) -> Iterator[Check]:
    skew = skew_seconds(date, time.time())
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
