"""One spec with everything it needs to be composed: its channel, its table, its compiled templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from sendspec.composing.canonical_template import text_digest
from sendspec.composing.common_rules import schedule_rule
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer, compose_rows
from sendspec.composing.duplicates import mark_duplicates
from sendspec.composing.error_cells import columns_of
from sendspec.composing.identity import receiver_hash
from sendspec.composing.literal_text import literal_texts
from sendspec.composing.message import Composed, Message
from sendspec.composing.record_part import RecordPart, moment_of, own_reference
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import CopyDiffers
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask
from sendspec.planning.decision import History
from sendspec.planning.earlier_send import EarlierLook
from sendspec.planning.plan import Target
from sendspec.provider.payload_strings import PROTOCOL_KEYS, strings_in
from sendspec.reading.environment import Channel
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import Spec
from sendspec.reading.suppression_list import SuppressionList
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

if TYPE_CHECKING:
    from sendspec.operations.opt_out_list import OptOutList


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
        return moment_of(orjson.loads(message.body).get("scheduledFor"))

    def record_part(self, message: Message) -> RecordPart:
        receiver = message.receiver
        hashed = receiver_hash(self.setting.salt, receiver)
        return hashed, mask(receiver), own_reference(message), self.scheduled_for(message)

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

    def keeping_records(self) -> Job:
        """A copy of the job whose plans keep what the ledger is to hold of each message."""
        return replace(self, setting=replace(self.setting, keeps_records=True))

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


def note_row_problems(jobs: Sequence[Job], problems: Problems) -> None:
    """Composes every row, to report its problems together with the errors that `problems` has already."""
    for job in jobs:
        for _ in job.composed(problems):
            pass
