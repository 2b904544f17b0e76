"""One spec with everything it needs to be composed: its channel, its table, its compiled templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

import orjson

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.common_rules import schedule_rule
from sendspec.composing.compiled_spec import CompiledSpec, compile_recipients, compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer, compose_rows
from sendspec.composing.duplicates import mark_duplicates
from sendspec.composing.error_cells import columns_of
from sendspec.composing.list_check import check_list
from sendspec.composing.literal_text import literal_texts
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.recipient_check import but_nameless_columns, check_recipients
from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import CopyDiffers, InputUnreadable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.spec_channel import channel_of_spec, where_no_project_is
from sendspec.planning.decision import History
from sendspec.planning.earlier_send import EarlierLook
from sendspec.planning.plan import Target
from sendspec.provider.payload_strings import PROTOCOL_KEYS, strings_in
from sendspec.reading.environment import Channel
from sendspec.reading.limits import Limits
from sendspec.reading.schema.formats import date_time
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import FileRecipients, Spec, StandardInput, read_spec
from sendspec.reading.suppress_setting import OptOutScope, wanted_scope
from sendspec.reading.suppression_list import SuppressionList, read_suppression_list
from sendspec.reading.tables.opening import STANDARD_INPUT, open_table
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

if TYPE_CHECKING:
    from sendspec.operations.opt_out_list import OptOutList

SpecChoice = Callable[[Spec, Problems], Spec | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A spec that compiled. Its rows can be composed as often as needed, with the same result."""

    spec: Spec
    channel: Channel
    table: Table
    program: CompiledSpec
    setting: ComposeSettings
    target: Target
    now: datetime
    suppressed: SuppressionList | None
    opted_out: OptOutList | None = None
    earlier: EarlierLook = field(default_factory=EarlierLook, compare=False)

    @property
    def limits(self) -> Limits:
        return self.setting.limits

    @property
    def is_continued(self) -> bool:
        """Whether messages on hold go out with the present text, because `continue_with` names it."""
        return self.spec.continue_with is not None and self.spec.continue_with == text_digest(self.spec)

    @property
    def is_expired(self) -> bool:
        """Whether `not_after` had passed when the spec was read. So every pass over the rows decides alike."""
        return self.spec.not_after is not None and self.now >= self.spec.not_after

    def history(self, *, started: bool) -> History:
        return History(started=started, continues=self.is_continued, expired=self.is_expired)

    def scheduled_for(self, message: Message) -> int | None:
        """When the API is to send `message`, in Unix seconds; None for at once."""
        if "scheduledFor" not in self.spec.message:
            return None
        written = orjson.loads(message.body).get("scheduledFor")
        return None if written is None else int(date_time(written).timestamp())

    def constant_texts(self) -> Iterator[str]:
        """What its messages say whoever they are for: the text around values in its templates, and the spec's `vars`."""
        yield from strings_in(dict(self.spec.variables))
        yield from (text for at, text in literal_texts(self.program.content) if at[-1] not in PROTOCOL_KEYS)

    def with_salt(self, salt: bytes) -> Job:
        """A copy of the job with another salt, for a ledger that was created after the job was read."""
        return replace(self, setting=replace(self.setting, salt=salt), earlier=EarlierLook())

    def counting_countries(self) -> Job:
        """A copy of the job whose plans count messages and segments by country."""
        return replace(self, setting=replace(self.setting, count_countries=True))

    def with_name(self, name: str) -> Job:
        """A copy of the job under another spec name: only the message ids differ."""
        spec = replace(self.spec, name=name)
        program = replace(self.program, spec=spec)
        return replace(self, spec=spec, program=program, target=replace(self.target, name=name))

    def composer(self, problems: Problems) -> Composer:
        """Composes this job's rows; their faults go to `problems`."""
        rules = (*self.setting.platform.rules, schedule_rule(self.now, self.spec.not_after))
        return Composer(self.program, self.table, self.setting, load_schema("message"), rules, problems)

    def composed(self, problems: Problems) -> Iterator[Composed]:
        """Every row, composed, with duplicates marked; faults of rows go to `problems`."""
        composer = self.composer(problems)
        rows = compose_rows(composer, self.table.rows(problems))
        program = self.program
        return mark_duplicates(
            rows,
            self.table,
            problems,
            own_reference=program.own_reference,
            fixed=program.fixed_recipient(self.table.columns),
            key_of=self.key_of,
            used=columns_of(program.content),
            folded_of=composer.folded_of,
        )

    @property
    def key_of(self) -> Callable[[Row], str] | None:
        """Gives a row's key as it may be shown; None if the address is the key."""
        return None if self.program.key is None else lambda row: self.composer(Problems()).described_key(row)

    def composed_again(self) -> Iterator[Composed]:
        """Every row once more, after a pass without errors.

        Raises `CopyDiffers` at the first error of this pass: the table no longer gives the rows that were confirmed. A caller
        that takes all rows knows at the end that there was none.
        """
        problems = Problems()
        for item in self.composed(problems):
            refuse_errors(problems)
            yield item
        refuse_errors(problems)


def refuse_errors(problems: Problems) -> None:
    """Raises `CopyDiffers` if a later pass over the rows of a frozen table has found an error."""
    error = problems.first_error
    if error is not None:
        place = f"{error.path}:{error.span.start.line}"
        raise CopyDiffers(
            f"{place} has an error that it did not have when it was checked: {error.problem}",
            "check the disk that holds the project, then run the command again",
        )


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


def note_row_problems(jobs: Sequence[Job], problems: Problems) -> None:
    """Composes every row, to report its problems together with the errors that `problems` has already."""
    for job in jobs:
        for _ in job.composed(problems):
            pass


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
