"""The page of `sendspec sandbox`: what the sandbox has, the project's ledger, and how a page looks, put together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sendspec.operations.project_context import ProjectContext
from sendspec.operations.sandbox_ledger import SandboxLedger
from sendspec.operations.system import System
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.change_watch import ChangeWatch
from sendspec.sandbox.page import SandboxPage
from sendspec.sandbox.page_access import PATH_BYTES, TOKEN_BYTES, page_token, secret_path
from sendspec.sandbox.page_server import ServedPage
from sendspec.showing.pages.sandbox_page import sandbox_page


def served_page(
    system: System, context: ProjectContext | None, sandbox: Sandbox, platforms: Mapping[str, str], *, has_webhook: bool
) -> ServedPage:
    """The page, with a token and a path that are made for this run alone."""
    planned, wall = SandboxLedger(context), system.clock.wall
    page = SandboxPage(
        sandbox,
        wall,
        lambda view, frame: sandbox_page(view, frame, system.local_time),
        planned,
        platforms=platforms,
        has_webhook=has_webhook,
    )
    watch = ChangeWatch(sandbox.store, sandbox.faults, wall, sandbox.pace, planned.mark)
    token, secret = page_token(secrets.token_bytes(TOKEN_BYTES)), secret_path(secrets.token_bytes(PATH_BYTES))
    return ServedPage(page, token, secret, watch, system.clock.monotonic)
