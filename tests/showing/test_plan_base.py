"""What a plan changes against a base, as text and as JSON."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sendspec.planning.base_change import (
    BaseComparison,
    RemovedSpec,
    SpecChange,
    SpecChangeKind,
    TextChange,
)
from sendspec.planning.cost import Cost, CountryCost
from sendspec.planning.text_difference import text_pieces
from sendspec.reading.prices import Price, PriceTable
from sendspec.showing.plan_base import change_json, change_lines, removed_lines
from sendspec.showing.terminal_style import PLAIN, TerminalStyle

COMMIT = "1a2b3c4" + "0" * 33
CHANGED = SpecChangeKind.CHANGED


def text(before: str, after: str, messages: int = 3, segments: int = 0) -> TextChange:
    return TextChange(
        messages=messages,
        line=2,
        before=before,
        after=after,
        pieces=text_pieces(before, after),
        segments_before=messages,
        segments_after=messages + segments,
    )


def cost(low: str, high: str | None = None, currency: str = "EUR") -> Cost:
    price = Price(currency, Decimal(low), Decimal(high or low))
    table = PriceTable({"NL": price}, "prices.csv", "")
    return Cost(by_country=(CountryCost(country="NL", messages=1, segments=1, price=price),), prices=table)


def lines(change: SpecChange, style: TerminalStyle = PLAIN, *, full: bool = False, ref: str = "main") -> list[str]:
    base = BaseComparison(ref=ref, commit=COMMIT, specs={"hello": change})
    return list(change_lines(base, "hello", style, full=full))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (SpecChange(kind=SpecChangeKind.SAME, same=5), "the same for 5 recipients"),
        (SpecChange(kind=SpecChangeKind.ADDED, added=1), "a new spec, for 1 recipient"),
        (SpecChange(kind=CHANGED, changed=2, fields=("tags",)), "2 messages changed"),
        (SpecChange(kind=CHANGED, added=12, dropped=4), "12 recipients more, 4 fewer"),
        (SpecChange(kind=CHANGED, dropped=1), "1 recipient fewer"),
        (
            SpecChange(kind=CHANGED, changed=1, segments_before=1_240, segments_after=1_420),
            "1 message changed, +180 segments (1 240 → 1 420)",
        ),
        (
            SpecChange(kind=CHANGED, dropped=1, segments_before=2, segments_after=1),
            "1 recipient fewer, -1 segment (2 → 1)",
        ),
        (
            SpecChange(kind=SpecChangeKind.RAISED, same=1, generation_before=1, path_before="specs/was.yaml"),
            "it was in specs/was.yaml, it was generation 1, the same for 1 recipient",
        ),
        (
            SpecChange(kind=SpecChangeKind.RENAMED, same=1, name_before="was"),
            "it was called was, the same for 1 recipient",
        ),
        (
            SpecChange(kind=CHANGED, added=1, cost_before=cost("80.00"), cost_after=cost("93.5")),
            "1 recipient more, +13.50 EUR (80.00 → 93.50)",
        ),
        (
            SpecChange(kind=CHANGED, dropped=1, cost_before=cost("2", "4"), cost_after=cost("1", "2")),
            "1 recipient fewer, EUR 2.00 to 4.00 → 1.00 to 2.00",
        ),
        (
            SpecChange(kind=SpecChangeKind.SAME, same=1, cost_before=None, cost_after=cost("1", currency="USD")),
            "the same for 1 recipient, cost USD 1.00, unknown before",
        ),
        (
            SpecChange(kind=CHANGED, added=1, cost_before=cost("80"), cost_after=None),
            "1 recipient more, cost unknown, as there are no prices now (it was EUR 80.00)",
        ),
        (
            SpecChange(kind=CHANGED, added=1, cost_before=cost("1", currency="USD"), cost_after=cost("2")),
            "1 recipient more, +2.00 EUR (0.00 → 2.00), -1.00 USD (1.00 → 0.00)",
        ),
    ],
)  # fmt: skip
def test_the_first_line_says_how_much_changes(change: SpecChange, words: str) -> None:
    assert lines(change)[0] == f"  against main (1a2b3c4): {words}"


def test_changes_are_marked_by_colour_or_as_a_word_diff() -> None:
    change = SpecChange(kind=CHANGED, changed=3, texts=(text("Hi Ada, bye", "Hello Ada, bye", segments=3),))
    assert lines(change)[1:] == [
        "    3 messages, row 2, +3 segments",
        "        - [-Hi-] Ada, bye",
        "        + {+Hello+} Ada, bye",
    ]
    assert lines(change, TerminalStyle(colour=True))[2:] == [
        "        - \x1b[1;31mHi\x1b[0m Ada, bye",
        "        + \x1b[32mHello\x1b[0m Ada, bye",
    ]


def test_long_texts_keep_what_changes_in_sight() -> None:
    words = " ".join(f"word{n}" for n in range(60))
    change = SpecChange(kind=CHANGED, changed=1, texts=(text(f"{words} old {words}", f"{words} new {words}", 1),))
    (removed,) = [line for line in lines(change) if line.startswith("        - ")]
    assert "[-old-]" in removed
    assert len(removed) < 120
    assert words in lines(change, full=True)[2]


def test_many_changes_are_cut_and_counted() -> None:
    texts = tuple(text(f"a{n}", f"b{n}", 9 - n) for n in range(8))
    change = SpecChange(kind=CHANGED, changed=99, texts=texts, other_texts=50, other_messages=55)
    assert lines(change)[0].endswith("58 texts changed in 99 messages")
    assert lines(change)[-1] == "    and 53 more changes, in 64 messages: `--detail`"
    assert lines(change, full=True)[-1] == "    and 50 more changes, in 55 messages"


def test_changes_that_values_make_different_are_one_example() -> None:
    many = replace(text("a", "b", 1_000), different=990, is_more=True)
    change = SpecChange(kind=CHANGED, changed=1_000, texts=(many,))
    assert lines(change)[:2] == [
        "  against main (1a2b3c4): at least 990 texts changed in 1 000 messages",
        "    at least 990 different changes in 1 000 messages, such as row 2",
    ]
    assert change_json(change)["texts"][0]["different"] == 990
    assert change_json(change)["texts"][0]["at_least"] is True


def test_changes_that_were_not_told_apart_are_an_example_too() -> None:
    change = SpecChange(kind=CHANGED, changed=200, texts=(replace(text("a", "b", 200), is_more=True),))
    assert lines(change)[1] == "    200 messages of further changes, such as row 2"


def test_what_can_not_be_compared_says_why_and_nothing_else() -> None:
    change = SpecChange(kind=SpecChangeKind.NOT_COMPARED, problem="it is\x1b[31m broken")
    assert lines(change) == ["  ⚠ against main (1a2b3c4): the base can't be compared: it is\\u001b[31m broken"]
    assert change_json(change) == {"kind": "not-compared", "problem": "it is\x1b[31m broken"}


def test_nothing_of_the_files_acts_on_a_terminal() -> None:
    change = SpecChange(
        kind=SpecChangeKind.RENAMED,
        changed=1,
        name_before="a\x1b[2Jb",
        texts=(text("x \x1b[31m \u202e y", "x \x1b[32m z"),),
        fields=("a\x1b[1m",),
    )
    for style in (PLAIN, TerminalStyle(colour=True)):
        shown = "\n".join(lines(change, style, ref="r\x1b[5m\n"))
        assert "\x1b[2J" not in shown
        assert "\u202e" not in shown
        assert not any(f"\x1b[{code}m" in shown for code in ("5", "1")) or style.colour
    base = BaseComparison(ref="main", commit=COMMIT, removed=(RemovedSpec(name="a\x1b[1m", path="b\n"),))
    assert list(removed_lines(base)) == ["gone since main (1a2b3c4): a\\u001b[1m (b\\n)"]
