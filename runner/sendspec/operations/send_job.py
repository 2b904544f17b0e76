"""One spec with everything it needs to be composed: its channel, its table, its compiled templates."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

import orjson

from sendspec.composing.compiled_spec import CompiledSpec, compile_program, default_column
from sendspec.composing.compose import Composer, compose_rows
from sendspec.composing.compose_context import ComposeContext
from sendspec.composing.duplicates import marked
from sendspec.composing.literal_text import literal_texts
from sendspec.composing.message import Composed, Message
from sendspec.composing.rules import rules_for, timely
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import CopyDiffers, InputUnreadable
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.surrogate import without_surrogates
from sendspec.operations.project_context import ProjectContext
from sendspec.planning.plan import Target
from sendspec.provider.sent_texts import PROTOCOL_KEYS, strings_in
from sendspec.reading.limits import Limits
from sendspec.reading.project import Channel
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import FileRecipients, Spec, StandardInput, read_spec
from sendspec.reading.suppress import SuppressList, read_suppress_list
from sendspec.reading.tables.table import STANDARD_INPUT, Table, open_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A spec that compiled. Its rows can be composed as often as needed, with the same result."""

    spec: Spec
    channel: Channel
    table: Table
    program: CompiledSpec
    setting: ComposeContext
    target: Target
    now: datetime
    suppressed: SuppressList | None

    @property
    def limits(self) -> Limits:
        return self.setting.limits

    def scheduled_for(self, message: Message) -> int | None:
        """When the API is to send `message`, in Unix seconds; None for at once."""
        if "scheduledFor" not in self.spec.message:
            return None
        written = orjson.loads(message.body).get("scheduledFor")
        return None if written is None else int(datetime.fromisoformat(written.upper()).timestamp())

    def constant_texts(self) -> Iterator[str]:
        """What its messages say whoever they are for: the text around values in its templates, and the spec's `vars`."""
        yield from strings_in(dict(self.spec.variables))
        yield from (text for at, text in literal_texts(self.program.content) if at[-1] not in PROTOCOL_KEYS)

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

    def composed_again(self) -> Iterator[Composed]:
        """Every row once more, after a pass without errors.

        Raises `CopyDiffers` as soon as this pass finds an error: then the table doesn't give the rows that were confirmed. Whoever
        takes all rows knows at the end that there was none.
        """
        problems = Problems()
        for item in self.composed(problems):
            refuse_errors(problems)
            yield item
        refuse_errors(problems)


def refuse_errors(problems: Problems) -> None:
    """Raises `CopyDiffers` where a later pass over the rows of a frozen table has found an error."""
    error = problems.first_error
    if error is not None:
        place = f"{error.path}:{error.span.start.line}"
        raise CopyDiffers(
            f"{place} has an error that it did not have when it was checked: {error.problem}",
            "check the disk that holds the project, then run the command again",
        )


def read_jobs(
    paths: Sequence[str], workspace: ProjectContext, recipients: str | None, problems: Problems, *, frozen: bool = False
) -> list[Job]:
    """Reads and compiles every spec; what can't be used is left out, and why is among `problems`.

    `frozen`: each table is copied first, and only the copy is read from then on. Raises `PrivateCopyTrouble`.
    """
    reader = _JobReader(workspace, recipients, datetime.now(UTC), frozen=frozen)
    stdin: BinaryIO | None = sys.stdin.buffer
    jobs = []
    for path in paths:
        job = reader.job(path, stdin, problems)
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


class _JobReader:
    """Reads the specs of one command line."""

    def __init__(self, workspace: ProjectContext, recipients: str | None, now: datetime, *, frozen: bool) -> None:
        self._workspace = workspace
        self._recipients = recipients
        self._now = now
        self._frozen = frozen
        self._lists: dict[tuple[object, ...], SuppressList] = {}

    def job(self, path: str, stdin: BinaryIO | None, problems: Problems) -> Job | None:
        own = Problems()
        spec = read_spec(path, own)
        if spec is not None and without_surrogates(path) != path:
            problem = f"the path '{printable(path)}' is not UTF-8, and the ledger can't remember it"
            own.add(spec.document.diagnostic((), code="path-not-utf8", problem=problem, fix="rename the file"))
            spec = None
        channel = None if spec is None else _channel(spec, self._workspace, own)
        job = None
        if spec is not None and channel is not None:
            suppressed = self._suppressed(spec, channel, own)
            table = self._table(spec, stdin, own)
            if table is not None:
                job = self._compile(spec, channel, table, suppressed, own)
        for diagnostic in own:
            problems.add(diagnostic)
        return job

    def _table(self, spec: Spec, stdin: BinaryIO | None, problems: Problems) -> Table | None:
        try:
            return open_table(
                spec,
                root=self._workspace.root,
                override=self._recipients,
                stdin=stdin,
                problems=problems,
                frozen=self._frozen,
            )
        except InputUnreadable as error:
            problems.add(
                spec.document.diagnostic(
                    ("recipients",), code=error.code, problem=error.problem, fix=error.fix, key=True
                )
            )
            return None

    def _suppressed(self, spec: Spec, channel: Channel, problems: Problems) -> SuppressList | None:
        """Whom the spec and its environment suppress; a list that several specs share is read once."""
        files = (*self._workspace.environment.suppress, *spec.suppress)
        if not files:
            return None
        known = (files, default_column(channel.platform), spec.country)
        if known not in self._lists:
            self._lists[known] = read_suppress_list(
                files,
                root=self._workspace.root,
                column=default_column(channel.platform),
                country=spec.country,
                problems=problems,
            )
        return self._lists[known]

    def _compile(
        self, spec: Spec, channel: Channel, table: Table, suppressed: SuppressList | None, problems: Problems
    ) -> Job | None:
        from_file = isinstance(spec.recipients, FileRecipients | StandardInput)
        columns = None if from_file and not table.columns else table.columns
        program = compile_program(spec, columns, channel.platform, problems)
        if program is None:
            return None
        environment = self._workspace.environment
        return Job(
            spec=spec,
            channel=channel,
            table=table,
            program=program,
            setting=ComposeContext(
                platform=channel.platform,
                salt=self._workspace.salt,
                limits=spec.limits.tightened_by(environment.limits),
            ),
            target=Target(
                environment=environment.name,
                alias=channel.alias,
                name=spec.name,
                generation=spec.generation,
                workspace=channel.workspace,
                channel=channel.channel,
                batch=channel.batch,
            ),
            now=self._now,
            suppressed=suppressed,
        )


def _channel(spec: Spec, workspace: ProjectContext, problems: Problems) -> Channel | None:
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
