"""What `doctor` says of webhooks: the request that registers them, which sendspec never makes, and what a receiver has left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from sendspec.diagnostics.wording import counted
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.webhook_files import aside_path, spool_path
from sendspec.provider.webhook_subscription import subscription_request

WHAT = "webhooks"


def webhook_checks(context: ProjectContext) -> Iterator[Check]:
    environment = context.environment
    name = environment.name
    ingest = "sendspec webhook ingest {path} --key-env NAME --env " + name
    yield from _left(context, spool_path(name), f"start `sendspec webhook serve`, or run: {ingest}")
    yield from _left(context, aside_path(name), f"look into it, then try again: {ingest}")
    if environment.is_sandbox:
        return
    platforms: dict[str, set[str]] = {}
    for channel in environment.channels.values():
        platforms.setdefault(environment.workspace or channel.workspace, set()).add(channel.platform)
    base = f"{environment.api.scheme}://{environment.api.authority}{environment.api.prefix}"
    for workspace, found in sorted(platforms.items()):
        need = "none needed; to hear of statuses and replies at once, register some:"
        yield Check(CheckStatus.OK, WHAT, need, more=tuple(subscription_request(base, workspace, sorted(found))))


def _left(context: ProjectContext, path: PurePath, fix: str) -> Iterator[Check]:
    """What is in a file of a receiver that isn't at work, or can't store it."""
    try:
        size = (context.root / path).lstat().st_size
    except OSError:
        return
    if size:
        found = f"{path} has requests that are not stored ({counted(size, 'byte')})"
        yield Check(CheckStatus.NOTE, WHAT, found, fix.format(path=path))
