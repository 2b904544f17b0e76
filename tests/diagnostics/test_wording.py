"""Numbers and counted nouns in texts."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.wording import counted, grouped


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1_204, "1 204"), (1_000_000, "1 000 000")])
def test_thousands_are_separated_by_a_space(number: int, text: str) -> None:
    assert grouped(number) == text


def test_only_one_is_singular() -> None:
    assert [counted(number, "message") for number in (0, 1, 2)] == ["0 messages", "1 message", "2 messages"]


def test_an_irregular_plural_is_given_by_the_caller() -> None:
    assert counted(2, "message is", "messages are") == "2 messages are"
