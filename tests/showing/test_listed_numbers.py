"""Numbers of a table in lists of messages: as the table spells them, in JSON and in CSV."""

from __future__ import annotations

from typing import Any

import pytest
from sample_reports import message
from sendspec.operations.found_rows import RecipientRow
from sendspec.planning.message_state import State
from sendspec.reading.documents.number_spelling import SpelledFloat, spelled_integer
from sendspec.showing.json_text import json_line
from sendspec.showing.message_list import listed_cells, listed_json

CELLS: list[tuple[Any, str]] = [
    (SpelledFloat("1.5"), "1.5"), (SpelledFloat("12.50"), "12.50"), (SpelledFloat("1e3"), "1e3"), (SpelledFloat("-0.0"), "-0.0"),
    (SpelledFloat(".5"), "0.5"), (SpelledFloat("1."), "1.0"), (1.25, "1.25"), (3, "3"), (spelled_integer("-0"), "-0"), (10**20, "1" + 20 * "0"),
    (True, "true"), ([SpelledFloat("1.50"), None], "[1.50,null]"), ({"k": SpelledFloat("1.50")}, '{"k":1.50}'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), CELLS, ids=[written for _, written in CELLS])
def test_a_number_of_a_table_is_listed_as_it_is_spelled(value: Any, written: str) -> None:
    row = RecipientRow(path="a.jsonl", number=1, line=1, key_column="id", key="1", cells={"a": value})
    listed = message(1, State.ACCEPTED, row=row).message
    document = json_line(listed_json(listed, row, ["a"]))
    assert f'"columns":{{"a":{written}}}'.encode() in document
    (cells,) = listed_cells([listed], _Rows(row), ["a"])  # type: ignore[arg-type]
    assert cells["a"] == written


class _Rows:
    def __init__(self, row: RecipientRow) -> None:
        self._row = row

    def row_of(self, message: object) -> RecipientRow:
        return self._row
