"""A message in a terminal: all of its text, nothing that controls the terminal, no line wider than there is room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.filled_text import FilledPiece
from sendspec.composing.message_part import MessagePart
from sendspec.composing.platforms.sms_excess import excess
from sendspec.composing.platforms.sms_segments import forcing, measure, replaced, split
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.redaction import printable, spelled
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.shown_message import ForcedAt, ShownMessage
from sendspec.reading.prices import Price
from sendspec.showing.bubble import BAR, BOUNDARIES, bubble_lines, size_words
from sendspec.showing.terminal_style import PLAIN, TerminalStyle, cells


def shown(*parts: tuple[str, str]) -> ShownMessage:
    """A message of these texts, each with the column that it comes from, or ""."""
    pieces = tuple(FilledPiece(text, bool(column), (column,) if column else ()) for text, column in parts)
    text = "".join(text for text, _ in parts)
    columns = [column for text, column in parts for _ in text]
    measured = measure(text)
    return ShownMessage(
        shape=None,
        id=b"i" * 16,
        line=2,
        pieces=pieces,
        text=text,
        measure=measured,
        segments=split(text),
        over=excess(text, measured),
        forcing=tuple(
            ForcedAt(each.index, each.character, each.replacement,
                     ForcingSource.DATA if columns[each.index] else ForcingSource.TEMPLATE, columns[each.index])
            for each in forcing(text)
        ),
        replaced=None if replaced(text) == text else measure(replaced(text)),
        source=SampleSource.RECIPIENTS,
        path=TakenPath(),
    )  # fmt: skip


def bars(message: ShownMessage, style: TerminalStyle = PLAIN) -> list[str]:
    """What is behind the bar, without the lines of marks."""
    lines = [line.removeprefix(BAR) for line in bubble_lines(message, style) if line.startswith(BAR)]
    return [line for line in lines if not re.fullmatch(r"[ ^]*\^", line) or "^" in message.text]


CHUNKS = [
    "Hi ",
    "Zoë",
    "你好吗",
    "😀😀",
    "❤️",
    "é",
    "a\nb",
    "\r\n",
    "\x1b[31mred",
    "\u202eabc",
    "\u200d",
    "⟨x⟩",
    "\\n",
    "┊",
    "x" * 75,
    " ",
    "::error::",
]


@given(
    st.lists(st.tuples(st.sampled_from(CHUNKS), st.sampled_from(["", "name"])), min_size=1, max_size=12),
    st.integers(30, 100),
)
def test_the_text_is_all_there_and_fits(parts: list[tuple[str, str]], columns: int) -> None:
    """Law: behind the bar is the whole text, printable, on lines that fit; only boundaries are added."""
    message = shown(*parts)
    lines = bars(message, TerminalStyle(colour=False, columns=columns))
    boundary = next(each for each in BOUNDARIES if each not in message.text)
    found = "".join("".join(lines).split()).replace(boundary, "")
    expected = "".join(printable(spelled(line)) for text, _ in parts for line in re.split(r"\r?\n", text))
    assert found == "".join(expected.split())
    assert sum(line.count(boundary) for line in lines) == max(0, len(message.segments) - 1)
    assert all(cells(line.rstrip()) <= min(columns, 88) - 4 - len(BAR) for line in lines)
    assert all(line.isprintable() for line in bubble_lines(message, TerminalStyle(colour=False, columns=columns)))


def lines_of(message: ShownMessage, *, colour: bool = False) -> list[str]:
    return list(bubble_lines(message, TerminalStyle(colour=colour)))


def test_boundaries_marks_and_sources_are_shown_below() -> None:
    message = replace(
        shown(("It’s ", ""), ("O’Brien 你" + "x" * 65, "name")), cost=Price("EUR", Decimal("0.14"), Decimal("0.14"))
    )
    assert list(bubble_lines(message, TerminalStyle(colour=False, columns=60))) == [
        "│ It’s O’Brien",
        "│   ^   ^",
        "│ 你" + "x" * 52,
        "│ ^^",
        "│ x┊" + "x" * 12,
        "UCS-2 · 79 characters · 2 segments (┊ ends one) · 9 characters over 1 segment · EUR 0.14",
        "filled in: name",
        "’ (U+2019) in the spec's own text and in column name, 2 times: write `'`",
        "你 (U+4F60) in column name: GSM-7 has nothing like it",
        "the others keep it UCS-2, whatever is replaced",
    ]


def test_with_colour_filled_and_forcing_characters_are_marked_in_place() -> None:
    line = lines_of(shown(("It’s ", ""), ("O’B", "name")), colour=True)[0]
    assert line == "\x1b[2m│ \x1b[0mIt\x1b[1;33m’\x1b[0ms \x1b[4mO\x1b[0m\x1b[4;1;33m’\x1b[0m\x1b[4mB\x1b[0m"
    assert "^" not in "".join(lines_of(shown(("It’s", "")), colour=True))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("€" * 81, "GSM-7 · 81 characters (162 units) · 2 segments (┊ ends one) · 2 units over 1 segment"),
        ("a" * 160, "GSM-7 · 160 characters · 1 segment"),
        ("┊" + "a" * 70, "UCS-2 · 71 characters · 2 segments (╎ ends one) · 1 character over 1 segment"),
        ("‘a’ " * 40, "all replaced: GSM-7, 1 segment, 2 segments less"),
        ("‘a’", "all replaced: GSM-7, 1 segment, as many"),
        ("a\u00a0b", "U+00A0 in the spec's own text: write a space"),
        ("a\u200bb", "U+200B in the spec's own text: leave it out"),
        ("абвгдежзи", "UCS-2, as it has 9 characters of another script"),
    ],
)
def test_sizes_in_words(text: str, line: str) -> None:
    assert line in lines_of(shown((text, "")))


def test_what_can_not_be_split_says_so_and_is_not_marked() -> None:
    message = replace(shown(("Hi", "")), pieces=(FilledPiece("Hi", is_filled=True, why="the reason"),))
    assert lines_of(message)[-1] == "filled in: all of it, or not known: the reason"
    assert "\x1b[4m" not in lines_of(message, colour=True)[0]


def test_long_texts_are_cut_unless_asked_for() -> None:
    message = replace(shown(("word " * 400, "")), measure=None, segments=(), over=0)
    assert "│ … and 500 more characters" in lines_of(message)
    assert not [line for line in bubble_lines(message, PLAIN, whole=True) if "more" in line]


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (MessagePart("body.image.images[0].mediaUrl", "https://example.com/a/b%20c.png?x=1"),
         "body.image.images[0].mediaUrl: b c.png, https://example.com/a/b%20c.png?x=1"),
        (MessagePart("body.image.images[0].mediaUrl", "http://[bad"), "body.image.images[0].mediaUrl: http://[bad"),
        (MessagePart("body.html.html", "<b onclick=x>\u202eHi</b>"), "body.html.html: <b onclick=x>\\u202eHi</b>"),
        (MessagePart("body.html.html", "x" * 400 + " https://e.example/1"), "  link: https://e.example/1"),
    ],
)  # fmt: skip
def test_parts_are_shown_as_text_with_media_as_names(part: MessagePart, line: str) -> None:
    assert line in lines_of(replace(shown(("", "")), pieces=(), text="", measure=None, parts=(part,)))
    many: Sequence[MessagePart] = [part] * 9
    assert "and 1 more part" in lines_of(replace(shown(("a", "")), parts=tuple(many)))


@pytest.mark.parametrize(
    ("is_priced", "cost", "words"),
    [
        (True, None, " · unknown price"),
        (False, None, ""),
        (True, Price("EUR", Decimal("0.04"), Decimal("0.04")), " · EUR 0.04"),
    ],
)
def test_an_unknown_price_is_shown_as_unknown(is_priced: bool, cost: Price | None, words: str) -> None:
    message = replace(shown(("Hi", "")), is_priced=is_priced, cost=cost)
    assert size_words(message, "┊") == f"GSM-7 · 2 characters · 1 segment{words}"
