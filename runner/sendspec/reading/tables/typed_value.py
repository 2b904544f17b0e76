"""A value that was typed in the place of one of a table's, read as the table would read it."""

from __future__ import annotations

import json
from contextlib import suppress

from sendspec.diagnostics.problem import Problem
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.delimiter import SPACES
from sendspec.reading.tables.json_object import read_object, text_problem
from sendspec.reading.tables.table import Table
from sendspec.reading.tables.text_lines import forbidden_in


def typed_value(table: Table, column: str, value: object) -> object | Problem:
    """The value, or why the table can't have it. In a CSV, one of nothing but spaces is empty."""
    if isinstance(table, CsvTable) and isinstance(value, str):
        return forbidden_in(value) or (value if value.strip(SPACES) else "")
    return text_problem("", {column: value}) or value


def json_value(column: str, text: str) -> object:
    """The value of `column` that is written so in JSON, with its number as spelled; the text itself if it is no JSON.

    A text in it that can't be used stays as it is, for `typed_value` to find.
    """
    found = read_object(f"{{{json.dumps(column)}: {text}}}")
    if not isinstance(found, Problem):
        return found[column] if found.keys() == {column} else text
    if found.code == "forbidden-character":
        with suppress(ValueError):
            return json.loads(text)
    return text
