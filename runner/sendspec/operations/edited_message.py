"""A message of a preview, composed once more from its row with other values. Nothing is written, and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import orjson

from sendspec.composing.composer import ComposingStopped
from sendspec.composing.eligibility import Eligibility, Exclusion
from sendspec.composing.error_cells import columns_of
from sendspec.composing.message import Message
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_row, printable
from sendspec.operations.send_job import Job
from sendspec.operations.shown_message import ShownMessage, shown_message
from sendspec.planning.decision import SKIP_BY_EXCLUSION, Skip
from sendspec.planning.shape import Shape
from sendspec.reading.prices import PriceTable
from sendspec.reading.tables.lone_row import LoneRow
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.typed_value import json_value, typed_value

MOST_COLUMNS = 60
"""Columns of a row that can be edited."""
MOST_CHARACTERS = 5_000
"""Characters of a value. Reading HTML takes the square of their number: so much takes half a second."""


@dataclass(frozen=True, slots=True)
class EditableValue:
    """A cell of a row. `is_masked`: `shown` is not all of it, as it looks like an address, or has characters that can't be seen.

    `is_used`: the message depends on it.
    """

    column: str
    shown: str
    is_masked: bool
    is_used: bool


@dataclass(frozen=True, slots=True)
class Edited:
    """What the row gives now. `skip` is why nobody would get it. `is_other`: its key is another, and other rows may have that, too."""

    message: ShownMessage
    skip: Skip | None = None
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class RowLeftOut:
    """The spec's `where` leaves the row out."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The row can't become a message."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class NotEditable:
    """What was asked for is no change of a row."""

    reason: str


EditResult: TypeAlias = Edited | RowLeftOut | Rejected | NotEditable


def editable_values(job: Job, row: Row) -> tuple[EditableValue, ...]:
    """The cells that can be edited, those first that the message depends on."""
    program, values = job.program, row.values
    nodes = (program.to, program.key, program.receiver, program.content)
    where = () if isinstance(program.where, bool) else (program.where,)
    used = columns_of(*nodes, *where)
    names = dict.fromkeys((*(job.table.columns or ()), *values))
    listed = sorted(names, key=lambda name: name not in used)[:MOST_COLUMNS]
    return tuple(_editable(name, values.get(name), is_used=name in used) for name in listed)


def _editable(name: str, value: object, *, is_used: bool) -> EditableValue:
    text = "" if value is None else value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    shown = "\n".join(printable(mask_in_row(line)) for line in text.split("\n"))
    return EditableValue(name, shown, shown != text, is_used)


def edited_message(
    job: Job, row: Row, changes: Mapping[str, str], prices: PriceTable | None, shapes: Mapping[str, Shape]
) -> EditResult:
    """The message of `row` with the values in `changes`. An empty value counts as an empty cell."""
    known = {each.column for each in editable_values(job, row)}
    if not changes.keys() <= known:
        return NotEditable("the row has no such column")
    if any(len(text) > MOST_CHARACTERS for text in changes.values()):
        return NotEditable("the value is too long")
    typed = {name: typed_value(job.table, name, value) for name, value in _typed(row.values, changes).items()}
    faults = {name: value for name, value in typed.items() if isinstance(value, Problem)}
    written = typed | {name: changes[name] for name in faults}
    values = {name: value for name, value in {**row.values, **written}.items() if value not in (None, "")}
    changed, problems = Row(row.line, values), Problems()
    table = LoneRow(job.table.path, tuple(job.table.columns or values), changed)
    if faults:
        return Rejected(tuple(_unusable(table, row.line, name, fault) for name, fault in faults.items()))
    edited = replace(job, table=table)
    try:
        composed = edited.composer(problems).compose(changed)
    except ComposingStopped:
        composed = None
    if composed is None:
        return Rejected(tuple(problems))
    if not isinstance(composed, Message):
        return RowLeftOut()
    exclusion = Eligibility(suppressed=job.suppressed).exclusion_of(composed)
    skip = None if exclusion is Exclusion.NONE else SKIP_BY_EXCLUSION[exclusion]
    before = edited.composer(Problems()).identity_of(row)
    shown = shown_message(edited, values, composed, prices, shapes=shapes)
    return Edited(shown, skip, is_other=composed.id != before)


def _typed(values: Mapping[str, object], changes: Mapping[str, str]) -> dict[str, object]:
    """Text stays text; what was a number, a list or the like stays so if the new text is JSON."""
    return {
        name: text if isinstance(values.get(name, ""), str) else json_value(name, text)
        for name, text in changes.items()
    }


def _unusable(table: LoneRow, line: int, column: str, fault: Problem) -> Diagnostic:
    return row_diagnostic(table, line, column, code=fault.code, problem=fault.problem, fix=fault.fix)
