"""A page has parts that are whole or left out, is within its limit, and counts what is left out."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sendspec.showing.markdown.page import GAP, Section, fitted, more_of, page, single


def part(number: int, length: int) -> str:
    return f"[{number}:{'x' * length}]"


@st.composite
def sections(draw: st.DrawFn) -> Section:
    lengths = draw(st.lists(st.integers(0, 400), max_size=12))
    return Section(
        parts=[part(number, length) for number, length in enumerate(lengths)],
        more=more_of("part"),
        head=draw(st.sampled_from(["", "# head\n\n"])),
        joint=draw(st.sampled_from(["\n", GAP])),
        tail=draw(st.sampled_from(["", "\n\n# tail"])),
        is_cut=False,
        most=draw(st.sampled_from([100, 500, 60_000])),
    )


def counted(text: str) -> int:
    """The number that `and 3 more parts` says."""
    found = re.findall(r"and (\d+) more parts?", text)
    return sum(map(int, found))


@given(sections(), st.integers(0, 3_000))
def test_every_part_is_whole_or_counted(section: Section, room: int) -> None:
    text = fitted(section, room)
    assert len(text) <= min(room, section.most)
    shown = [each for each in section.parts if each in text]
    assert re.sub(r"\[\d+:x*\]", "", text).count("[") == 0
    if text:
        assert counted(text) == len(section.parts) - len(shown)
        assert text.startswith(section.head)
        assert text.endswith(section.tail)
    full = section.head + section.joint.join(section.parts) + section.tail
    if len(full) + len(section.joint) <= min(room, section.most):
        assert text == full


@settings(max_examples=60)
@given(st.lists(sections(), max_size=5), st.integers(200, 3_000))
def test_a_page_is_within_its_limit_and_says_which_sections_are_missing(found: list[Section], most: int) -> None:
    found = [
        replace(section, parts=[f"{number}{each}" for each in section.parts]) for number, section in enumerate(found)
    ]
    text = page(found, single("the end"), most)
    assert len(text) <= most
    assert text.endswith("the end\n")
    told = re.search(r"too long: (\d+) more parts?", text)
    without = sum(1 for section in found if section.parts and not any(each in text for each in section.parts))
    assert (int(told[1]) if told else 0) <= without
    rest = GAP.join(fitted(section, most) for section in found if section.parts)
    if len(rest) + 100 < most:
        assert not told


def test_what_was_cut_before_is_counted_too() -> None:
    section = Section(parts=["a", "b"], more=lambda left: f"and {len(left) + 5} more", joint="\n", is_cut=True)
    assert fitted(section, 100) == "a\nb\n\nand 5 more"
    assert fitted(section, 14) == "a\n\nand 6 more"
    assert fitted(section, 10) == "and 7 more"
    assert fitted(section, 9) == ""


def test_a_part_that_is_too_long_does_not_keep_out_those_behind_it() -> None:
    section = Section(parts=["x" * 200, "b", "c"], more=more_of("text"), joint="\n")
    assert fitted(section, 60) == "b\nc\n\nand 1 more text"
