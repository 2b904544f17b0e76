"""Finds what else is wrong with a row that was rejected, so that one check reports all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.error_cells import ErrorCells, columns_of, names_in
from sendspec.composing.identity import ID_BYTES, id_text
from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.payload_check import PayloadCheck
from sendspec.composing.payload_text import text_of
from sendspec.composing.recipient_reader import KEY, TO, WHERE, RecipientReader
from sendspec.composing.render_failure import RenderError
from sendspec.composing.row_problems import RowProblems, RowRejected
from sendspec.composing.template_tree import Placeholder, PlaceholderError, fill, placeholders_of
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.tables.row import Row

MAX_ROWS = 10_000
"""Rejected rows that are looked at to their end: it takes as long as composing them, and most tables with more have one fault in all."""
MAX_MISSING = 20
"""Missing values that are looked for in one template."""
CELLS: KeyPath = ()
"""What rejects a row for its cells, whatever the spec does with them."""
_SOME_ID = id_text(bytes(ID_BYTES))
_STAND_IN = "0"


class TooCostly(Exception):
    """A template of the row goes over its budget, which is recorded."""


class RowFaults:
    """The further problems of rejected rows of one spec."""

    def __init__(
        self,
        compiled_spec: CompiledSpec,
        constants: dict[str, object],
        recipients: RecipientReader,
        payloads: PayloadCheck,
        problems: RowProblems,
        error_cells: ErrorCells,
        sample: str,
    ) -> None:
        """`constants` are the names that all rows share; `sample` is a valid address."""
        self._compiled_spec = compiled_spec
        self._constants = constants
        self._recipients = recipients
        self._payloads = payloads
        self._problems = problems
        self._error_cells = error_cells
        self._sample = sample
        self._rows = 0

    def note_others(self, row: Row, failed: KeyPath) -> None:
        """Records the problems behind the one at `failed` in the spec, where the row was rejected. Raises `TooCostly`.

        What the first problem hides can't be told apart in some cases: then nothing is recorded rather than a guess. After `MAX_ROWS`
        rows nothing is recorded any more.
        """
        if failed == WHERE:
            self._rows += 1
            return
        if not self.count_row():
            return
        if failed == CELLS:
            self._note_beside_error_cells(row)
            return
        failed = TO if failed == ("recipients",) else failed  # the usual template of `to` is written nowhere
        written = row.values
        context = self._context(written)
        if failed == TO and self._compiled_spec.key is not None:
            self._note(row, lambda: self._recipients.key(row, context, self._sample))
        has_all = self._note_placeholders(row, context, failed)
        if has_all and failed in (TO, KEY):
            self._note(row, lambda: self._check_payload(row, context))

    @property
    def is_exhausted(self) -> bool:
        """Whether `MAX_ROWS` were looked at."""
        return self._rows >= MAX_ROWS

    def count_row(self) -> bool:
        """Counts a rejected row; whether it is among the first `MAX_ROWS`, and looked at to its end."""
        self._rows += 1
        if self._rows > MAX_ROWS:
            self._problems.note_unseen()
        return self._rows <= MAX_ROWS

    def _note_beside_error_cells(self, row: Row) -> None:
        """Records the problems of templates that use none of the row's error values."""
        compiled_spec, context = self._compiled_spec, self._context(row.values)
        faulty = frozenset(self._error_cells.found_in(row.values, self._error_cells.of_message))
        if not columns_of(compiled_spec.to) & faulty:
            self._note(row, lambda: self._recipients.address(row, context))
        if not columns_of(compiled_spec.key) & faulty:
            self._note(row, lambda: self._recipients.key(row, context, self._sample))
        self._note_placeholders(row, context, CELLS, faulty)

    def _note_placeholders(self, row: Row, context: Any, failed: KeyPath, faulty: frozenset[str] = frozenset()) -> bool:
        """Whether every placeholder of the message can be filled. Those that use a column in `faulty` are left out."""
        nodes = [node for node in (self._compiled_spec.receiver, self._compiled_spec.content) if node is not None]
        has_all = True
        for placeholder in (each for node in nodes for each in placeholders_of(node)):
            error = None if faulty & names_in(placeholder) else _error_of(placeholder, context)
            if error is None:
                continue
            has_all = False
            if placeholder.at != failed:
                self._add(row, error)
            self._note_behind(row, placeholder, error, context)
        return has_all

    def _note_behind(self, row: Row, placeholder: Placeholder, error: PlaceholderError, context: Any) -> None:
        """Records what else is wrong with one template, unless it has conditions: they may depend on the first fault."""
        template, first = placeholder.template, error.error
        if "{%" in template.source or first.code == "template-too-costly":
            return
        others = [each for each in template.faults(context) if (each.code, each.start) != (first.code, first.start)]
        for other in others:
            self._add(row, PlaceholderError(placeholder.at, other))
        self._note_missing(row, placeholder, {each.start for each in (first, *others)}, first)

    def _note_missing(self, row: Row, placeholder: Placeholder, noted: set[int], first: RenderError) -> None:
        """Records the other values that are missing in the same `{{ … }}`, at other places than `noted`."""
        if " if " in placeholder.template.source:
            return
        values = dict(row.values)
        missing: RenderError | None = first
        for _ in range(MAX_MISSING):
            if missing is None or missing.code != "empty-value" or missing.name is None or missing.name in values:
                return
            values[missing.name] = _STAND_IN
            error = _error_of(placeholder, self._context(values))
            missing = None if error is None else error.error
            if missing is not None and missing.code == "empty-value" and missing.start not in noted:
                self._add(row, PlaceholderError(placeholder.at, missing))

    def _check_payload(self, row: Row, context: Any) -> None:
        compiled_spec = self._compiled_spec
        content = fill(compiled_spec.content, context)
        if compiled_spec.receiver is not None or content is OMIT:
            return
        payload = {"receiver": compiled_spec.receiver_of(self._sample), **content}
        text = text_of(payload)
        self._payloads.check(row, context, payload, text)
        self._payloads.measure(row, text, payload)

    def _note(self, row: Row, check: Callable[[], object]) -> None:
        try:
            check()
        except PlaceholderError as error:
            self._add(row, error)
        except RowRejected:
            pass

    def _add(self, row: Row, error: PlaceholderError) -> None:
        self._problems.add_placeholder(row, error)
        if error.error.code == "template-too-costly":
            raise TooCostly

    def _context(self, written: Mapping[str, object]) -> Any:
        return self._compiled_spec.context({**written, **self._constants, "message_id": _SOME_ID}, written)


def _error_of(placeholder: Placeholder, context: Any) -> PlaceholderError | None:
    try:
        fill(placeholder, context)
    except PlaceholderError as error:
        return error
    return None
