"""The access key, found in another text whole, in part, and in pieces."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.access_key_index import KEY_PART, MAX_APART, PIECE, AccessKeyIndex
from sendspec.provider.folded_text import folded

KEY = "Kq7CanaryZx93LmWpT4uVb8Nd2HsYe6R"
LETTERS = KEY.lower()


def covered(key: str, text: str, split_part: int = KEY_PART) -> str:
    """`text` with dots where a part of the key is found."""
    characters = list(text)
    for start, end in AccessKeyIndex(key).folded_spans(text, split_part):
        characters[start:end] = "." * (end - start)
    return "".join(characters)


@pytest.mark.parametrize(
    ("text", "split_part", "found"),
    [
        ("", 8, ""),
        ("ab", 8, "ab"),
        (LETTERS, 8, "." * 32),
        (f"got{LETTERS[3:11]}", 8, "got........"),
        (f"got{LETTERS[3:10]}", 8, f"got{LETTERS[3:10]}"),
        (f"{LETTERS[:5]}ab{LETTERS[5:10]}", 8, ".....ab....."),
        (f"{LETTERS[:5]}ab{LETTERS[5:10]}", 11, f"{LETTERS[:5]}ab{LETTERS[5:10]}"),
        (f"{LETTERS[:5]}ab{LETTERS[5:11]}", 11, ".....ab......"),
        (f"{LETTERS[:5]}ab{LETTERS[5:13]}", 99, f"{LETTERS[:5]}ab........"),
        (f"{LETTERS[5:10]}ab{LETTERS[:5]}", 8, f"{LETTERS[5:10]}ab{LETTERS[:5]}"),
        (f"{LETTERS[:5]}{'x' * MAX_APART}{LETTERS[5:10]}", 8, f".....{'x' * MAX_APART}....."),
        (f"{LETTERS[:5]}{'x' * (MAX_APART + 1)}{LETTERS[5:10]}", 8, f"{LETTERS[:5]}{'x' * (MAX_APART + 1)}{LETTERS[5:10]}"),
        (f"{LETTERS[:5]}{LETTERS[2:5]}{LETTERS[5:10]}", 8, "....a........"),
        (LETTERS[:3] * 9, 8, LETTERS[:3] * 9),
    ],
)  # fmt: skip
def test_a_part_is_found_in_one_piece_or_in_several(text: str, split_part: int, found: str) -> None:
    assert covered(KEY, text, split_part) == found


@given(
    st.integers(0, len(KEY) - KEY_PART),
    st.integers(KEY_PART, len(KEY)),
    st.lists(st.tuples(st.integers(PIECE, 9), st.text("-xyj5", max_size=9)), min_size=len(KEY), max_size=len(KEY)),
)
def test_all_pieces_of_a_part_are_found(start: int, length: int, cuts: list[tuple[int, str]]) -> None:
    """Law: whatever is between its pieces, of a part of the key no piece is left."""
    part = LETTERS[start : start + length]
    pieces, others = [], []
    for size, between in cuts:
        if len(part) - size < PIECE:
            size = len(part)
        pieces.append(part[:size])
        others.append(f"{between}!")  # which no text in folded form has: it ends what matches by chance
        part = part[size:]
        if not part:
            break
    text = "".join(piece + other for piece, other in zip(pieces, others, strict=True))
    found = covered(KEY, text)
    place = 0
    for piece, other in zip(pieces, others, strict=True):
        assert set(found[place : place + len(piece)]) == {"."}
        place += len(piece) + len(other)


@given(st.integers(0, 10_000))
def test_words_are_no_part_of_a_random_key(seed: int) -> None:
    """Law: a sentence of ordinary words has no part of a random key."""
    chance = random.Random(seed)
    key = "".join(chance.choices(string.ascii_letters + string.digits, k=32))
    said = "422 InvalidPayload the message could not be sent because receiver contacts identifierValue is not a phone number"
    assert covered(key, folded(said)) == folded(said)


def test_a_key_of_few_letters_is_found_as_it_is_written_only() -> None:
    index = AccessKeyIndex("a.b.c-d-e")
    assert index.letters == ""
    assert list(index.spans("not abcde, but A.b.c-d-e")) == [(15, 23), (16, 24)]
    assert list(index.folded_spans("abcde", KEY_PART)) == []


def test_a_short_key_is_found_as_a_word_only() -> None:
    assert list(AccessKeyIndex("a.b-1").spans("a.b-1, not a.b-12")) == [(0, 5)]


def test_a_part_as_it_is_written_may_have_few_letters() -> None:
    assert list(AccessKeyIndex("ab/+cd/+ef/+gh/+").spans("got B/ CD/ E!")) == [(4, 12)]
    assert list(AccessKeyIndex("").spans("anything")) == list(AccessKeyIndex("sandbox").spans("the sandbox")) == []


@pytest.mark.parametrize("key", ["a" * 200, "ab" * 100, "abc" * 60, KEY])
def test_a_key_that_repeats_itself_is_found_once_and_in_little_time(key: str) -> None:
    begun = time.process_time()
    assert covered(key, "a" * 2_048) == ("." * 2_048 if key[:2] == "aa" else "a" * 2_048)
    assert covered(key, key[:7].lower()) == key[:7].lower()
    covered(key, (key * 100).lower()[:2_048])
    assert time.process_time() - begun < 2.0
