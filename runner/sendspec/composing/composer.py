"""Composes rows into messages: fills the templates, checks and measures the payload, and makes the request body."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from sendspec.composing.alternative import with_language
from sendspec.composing.block_result import BlockComposer
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.eligibility import EVERYONE, Eligibility
from sendspec.composing.error_cells import ErrorCells
from sendspec.composing.folded_address import folded_fingerprint
from sendspec.composing.identity import id_text, message_id, payload_digest
from sendspec.composing.message import Composed, Filtered, Message, RowComposer
from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.payload_check import PayloadCheck
from sendspec.composing.payload_text import language_of, text_of
from sendspec.composing.recipient_reader import WHERE, RecipientReader
from sendspec.composing.row_faults import CELLS, RowFaults, TooCostly
from sendspec.composing.row_problems import RowProblems, RowRejected
from sendspec.composing.rule import Rule
from sendspec.composing.template_tree import PlaceholderError, fill
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import mask_in_place, printable, quoted
from sendspec.reading.schema.validator import Schema
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

if TYPE_CHECKING:
    from sendspec.composing.row_fault import RowFault, RowFaultFinder

GENERATE_FROM = 250
"""The number of rows from which generating a function for the spec costs less than composing the rows one by one."""

MAX_COSTLY_ROWS = 5
"""Rows whose templates go over the budget, each after up to half a second, before composing stops: the template is at fault."""
MAX_KEY = 60
"""Characters of a key that are shown."""


class ComposingStopped(Exception):
    """The rows behind this one are not composed. Problems of the spec are recorded, so nothing can be sent."""


class Composer:
    """Composes the rows of one spec. Adds every problem to `problems`, at the spec's line or the row's cell."""

    def __init__(
        self,
        compiled_spec: CompiledSpec,
        table: Table,
        settings: ComposeSettings,
        schema: Schema,
        rules: tuple[Rule, ...],
        problems: Problems,
    ) -> None:
        self._compiled_spec = compiled_spec
        self._spec = compiled_spec.spec
        self._settings = settings
        self._schema = schema
        self._rules = rules
        self._constants = {"generation": self._spec.generation, **self._spec.variables}
        self._row_problems = RowProblems(self._spec, table, compiled_spec.address_column, problems)
        self._recipients = RecipientReader(compiled_spec, self._row_problems)
        self._payloads = PayloadCheck(compiled_spec, settings, schema, rules, self._row_problems)
        self._error_cells = ErrorCells(compiled_spec)
        self._row_faults = RowFaults(
            compiled_spec,
            self._constants,
            self._recipients,
            self._payloads,
            self._row_problems,
            self._error_cells,
            settings.platform.address_kind.sample,
        )
        self._costly_rows = 0
        self._groups_by_fault: dict[RowFault, tuple[Hashable, ...]] = {}

    def generate_for_rows(self, columns: tuple[str, ...] | None) -> RowComposer | None:
        """Generates a much faster function for rows with these columns; None if none can be generated for this spec."""
        # imported only for long lists: short ones generate nothing
        from sendspec.composing.compiled import compile_row_composer

        return compile_row_composer(self._compiled_spec, self._settings, self._schema, self._rules, columns)

    def generate_for_blocks(self, columns: tuple[str, ...] | None, eligibility: Eligibility) -> BlockComposer | None:
        """As `generate_for_rows`, for blocks of rows, with only the results that a plan needs."""
        # imported only for long lists: short ones generate nothing
        from sendspec.composing.compiled import compile_block_composer

        return compile_block_composer(
            self._compiled_spec, self._settings, self._schema, self._rules, columns, eligibility
        )

    def generate_for_faults(self, columns: tuple[str, ...] | None) -> RowFaultFinder | None:
        """Generates a finder of faults that many rows share; None if none can be generated for this spec and table."""
        # imported only for long lists with many faults
        from sendspec.composing.compiled import compile_block_composer
        from sendspec.composing.row_fault import RowFaultFinder

        if columns is None:
            return None
        compose = compile_block_composer(
            self._compiled_spec, self._settings, self._schema, self._rules, columns, EVERYONE, repeatedly=True
        )
        sample = self._settings.platform.address_kind.sample
        return compose and RowFaultFinder(self._compiled_spec, self._constants, columns, sample, compose)

    @property
    def looks_at_first_fault_only(self) -> bool:
        """Whether so many rows were rejected that further ones aren't looked at to their end."""
        return self._row_faults.is_exhausted

    def reject_again(self, fault: RowFault, line: int) -> bool:
        """Records the problems of an earlier row with this fault for the row at `line`. False: no earlier row's are known."""
        groups = self._groups_by_fault.get(fault)
        if groups is None:
            return False
        self._row_problems.add_again(groups if self._row_faults.count_row() else groups[:1], line)
        return True

    def compose_with(self, row: Row, fault: RowFault) -> Composed | None:
        """As `compose`, for a row with this fault. Keeps the groups of its problems for `reject_again`."""
        with self._row_problems.recorded() as recorded:
            composed = self.compose(row)
        if composed is None and recorded and None not in recorded:
            self._groups_by_fault[fault] = tuple(recorded)
        return composed

    def compose(self, row: Row) -> Composed | None:
        """The row's message, or `Filtered`; None for a rejected row, whose problems are recorded. Raises `ComposingStopped`."""
        try:
            return self._compose(row)
        except PlaceholderError as error:
            self._row_problems.add_placeholder(row, error)
            failed, is_costly = error.at, error.error.code == "template-too-costly"
        except RowRejected as rejected:
            failed, is_costly = rejected.at, False
        try:
            if not is_costly:
                self._row_faults.note_others(row, failed)
        except TooCostly:
            is_costly = True
        if is_costly:
            self._note_costly(row)
        return None

    def _note_costly(self, row: Row) -> None:
        self._costly_rows += 1
        if self._costly_rows == MAX_COSTLY_ROWS:
            self._row_problems.warn_of_unchecked(row, MAX_COSTLY_ROWS)
            raise ComposingStopped

    def _compose(self, row: Row) -> Composed:
        written = row.values
        values = {**written, **self._constants}
        recipients, compiled_spec = self._recipients, self._compiled_spec
        context = compiled_spec.context(values, written)
        self._row_problems.reject_cells(row, self._error_cells.found_in(written, self._error_cells.of_where), WHERE)
        if not recipients.is_kept(row, context):
            return Filtered(row.line)
        self._row_problems.reject_cells(row, self._error_cells.found_in(written, self._error_cells.of_message), CELLS)
        address = recipients.address(row, context)
        own_receiver = compiled_spec.receiver
        receiver: Any
        if own_receiver is None:
            receiver, sent_to = compiled_spec.receiver_of(address), str(address)
        else:
            receiver = fill(own_receiver, context)
            sent_to = recipients.address_of(row, receiver)
        key = recipients.key(row, context, address or sent_to)
        identity = message_id(self._settings.salt, self._spec.name, self._spec.generation, key)
        values["message_id"] = id_text(identity)
        context = compiled_spec.context(values, written, context.budget)
        content = fill(compiled_spec.content, context)
        payload = {"receiver": receiver, **({} if content is OMIT else content)}
        if receiver is OMIT:
            del payload["receiver"]
        text = text_of(payload)
        self._payloads.check(row, context, payload, text)
        measured = self._payloads.measure(row, text, payload)
        reference = payload.pop("reference", None)
        canonical = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
        digest = payload_digest(self._settings.salt, sha256(canonical).digest())
        payload["reference"] = reference = values["message_id"] if reference is None else reference
        if compiled_spec.own_reference:
            self._payloads.check_reference(row, reference, sent_to)
        body = orjson.dumps(payload)
        taken = context.alternatives
        if compiled_spec.chooses_language:
            taken = with_language(taken, compiled_spec.width, language_of(payload))
        return Message(identity, sent_to, str(reference), body, digest, text, measured, row.line, taken)

    def folded_of(self, message: Message) -> bytes:
        """The message's `folded_fingerprint`."""
        return folded_fingerprint(message, self._compiled_spec, self._settings.salt)

    def identity_of(self, row: Row) -> bytes | None:
        """The id of a row's message, even if `where` leaves the row out. None: the row has no valid address or key."""
        found = self.recipient_of(row)
        if found is None:
            return None
        return message_id(self._settings.salt, self._spec.name, self._spec.generation, found[1])

    def recipient_of(self, row: Row) -> tuple[str, str] | None:
        """Address and key of a row, even if `where` leaves the row out. None: it has no valid ones."""
        written = row.values
        return self._recipient_in(row, self._compiled_spec.context({**written, **self._constants}, written))

    def wanted_key_of(self, row: Row) -> str | None:
        """The key of a row that `where` keeps. None: it leaves the row out, or the row has no valid address or key."""
        written = row.values
        context = self._compiled_spec.context({**written, **self._constants}, written)
        try:
            if not self._recipients.is_kept(row, context):
                return None
        except (PlaceholderError, RowRejected):
            return None
        found = self._recipient_in(row, context)
        return None if found is None else found[1]

    def _recipient_in(self, row: Row, context: Any) -> tuple[str, str] | None:
        try:
            address = self._recipients.address(row, context)
            if self._compiled_spec.receiver is not None:
                address = address or self._recipients.address_of(row, fill(self._compiled_spec.receiver, context))
            return address or "", self._recipients.key(row, context, address or "")
        except (PlaceholderError, RowRejected):
            return None

    def described_key(self, row: Row) -> str:
        """A row's key as it may be shown, and the column that it comes from."""
        found, column = self.recipient_of(row), self._compiled_spec.key_column
        key = "" if found is None else mask_in_place(quoted(found[1][:MAX_KEY]))
        return f"'{key}'" + ("" if column is None else f" ({printable(column)})")


def compose_rows(composer: Composer, rows: Iterator[Row]) -> Iterator[Composed]:
    """Composes the rows in order, and leaves out the rejected ones. Repeated recipients stay in: see `mark_duplicates`.

    Ends early where composing has stopped.

    After the first `GENERATE_FROM` rows a function is generated. Rows that it returns None for are composed here.
    """
    with suppress(ComposingStopped):
        for row in islice(rows, GENERATE_FROM):
            composed = composer.compose(row)
            if composed is not None:
                yield composed
        first = next(rows, None)
        if first is None:
            return
        generated = composer.generate_for_rows(first.columns)
        for row in chain((first,), rows):
            composed = (generated(row) if generated is not None else None) or composer.compose(row)
            if composed is not None:
                yield composed
