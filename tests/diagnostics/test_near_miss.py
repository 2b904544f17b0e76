"""A misspelt word gets the most similar known one as a suggestion."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.near_miss import MAX_KNOWN, MAX_LENGTH, near_miss


@pytest.mark.parametrize(
    ("word", "meant"), [("recipents", "recipients"), ("chanel", "channel"), ("first_nmae", "first_name"), ("zzz", None)]
)
def test_the_most_similar_word_is_suggested(word: str, meant: str | None) -> None:
    assert near_miss(word, ["recipients", "channel", "first_name", "message"]) == meant


def test_words_of_similar_length_are_compared_first() -> None:
    long = [f"{n:05}-something-much-longer" for n in range(MAX_KNOWN)]
    assert near_miss("chanel", [*long, "channel"]) == "channel"


def test_a_very_long_word_has_no_suggestion() -> None:
    assert near_miss("x" * (MAX_LENGTH + 1), ["x" * MAX_LENGTH]) is None
