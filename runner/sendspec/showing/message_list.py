"""Lists of messages: as text, as JSON and as the rows of a CSV file, with the recipients' rows in today's table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, assert_never

import orjson

from sendspec.composing.identity import id_text, resent
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.ledger.record import MessageRecord
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.recipient_row import NO_ROWS, Absence, RecipientRows
from sendspec.reading.files.confined_path import without_detour
from sendspec.showing.diagnostics import clean
from sendspec.showing.terminal_style import TerminalStyle

MESSAGE_COLUMNS = (
    "id", "spec", "generation", "state", "receiver", "reference", "attempt", "remote_id", "http_status", "evidence", "updated_at",
)  # fmt: skip
PLACE_COLUMNS = ("table", "row", "line", "key", "in_table")
"""Where today's table has the recipient."""
JSON_NUMBER = lazy_pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def message_lines(
    messages: Iterable[MessageRecord], style: TerminalStyle, rows: RecipientRows = NO_ROWS
) -> Iterator[str]:
    """One line for each message: id, masked recipient, state, attempt, time, the recipient's row, reason."""
    for message in messages:
        place = place_text(rows.row_of(message), message.masked)
        why = message.evidence or message.remote_id or ""
        yield (
            f"{id_text(message.id)}  {clean(message.masked):<12}  {style.bold(f'{_state(message):<9}')}  "
            f"{clean(message.name)}  attempt {message.attempt}  {moment(message.updated_at)}  {place}{clean(why)}".rstrip()
        )


def _state(message: MessageRecord) -> str:
    return "under way" if message.is_under_way else message.state.value


def place_text(found: RecipientRow | Absence, masked: str) -> str:
    """Where today's table has a recipient, followed by two spaces; empty if nobody knows."""
    match found:
        case RecipientRow():
            key = "" if found.key in (None, masked) else f" ({found.key_column or 'key'} {found.key})"
            return clean(f"{without_detour(found.path)}:{found.line}{key}") + "  "
        case Absence.GONE:
            return "gone from the table  "
        case Absence.UNKNOWN:
            return ""
        case _:
            assert_never(found)


def messages_json(
    messages: Iterable[MessageRecord], rows: RecipientRows, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The messages with their rows, as `listed_json` has each."""
    return (listed_json(message, rows.row_of(message), columns) for message in messages)


def listed_json(message: MessageRecord, found: RecipientRow | Absence, columns: Sequence[str]) -> dict[str, Any]:
    """One message with its row, as `status` lists it in JSON. `columns` of the row are shown too."""
    listed = {**message_json(message), "under_way": message.is_under_way, "in_table": _in_table(found), "row": None}
    if isinstance(found, RecipientRow):
        key = None if found.key is None else {"column": found.key_column, "value": found.key}
        listed["row"] = {"table": found.path, "row": found.number, "line": found.line, "key": key}
        if columns:
            listed["row"]["columns"] = {name: _spelled(found.cells[name]) for name in columns if name in found.cells}
    return listed


def listed_cells(
    messages: Iterable[MessageRecord], rows: RecipientRows, columns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The same for a CSV file, with the header of `list_header`."""
    for message in messages:
        found = rows.row_of(message)
        cells = {**message_json(message), **dict.fromkeys(PLACE_COLUMNS)}
        is_in = _in_table(found)
        cells["in_table"] = None if is_in is None else str(is_in).lower()
        cells.update(dict.fromkeys(map(input_header, columns)))
        if isinstance(found, RecipientRow):
            cells.update(table=found.path, row=found.number, line=found.line, key=found.key)
            cells.update({input_header(name): _cell(found.cells.get(name)) for name in columns})
        yield cells


def list_header(columns: Sequence[str]) -> list[str]:
    return [*MESSAGE_COLUMNS, *PLACE_COLUMNS, *map(input_header, columns)]


def input_header(column: str) -> str:
    """The header of a column of the input. One of a name of ours is told apart."""
    return f"input {column}" if column in (*MESSAGE_COLUMNS, *PLACE_COLUMNS) else column


def _cell(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(_spelled(value)).decode()


def _spelled(value: Any) -> Any:
    """`value` with each number as its table spells it: orjson takes none of our own kinds, and no integer of more than 64 bits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        spelling = str(value)
        return orjson.Fragment(spelling if JSON_NUMBER.fullmatch(spelling) else repr(float(value)))
    if isinstance(value, Mapping):
        return {name: _spelled(each) for name, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, list | tuple) else value


def _in_table(found: RecipientRow | Absence) -> bool | None:
    """None: nobody knows."""
    return None if found is Absence.UNKNOWN else found is not Absence.GONE


def message_json(message: MessageRecord) -> dict[str, Any]:
    """One message as `status --messages` and `ledger export` show it."""
    return {
        "id": id_text(message.id),
        "spec": message.name,
        "generation": message.generation,
        "state": message.state.value,
        "receiver": message.masked,
        "reference": resent(message.reference or id_text(message.id), message.resends),
        "attempt": message.attempt,
        "remote_id": message.remote_id,
        "http_status": message.http_status,
        "evidence": message.evidence,
        "updated_at": moment(message.updated_at),
    }


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
