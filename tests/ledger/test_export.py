"""The ledger as a table: a header, a line for each message, and nothing that a spreadsheet would evaluate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from sendspec.ledger.export import csv_lines


def read_back(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The lines as a program reads them."""
    return list(csv.DictReader(io.StringIO("".join(csv_lines(rows)), newline="")))


def test_the_first_line_comes_with_the_header_and_each_row_is_one_piece() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "attempt": 2}, {"id": "3", "attempt": None}]
    assert list(csv_lines(rows)) == ["id,attempt\n1,2\n", "3,\n"]


def test_no_messages_are_no_lines() -> None:
    assert list(csv_lines([])) == []


def test_columns_are_the_header_with_and_without_rows() -> None:
    assert list(csv_lines([], ["id", "=x"])) == ["id,'=x\n"]
    assert list(csv_lines([{"=x": 2, "id": 1}], ["id", "=x"])) == ["id,'=x\n", "1,2\n"]


def test_rows_are_taken_as_their_lines_are_asked_for() -> None:
    rows = iter([{"id": "1"}, {"id": "2"}, {"id": "3"}])
    lines = csv_lines(rows)
    assert [next(lines), next(lines)] == ["id\n1\n", "2\n"]
    assert next(rows) == {"id": "3"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_text(start: str) -> None:
    assert read_back([{"cell": f"{start}cmd|' /C calc'!A0"}]) == [{"cell": f"'{start}cmd|' /C calc'!A0"}]


@pytest.mark.parametrize(("value", "cell"), [(-5, "-5"), (2.5, "2.5"), (None, ""), ("a=b", "a=b"), ("", "")])
def test_every_other_cell_stays_as_it_is(value: object, cell: str) -> None:
    assert read_back([{"name": "x", "cell": value}]) == [{"name": "x", "cell": cell}]


def test_commas_quotes_and_lines_in_a_cell_stay_in_that_cell() -> None:
    row = {"evidence": 'one, "two"\nthree\r=4+4', "id": "1"}
    assert read_back([row]) == [row]
