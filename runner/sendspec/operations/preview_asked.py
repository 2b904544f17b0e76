"""The message of one row or key of a preview, or why there is none; and every message, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sendspec.composing.message import Message
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.redaction import printable
from sendspec.operations.key_search import why_no_message
from sendspec.operations.offline_plan import decided_without_ledger
from sendspec.operations.plan_detail import rows_at
from sendspec.operations.preview import Preview, SpecPreview
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.render import ids_of
from sendspec.operations.send_job import Job
from sendspec.operations.shown_message import ShownMessage, own_shape, price_of, shown_columns, shown_message
from sendspec.planning.decision import Skip
from sendspec.reading.contacts.number_country import country_of_number
from sendspec.reading.files.confined_path import without_detour
from sendspec.reading.prices import Price, PriceTable
from sendspec.reading.tables.row import Row

_REASONS = {
    Skip.FILTERED: ("`where` leaves it out", "change the row, or `where`"),
    Skip.SUPPRESSED: ("its address is on a suppression list", "take the address off the list, or look at another row"),
    Skip.ONLY_TO: ("the environment's `only_to` doesn't name its address", "look at another row, or change `only_to`"),
}
"""Why the row of a preview gets no message, and what to do; a repeated recipient has words of its own."""


def asked_preview(
    jobs: Sequence[Job], preview: Preview, row: int | None, key: str | None, context: ProjectContext
) -> tuple[Preview | None, list[Diagnostic]]:
    """The preview with the messages that were asked for; None without any. And why a spec has none."""
    found, missed = [], []
    for job, spec in zip(jobs, preview.specs, strict=True):
        if row is not None:
            answer = message_of_row(job, spec, row, context)
        else:
            answer = message_of_key(job, spec, key or "", context)
        if isinstance(answer, ShownMessage):
            found.append(replace(spec, shown=(answer,), asked=True))
        else:
            missed.append(answer)
    return (Preview(tuple(found)) if found else None), missed


def message_of_row(job: Job, spec: SpecPreview, line: int, context: ProjectContext) -> ShownMessage | Diagnostic:
    """The message of the row that begins on `line`. With `CI` set, it has the columns' names in the place of values."""
    row = next(rows_at(job, [line]), None)
    if row is None:
        return _no_row(job, line)
    composed = job.composer(Problems()).compose(row)
    skip, first = _decided(job, line, composed.id if isinstance(composed, Message) else None, context)
    if skip is None and isinstance(composed, Message):
        return _shown(job, spec, row, composed, context)
    return _no_message(job, line, skip, first)


def message_of_key(job: Job, spec: SpecPreview, key: str, context: ProjectContext) -> ShownMessage | Diagnostic:
    """The message of the recipient with this key, as typed. With `CI` set, see `message_of_row`."""
    wanted = ids_of(job, key)
    for decision in decided_without_ledger(job, context.environment.only_to):
        item = decision.item
        if isinstance(item, Message) and item.id in wanted:
            if decision.skip is not None:
                return _no_message(job, item.line, decision.skip, None)
            return _shown(job, spec, next(rows_at(job, [item.line])), item, context)
    return why_no_message(job, key, is_public=context.system.is_ci)


def every_message(job: Job, context: ProjectContext, problems: Problems) -> Iterator[Message]:
    """The messages to send, in the order of the rows. Faults of this pass go to `problems`."""
    for decision in decided_without_ledger(job, context.environment.only_to, problems):
        if decision.skip is None and isinstance(decision.item, Message):
            yield decision.item


def message_cost(message: Message, prices: PriceTable | None) -> Price | None:
    """What one message costs; None if that isn't known."""
    if message.measure is None or prices is None:
        return None
    return price_of(country_of_number(message.receiver), message.measure.segments, prices)


def _decided(job: Job, line: int, own: bytes | None, context: ProjectContext) -> tuple[Skip | None, int | None]:
    """Why the row on this line is skipped, and the line of the first row with the id `own`."""
    first = None
    for decision in decided_without_ledger(job, context.environment.only_to):
        item = decision.item
        if first is None and isinstance(item, Message) and item.id == own:
            first = item.line
        if item.line == line:
            return decision.skip, first
    return None, first


def _shown(job: Job, spec: SpecPreview, row: Row, message: Message, context: ProjectContext) -> ShownMessage:
    shapes = {shape.id: shape for shape in spec.shapes}
    if not context.system.is_ci:
        return shown_message(job, row.values, message, None if spec.cost is None else spec.cost.prices, shapes=shapes)
    own = own_shape(job, message)
    return replace(shown_columns(job, shapes.get(own.id, own)), id=message.id, line=message.line)


def _no_message(job: Job, line: int, skip: Skip | None, first: int | None) -> Diagnostic:
    if skip is Skip.DUPLICATE:
        other = "an earlier row" if first is None else f"row {first}"
        why, fix = f"{other} has the same recipient, with the same message", "look at that row"
        fix = fix if first is None else f"write `--row {first}`"
    else:
        why, fix = _REASONS.get(skip or Skip.FILTERED, _REASONS[Skip.FILTERED])
    return replace(
        row_diagnostic(
            job.table, line, None, code="recipient-excluded", problem=f"row {line} gets no message: {why}", fix=fix
        ),
        excerpt="",
    )


def _no_row(job: Job, line: int) -> Diagnostic:
    """Says where the nearest row begins: a cell can have several lines, and lines can be empty."""
    first = before = after = None
    for row in job.table.rows(Problems()):
        first = first or row.line
        if row.line < line:
            before = row.line
        else:
            after = row.line
            break
    near = [each for each in (before, after) if each is not None]
    fix = f"write `--row {near[0]}`" if near else "name a row of the table"
    if after is None and first != before:
        fix = f"name a row from {first} to {before}"
    whole = f"row {near[0]} has several lines, or line {line} is empty" if len(near) == 2 else ""
    ends = f"the last row is {before}" if after is None else f"the first row is {after}"
    return Diagnostic(
        code="row-unknown",
        path=job.table.path,
        span=FILE_START,
        problem=f"no row of {printable(without_detour(job.table.path))} begins on line {line}: {whole or (ends if near else 'it has none')}",
        fix=fix,
    )
