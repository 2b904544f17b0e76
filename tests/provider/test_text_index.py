"""Known texts found in other texts, whole and in part."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.folded_text import folded
from sendspec.provider.text_index import BLOCK, BLOCK_STEP, TextIndex

WALRUS = "Dear Zebulon, the purple walrus dances at midnight."


def index_of(*texts: str) -> TextIndex:
    index = TextIndex()
    for text in texts:
        index.add(text)
    return index


def covered(index: TextIndex, text: str) -> str:
    """`text` with dots where something known is found."""
    characters = list(text)
    for start, end in index.spans(text):
        characters[start:end] = "." * (end - start)
    return "".join(characters)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("saidno", "saidno"),
        ("said" + folded(WALRUS) + "no", "said" + "." * len(folded(WALRUS)) + "no"),
        ("said" + folded(WALRUS)[7:31] + "no", "said" + "." * 24 + "no"),
        ("said" + folded(WALRUS)[7:12] + "no", "said" + folded(WALRUS)[7:12] + "no"),
    ],
)
def test_a_text_is_found_whole_and_in_part(text: str, found: str) -> None:
    assert covered(index_of(WALRUS), text) == found


def test_a_short_text_is_found_whole_and_a_very_short_one_is_not() -> None:
    index = index_of("Al-Amin 7", "a - b - c", "seven77", "")
    assert covered(index, "hialamin7abcseven77") == "hi.......abcseven77"
    assert index.size == 7


@given(st.integers(0, 60), st.integers(0, 60), st.lists(st.sampled_from("abc"), max_size=20).map("".join))
def test_any_part_long_enough_is_found_whatever_is_around_it(start: int, around: int, other: str) -> None:
    """Law: of a part of BLOCK + BLOCK_STEP - 1 characters of any known text, nothing is left."""
    known = "the" + other + "quickbrownfoxjumpsoverthelazydogandthenrunsawayfromthewolf"
    index = index_of(known[::-1], other + "quickbrownfox", known)
    part = known[start : start + BLOCK + BLOCK_STEP - 1]
    found = covered(index, "-" * around + part + "-" * around)
    assert found == "-" * around + "." * len(part) + "-" * around or len(part) < BLOCK + BLOCK_STEP - 1


@pytest.mark.parametrize("period", ["a", "ab", "abcdefg", "abcdefghi"])
def test_a_text_that_repeats_itself_takes_no_longer(period: str) -> None:
    index = index_of(period * 20_000)
    begun = time.process_time()
    list(index.spans(period * 500))
    assert time.process_time() - begun < 1.0
