"""A search as people type it."""

from __future__ import annotations

import pytest
from sendspec.sandbox.search import MAX_CHARACTERS, Searched, parse_search

FOUND_BY = Searched(
    ["Hi Ada, your order A1001 has shipped.", "+44"], ["status:delivered", "encoding:GSM-7", "segments:10", "0b7e-41"]
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", True), ("   ", True), ("Ada", True), ("ada SHIPPED", True), ("ada grace", False), ("-ada", False), ("-grace", True),
        ("ada -grace", True), ("ada -shipped", False), ('"order a1001"', True), ('"a1001 order"', False), ('-"order a1001"', False),
        ('"order a', True), ("status:delivered", True), ("-STATUS:DELIVERED", False), ("-", True), ('""', True), ("encoding:ucs-2", False),
        ("-nl -", True), ("%", False), ("[", False),
        ("-delivered", True), ("delivered", False), ("segments:1", False), ("-segments:1", True), ("-b", True), ("0B7E-41", True), ("-0b7e-41", False),
    ],
)  # fmt: skip
def test_every_word_counts_and_none_that_was_left_out(written: str, found: bool) -> None:
    assert parse_search(written).matches(FOUND_BY) is found


def test_words_are_folded_and_a_long_search_is_cut() -> None:
    assert parse_search("STRASSE").matches(Searched(["straße"], []))
    assert len(parse_search("x" * 1_000).written) == MAX_CHARACTERS
    assert not parse_search(' - "" ')
    assert parse_search("-a")
