"""This process as a ledger notes it, and who is said to have started it."""

from __future__ import annotations

import os

from sendspec.ledger.record import RunOwner
from sendspec.operations.system import System

CI_ACTORS = (
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
)
"""Variables in which CI systems name the person who started a job."""


def run_owner(system: System) -> RunOwner:
    """This process, for the ledger's record and for the error that a second run gets."""
    return RunOwner(pid=os.getpid(), host=os.uname().nodename, command=system.command)


def claimed_by_ci(system: System) -> str | None:
    """Who started a CI job, as the CI system says; None elsewhere. It is a claim: anybody can set a variable."""
    named = (system.environ.get(name, "") for name in CI_ACTORS) if system.is_ci else ()
    return next(filter(None, named), None)
