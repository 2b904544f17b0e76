"""What would save segments, in words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sendspec.composing.text_place import TextPlace
from sendspec.operations.saving import Replacement, Shortening
from sendspec.planning.saved_cost import SavedCost, saved_cost
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.saving import cut_lines, saved_words, saving_words, savings_json

ROOT = TextPlace(bit=None, length=30)


def euros(low: str, high: str, unknown: int = 0) -> SavedCost:
    return SavedCost(amounts=(Price("EUR", Decimal(low), Decimal(high)),), unknown_segments=unknown)


def cut(
    characters: int = 7, place: TextPlace = ROOT, *, cost: SavedCost | None = None, is_own: bool = True
) -> Shortening:
    return Shortening(characters=characters, messages=1_104, segments=1_104, cost=cost, place=place, is_own=is_own)


def branch(*conditions: str, holds: bool) -> TextPlace:
    return TextPlace(bit=1, length=30, conditions=conditions, holds=holds)


@pytest.mark.parametrize(
    ("saving", "words"),
    [
        (cut(), "cutting 7 characters of the spec's own text"),
        (cut(1, is_own=False), "cutting 1 character of each text"),
        (cut(place=branch("a", "b == 'x'", holds=True)), "cutting 7 characters where b == 'x'"),
        (cut(place=branch("a", holds=False)), "cutting 7 characters where not a"),
        (cut(place=branch("a", "b", holds=False)), "cutting 7 characters where none of a, b"),
        (cut(place=branch("x\x1b[31m\u202e", holds=True)), "cutting 7 characters where x\\u001b[31m\\u202e"),
        (
            Replacement(characters="\u00a0’…", messages=1, segments=1, cost=None),
            "replacing U+00A0, ’ and … together",
        ),
    ],
)
def test_a_saving_says_what_to_do(saving: Replacement | Shortening, words: str) -> None:
    assert saving_words(saving) == words


@pytest.mark.parametrize(
    ("segments", "cost", "words"),
    [
        (1_104, None, "1 104 segments"),
        (1, euros("0.07", "0.07"), "1 segment (EUR 0.07)"),
        (312, euros("78.2", "78.2", 12), "312 segments (EUR 78.20 + 12 segments of unknown price)"),
        (3, euros("0.24", "0.3"), "3 segments (~ EUR 0.24 to 0.30)"),
        (3, SavedCost(amounts=(), unknown_segments=3), "3 segments (unknown price)"),
    ],
)
def test_an_unknown_price_is_said_and_never_nothing(segments: int, cost: SavedCost | None, words: str) -> None:
    assert saved_words(segments, cost) == words


def test_currencies_are_never_added() -> None:
    prices = PriceTable(
        {"GB": Price("GBP", Decimal("0.04"), Decimal("0.04")), "NL": Price("EUR", Decimal("0.08"), Decimal("0.1"))},
        "prices.csv",
        "0" * 64,
    )
    cost = saved_cost({"GB": 2, "NL": 3, "BE": 4, "unknown": 1}, prices)
    assert saved_words(10, cost) == "10 segments (~ EUR 0.24 to 0.30 + GBP 0.08 + 5 segments of unknown price)"
    [written] = savings_json([cut(cost=cost)])
    assert written["cost_saved"] == {
        "currency": None, "low": None, "high": None, "unknown_segments": 5,
        "amounts": [{"currency": "EUR", "low": "0.24", "high": "0.3"}, {"currency": "GBP", "low": "0.08", "high": "0.08"}],
    }  # fmt: skip


def test_a_plain_plan_shows_two_cuts_and_says_how_many_more_there_are() -> None:
    cuts = [cut(characters) for characters in (7, 3, 2, 1)]
    lines = list(cut_lines(cuts, full=False))
    assert lines == [
        "cutting 7 characters of the spec's own text saves 1 104 segments",
        "cutting 3 characters of the spec's own text saves 1 104 segments",
        "  and 2 more cuts: `--detail`",
    ]
    assert len(list(cut_lines(cuts, full=True))) == 4
