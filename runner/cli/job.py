"""One spec with everything it needs to be composed: its channel, its table, its compiled templates."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

import orjson

from runner.cli.workspace import Workspace
from runner.composing.compose import Composer, compose_rows
from runner.composing.duplicates import marked
from runner.composing.message import Composed, Message
from runner.composing.program import Program, compile_program
from runner.composing.rules import rules_for, timely
from runner.composing.setting import Setting
from runner.planning.plan import Target
from runner.reading.diagnostic import Problems
from runner.reading.limits import Limits
from runner.reading.project import Channel
from runner.reading.schema import load_schema
from runner.reading.spec import FileRecipients, Spec, StandardInput, read_spec
from runner.reading.table import STANDARD_INPUT, Table, open_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A spec that compiled. Its rows can be composed as often as needed, with the same result."""

    spec: Spec
    channel: Channel
    table: Table
    program: Program
    setting: Setting
    target: Target
    now: datetime

    @property
    def limits(self) -> Limits:
        return self.setting.limits

    def scheduled_for(self, message: Message) -> int | None:
        """When the API is to send `message`, in Unix seconds; None for at once."""
        if "scheduledFor" not in self.spec.message:
            return None
        written = orjson.loads(message.body).get("scheduledFor")
        return None if written is None else int(datetime.fromisoformat(written.upper()).timestamp())

    def keyed(self, salt: bytes) -> Job:
        """The same job under another salt, as when a ledger has just been made."""
        return replace(self, setting=replace(self.setting, salt=salt))

    def called(self, name: str) -> Job:
        """The same job as a spec of another name: its messages have other ids, and nothing else differs."""
        spec = replace(self.spec, name=name)
        program = replace(self.program, spec=spec)
        return replace(self, spec=spec, program=program, target=replace(self.target, name=name))

    def composer(self, problems: Problems) -> Composer:
        """Composes this job's rows; what is wrong with one goes to `problems`."""
        rules = (*rules_for(self.channel.platform), timely(self.now))
        return Composer(self.program, self.table, self.setting, load_schema("message"), rules, problems)

    def composed(self, problems: Problems) -> Iterator[Composed]:
        """Every row, composed, duplicates marked; what is wrong with a row goes to `problems`."""
        rows = compose_rows(self.composer(problems), self.table.rows(problems))
        return marked(rows, self.table, problems, own_reference=self.program.own_reference)


def read_jobs(paths: Sequence[str], workspace: Workspace, recipients: str | None, problems: Problems) -> list[Job]:
    """Reads and compiles every spec; what can't be used is left out, and why is among `problems`."""
    now = datetime.now(UTC)
    stdin: BinaryIO | None = sys.stdin.buffer
    jobs = []
    for path in paths:
        job = _read_job(path, workspace, recipients, stdin, now, problems)
        if job is not None:
            jobs.append(job)
            stdin = None if job.table.path == STANDARD_INPUT else stdin
    first_by_name: dict[str, Spec] = {}
    for job in jobs:
        first = first_by_name.setdefault(job.spec.name, job.spec)
        if first is not job.spec:
            problems.add(
                job.spec.document.diagnostic(
                    ("name",),
                    code="name-repeated",
                    problem=f"'{job.spec.name}' is also the name of {first.path}",
                    fix="give each spec its own name, or leave one of them out",
                )
            )
    return jobs


def _read_job(
    path: str,
    workspace: Workspace,
    recipients: str | None,
    stdin: BinaryIO | None,
    now: datetime,
    problems: Problems,
) -> Job | None:
    own = Problems()
    spec = read_spec(path, own)
    channel = None if spec is None else _channel(spec, workspace, own)
    job = None
    if spec is not None and channel is not None:
        table = open_table(spec, root=workspace.root, override=recipients, stdin=stdin, problems=own)
        if table is not None:
            job = _compile(spec, channel, table, workspace, now, own)
    for diagnostic in own:
        problems.add(diagnostic)
    return job


def _compile(
    spec: Spec, channel: Channel, table: Table, workspace: Workspace, now: datetime, problems: Problems
) -> Job | None:
    from_file = isinstance(spec.recipients, FileRecipients | StandardInput)
    columns = None if from_file and not table.columns else table.columns
    program = compile_program(spec, columns, channel.platform, problems)
    if program is None:
        return None
    return Job(
        spec=spec,
        channel=channel,
        table=table,
        program=program,
        setting=Setting(
            platform=channel.platform,
            salt=workspace.salt,
            limits=spec.limits.tightened_by(workspace.environment.limits),
        ),
        target=Target(
            environment=workspace.environment.name,
            alias=channel.alias,
            name=spec.name,
            generation=spec.generation,
            workspace=channel.workspace,
            channel=channel.channel,
            batch=channel.batch,
        ),
        now=now,
    )


def _channel(spec: Spec, workspace: Workspace, problems: Problems) -> Channel | None:
    channel = workspace.channel(spec.channel)
    if channel is None:
        known = ", ".join(workspace.environment.channels) or "none"
        problems.add(
            spec.document.diagnostic(
                ("channel",),
                code="unknown-channel",
                problem=f"the environment '{workspace.environment.name}' has no channel '{spec.channel}'",
                fix=f"add it to {workspace.project_path}, or write one of: {known}",
            )
        )
    return channel
