"""Where a plan is written, and how it is sent from there."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from shlex import quote

from sendspec.cli.console import Console
from sendspec.cli.job import in_job
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import moment_text
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.project import find_project


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """Where a plan is written, when it was made, until when it may be sent, and which samples are in it; None: no text."""

    path: str
    created: datetime
    expires: datetime
    samples: SampleSource | None


def say_where(console: Console, place: PlanPlace, digest: str, context: ProjectContext) -> None:
    """Says where the plan is, and what comes next."""
    shown = printable(quote(place.path))
    console.say(
        f"the plan is in {shown} until {moment_text(place.expires.replace(microsecond=0))}, with the digest {digest}"
    )
    if context.identity is None:
        name = context.environment.name
        console.warn(f"it can't be sent: run `sendspec ledger init --env {name}`, then plan again")
    else:
        if context.environment.approvals is not None:
            console.say(f"it may have to be signed: sendspec approve {shown} --key FILE")
        if in_job(console):
            console.say("next: the job that waits for an approval sends it")
        else:
            console.say(f"next: {next_command(place.path, context)}")


def next_command(plan: str, context: ProjectContext) -> str:
    """How to send the plan. It is sent in the project of its specs, which may not be that of the working directory."""
    found = find_project(Path.cwd())
    if context.project.path is None or (found is not None and found.parent == context.root):
        return f"sendspec send --plan {printable(quote(plan))}"
    folder, file = os.path.relpath(context.root), os.path.relpath(os.path.realpath(plan), context.root)
    return f"cd {printable(quote(folder))} && sendspec send --plan {printable(quote(file))}"
