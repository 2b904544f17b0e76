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


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("not_before", ["name", "not_after"], None),
        ("first_word", ["first", "last"], None),
        ("last_name", ["first_name"], None),
        ("max_segments", ["min_segments"], None),
        ("order_ref", ["order_id", "oder_ref"], "oder_ref"),
        ("frist_name", ["first_name"], "first_name"),
        ("fristname", ["first_name"], "first_name"),
        ("unknown-nmae", ["unknown-key", "unknown-name"], "unknown-name"),
    ],
)
def test_another_word_in_a_compound_is_no_misspelling(word: str, known: list[str], meant: str | None) -> None:
    assert near_miss(word, known) == meant
