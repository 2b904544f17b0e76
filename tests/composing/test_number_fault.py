"""What to do with a text that is no number."""

from __future__ import annotations

import pytest
from sendspec.composing.number_fault import number_fix

CODE = "remove the filter if such numbers have letters, or write the digits alone in the table"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("A1", CODE),
        ("B2", CODE),
        ("12B", CODE),
        ("EUR12", "remove EUR in the table"),
        ("kr 12", "remove kr in the table"),
        ("5kg", "remove kg in the table"),
        ("1 234,50", "remove the thousands' spaces and write a decimal point"),
        ("x", "write the digits alone in the table, such as 1234.50, or remove the filter"),
        ('{"plan": 1}', "remove the filter: this is JSON"),
        ("", "fill it in, or write `default(0)` before the filter"),
    ],
)
def test_the_fix_depends_on_what_keeps_the_text_from_being_a_number(text: str, fix: str) -> None:
    assert number_fix(text).startswith(fix)
