"""Which ids can be kept, and what is said of those that can't."""

from __future__ import annotations

import pytest
from sendspec.provider.acceptance import MAX_ID, ODD_ID, id_fault, is_id


@pytest.mark.parametrize("value", ["5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01", "1", "msg_01:a.b-C", "x" * MAX_ID])
def test_letters_digits_and_four_signs_are_an_id(value: str) -> None:
    assert is_id(value)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "without an id"), (7, "without an id"), ("", "without an id"), ("x" * (MAX_ID + 1), "without an id"),
        ("a\x1b[31m", "without an id"), ("a\n", "without an id"), ("Dear Zebulon", ODD_ID), ("Зебулон", ODD_ID), ("a/b=", ODD_ID),
    ],
)  # fmt: skip
def test_anything_else_is_none_and_it_is_said_why(value: object, fault: str) -> None:
    assert not is_id(value)
    assert id_fault(value) == fault
