"""Reads and compiles the specs that a command names, with their tables and the lists of people who get nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from sendspec.composing.compiled_spec import compile_recipients, compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.list_check import check_list
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.recipient_check import but_nameless_columns, check_recipients
from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import InputUnreadable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.spec_channel import channel_of_spec, where_no_project_is
from sendspec.planning.plan import Target
from sendspec.reading.environment import Channel
from sendspec.reading.spec import FileRecipients, Spec, StandardInput, read_spec
from sendspec.reading.suppress_setting import OptOutScope, wanted_scope
from sendspec.reading.suppression_list import SuppressionList, read_suppression_list
from sendspec.reading.tables.opening import STANDARD_INPUT, open_table
from sendspec.reading.tables.table import Table

if TYPE_CHECKING:
    from sendspec.operations.opt_out_list import OptOutList

SpecChoice = Callable[[Spec, Problems], Spec | None]


def read_jobs(
    paths: Sequence[str],
    context: ProjectContext,
    recipients: str | None,
    problems: Problems,
    *,
    frozen: bool = False,
    choose: SpecChoice = lambda spec, problems: spec,
) -> list[Job]:
    """Reads and compiles every spec. Unusable specs are left out; `problems` says why.

    With errors in `problems`, the jobs are good for `note_row_problems` and nothing else. `choose` may change a spec that was read,
    or leave it out.

    `frozen`: each table is copied first, and only the copy is read from then on. Raises `PrivateCopyTrouble`.
    """
    reader = _JobReader(context, recipients, choose, frozen=frozen)
    stdin = context.system.stdin
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

    def __init__(self, context: ProjectContext, recipients: str | None, choose: SpecChoice, *, frozen: bool) -> None:
        self._context = context
        self._choose = choose
        self._recipients = recipients
        self._now = context.system.now
        self._frozen = frozen
        self._lists: dict[tuple[object, ...], SuppressionList] = {}
        self._opt_outs: dict[tuple[Channel, OptOutScope], OptOutList] = {}

    def job(self, path: str, stdin: BinaryIO | None, problems: Problems) -> Job | None:
        own = Problems()
        spec = read_spec(path, own, self._context.key_files, as_meant=True)
        if spec is not None and without_surrogates(path) != path:
            problem = f"the path '{printable(path)}' is not UTF-8, and the ledger can't record it"
            own.add(spec.document.diagnostic((), code="path-not-utf8", problem=problem, fix="rename the file"))
            spec = None
        spec = None if spec is None else self._choose(spec, own)
        job = None if spec is None else self._job_of(spec, stdin, own)
        for diagnostic in own:
            has_project = self._context.project.path is not None
            problems.add(diagnostic if has_project else where_no_project_is(diagnostic))
        return job

    def _job_of(self, spec: Spec, stdin: BinaryIO | None, problems: Problems) -> Job | None:
        table = self._table(spec, stdin, problems)
        channel = channel_of_spec(spec, self._context, table, problems)
        suppressed = None if channel is None else self._suppressed(spec, channel, problems)
        if channel is None or table is None:
            if table is not None:
                table.close()
            return None
        return self._compile(spec, channel, table, suppressed, problems)

    def _table(self, spec: Spec, stdin: BinaryIO | None, problems: Problems) -> Table | None:
        try:
            return open_table(
                spec,
                root=self._context.root,
                override=self._recipients,
                stdin=stdin,
                problems=problems,
                frozen=self._frozen,
                key_files=self._context.key_files,
            )
        except InputUnreadable as error:
            problems.add(
                spec.document.diagnostic(
                    ("recipients",), code=error.code, problem=error.problem, fix=error.fix, key=True
                )
            )
            return None

    def _suppressed(self, spec: Spec, channel: Channel, problems: Problems) -> SuppressionList | None:
        """The addresses that the spec and its environment suppress; a list that several specs share is read once."""
        files = (*self._context.environment.suppress, *spec.suppress)
        if not files:
            return None
        column = PLATFORMS[channel.platform].address_kind.default_column
        known = (files, column, spec.country)
        if known not in self._lists:
            self._lists[known] = read_suppression_list(
                files,
                root=self._context.root,
                column=column,
                country=spec.country,
                problems=problems,
                key_files=self._context.key_files,
            )
        return self._lists[known]

    def _opted_out(self, spec: Spec, channel: Channel) -> OptOutList | None:
        """The opt-outs that count, as the spec and its environment ask; specs of one channel share a list."""
        scope = wanted_scope(self._context.environment.opt_outs, spec.opt_outs)
        if scope is None:
            return None
        from sendspec.operations.opt_out_list import opt_out_list  # loads the ledger, which checking does without

        if (channel, scope) not in self._opt_outs:
            self._opt_outs[channel, scope] = opt_out_list(self._context, channel, scope)
        return self._opt_outs[channel, scope]

    def _compile(
        self, spec: Spec, channel: Channel, table: Table, suppressed: SuppressionList | None, problems: Problems
    ) -> Job | None:
        from_file = isinstance(spec.recipients, FileRecipients | StandardInput)
        columns = None if from_file and not table.columns else table.columns
        platform = PLATFORMS[channel.platform]
        found = Problems()  # an error of the table doesn't keep the rows from being checked
        program = compile_spec(spec, columns, platform, found, table.rows(Problems()))
        of_rows = Problems()
        if program is None:
            with closing(table):
                check_recipients(compile_recipients(spec, columns, platform), table, of_rows)
        for diagnostic in (*but_nameless_columns(found, [*problems, *of_rows], table), *of_rows):
            problems.add(diagnostic)
        if program is None:
            return None
        check_list(program, table, problems)
        environment = self._context.environment
        return Job(
            spec=spec,
            channel=channel,
            table=table,
            program=program,
            setting=ComposeSettings(
                platform=platform,
                salt=self._context.salt,
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
            opted_out=self._opted_out(spec, channel),
        )
