"""Law of the short cut in looking for placeholders of other programs: the patterns that are left out would find nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.composing import lookalike

WRITTEN = [
    "<%= name %>", "*|FNAME|*", "[[ name ]]", "[name]", "<name>", "<<name>>", "\u00abname\u00bb", "@name@", "${name}", "#{name}", "{name}", "{{name}}",
    "%name%", "%%name%%", "%(name)s", "{row['name']}", "{name:.2f}", "{name!r}", "{name.title()}", "$name", ":name", ":_x", ":\u00e9t\u00e9", ":\u00b2",
]  # fmt: skip
CHUNKS = [
    *WRITTEN,
    "<",
    "%",
    "*|",
    "|*",
    "[",
    "]",
    "{",
    "}",
    "@",
    "$",
    ":",
    " ",
    "(",
    "9:00",
    "a: b",
    "://",
    "name",
    "1",
    "\n",
]
ODD = lookalike._written_around(re.escape("Price (\u20ac)"))


@pytest.mark.parametrize("written", WRITTEN)
def test_each_way_to_write_a_placeholder_is_looked_for(written: str) -> None:
    patterns = list(lookalike._patterns_for(f"Hi {written}", ODD))
    assert any(pattern.search(f"Hi {written}") for pattern in patterns)


@holds_for(150, 1_000, st.lists(st.sampled_from(CHUNKS), max_size=6).map("".join))
def test_a_pattern_that_is_left_out_finds_nothing(text: str) -> None:
    """Whatever the text."""
    looked_for = list(lookalike._patterns_for(text, ODD))
    for pattern in (lookalike._LOOKALIKE, lookalike._IN_CODE, ODD):
        assert pattern in looked_for or pattern.search(text) is None


def test_an_ordinary_text_is_not_looked_through() -> None:
    assert list(lookalike._patterns_for("Your order arrives at 9:00. Track it: https://acme.example", ODD)) == []


@holds_for(60, 1_000, st.text(alphabet="ab_1 .-\u00e9(", min_size=1, max_size=lookalike.MAX_NAME))
def test_a_plain_name_is_a_usual_one(name: str) -> None:
    """What `_is_plain` accepts needs no expression."""
    assert not lookalike._is_plain(name) or re.fullmatch(lookalike._NAME, name)
