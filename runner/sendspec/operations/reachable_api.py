"""The API that an environment sends to; for the sandbox, a server that is started or named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.problem import Problem
from sendspec.ledger.record import Route
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.provider.endpoint import Endpoint, messages_endpoint
from sendspec.reading.access_key import AccessKey
from sendspec.reading.api_url import Api, parse_api_url
from sendspec.reading.environment import Environment
from sendspec.reading.files.private_folder import make_private_folder


def channel_endpoint(environment: Environment, key: AccessKey, route: Route, *, batch: bool = False) -> Endpoint:
    """The endpoint of a channel as the environment reaches it: its API, its key."""
    authorization = key.authorization(environment.scheme)
    workspace = environment.workspace or route.workspace
    return messages_endpoint(environment.api, workspace, route.channel, authorization, batch=batch)


def connecting_words(context: ProjectContext) -> str:
    """What is about to be connected to."""
    if not context.environment.is_sandbox:
        return f"connecting to {context.environment.api.authority}"
    named = context.system.environ.get("SENDSPEC_SANDBOX_URL")
    return f"connecting to the sandbox at {named}" if named else "starting the sandbox"


@contextmanager
def reachable_api(context: ProjectContext) -> Iterator[Environment]:
    """The environment with an API that answers: the sandbox starts its own server, unless `SENDSPEC_SANDBOX_URL` names one."""
    environment = context.environment
    if not environment.is_sandbox:
        yield environment
        return
    api = named_sandbox(context)
    if api is not None:
        yield replace(environment, api=api, workspace=workspace_of(context.root))
        return
    from sendspec.sandbox.server import sandbox_at  # loads http.server, which a send to an API does without

    make_private_folder(context.root)
    with sandbox_at(sandbox_file(context.root), context.system.clock.wall) as url:
        started = parse_api_url(url, None)
        assert not isinstance(started, Problem)
        yield replace(environment, api=started)


def sandbox_file(root: Path) -> Path:
    """Where the sandbox of the project at `root` keeps its messages."""
    return root / ".sendspec" / "sandbox-api.db"


def named_sandbox(context: ProjectContext) -> Api | None:
    """The running sandbox that `SENDSPEC_SANDBOX_URL` names, if it names one. Raises `WrongUsage` unless it is on this machine."""
    named = context.system.environ.get("SENDSPEC_SANDBOX_URL")
    if not named:
        return None
    api = parse_api_url(named, None)
    if isinstance(api, Problem) or not api.loopback or api.scheme != "http":
        raise WrongUsage(
            "SENDSPEC_SANDBOX_URL has to be an http address on this machine, such as http://127.0.0.1:8080",
            "start a server with `sendspec sandbox`, and name its address",
        )
    return api


def workspace_of(root: Path) -> str:
    """The project's own workspace in a sandbox that is named, because projects may share it.

    All sandbox ledgers have one salt, so two projects with a spec of one name give their messages the same ids. In one workspace,
    the second would find the first one's messages, and take its ledger for one that is behind.
    """
    import uuid  # few sends name a sandbox

    return str(uuid.uuid5(uuid.NAMESPACE_URL, root.resolve().as_uri()))
