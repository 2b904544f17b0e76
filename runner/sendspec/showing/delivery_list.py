"""Lists of accepted messages with what became of them: as text, as JSON and as the rows of a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sendspec.composing.identity import id_text
from sendspec.ledger.delivery.observation import Delivery
from sendspec.ledger.record import MessageRecord
from sendspec.operations.recipient_row import RecipientRows
from sendspec.showing.delivery import DELIVERY_COLUMNS, delivery_json, delivery_words
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import input_header, list_header, listed_cells, listed_json, moment, place_text

Listed = tuple[MessageRecord, Delivery | None]


def delivery_lines(messages: Iterable[Listed], rows: RecipientRows) -> Iterator[str]:
    """One line for each message: the recipient's row, masked recipient, what became of it, spec, time of the status, id."""
    for message, delivery in messages:
        at = message.updated_at if delivery is None else delivery.report.at or delivery.seen_at
        place = place_text(rows.row_of(message), message.masked)
        yield (
            f"{place}{clean(message.masked):<12}  {delivery_words(delivery)}  {clean(message.name)}  {moment(at)}"
            f"  {id_text(message.id)}"
        )


def delivery_list_json(
    messages: Iterable[Listed], rows: RecipientRows, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    for message, delivery in messages:
        yield {**listed_json(message, rows.row_of(message), columns), **delivery_json(delivery)}


def delivery_header(columns: Sequence[str]) -> list[str]:
    """The header of the CSV file: a column of the input with a name of ours is told apart."""
    return [*list_header(()), *DELIVERY_COLUMNS, *(_told_apart(name) for name in columns)]


def delivery_cells(messages: Iterable[Listed], rows: RecipientRows, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for message, delivery in messages:
        (cells,) = listed_cells([message], rows, columns)
        inputs = {_told_apart(name): cells.pop(input_header(name)) for name in columns}
        yield {**cells, **delivery_json(delivery), **inputs}


def _told_apart(column: str) -> str:
    return f"input {column}" if column in DELIVERY_COLUMNS else input_header(column)
