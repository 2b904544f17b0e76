"""Foreign text as a ledger takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.ledger.storable import MAX_EVIDENCE, storable

CHUNKS = ["a", "\0", "\x7f", "\x80", "é", "\ud800", "\udfff", "😀", "\n", "x" * 500, "x" * MAX_EVIDENCE]
TEXTS = st.lists(st.sampled_from(CHUNKS), max_size=6).map("".join)


@given(TEXTS)
def test_a_text_is_stored_cut_and_without_what_no_database_takes(words: str) -> None:
    """The law: plain ASCII, which is not encoded at all, is stored as the encoding would have stored it."""
    encoded = words[:MAX_EVIDENCE].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    assert storable(words) == encoded


@pytest.mark.parametrize("plain", ["", "x" * MAX_EVIDENCE, "\x7f\n"])
def test_plain_text_of_any_permitted_length_is_stored_as_it_is(plain: str) -> None:
    assert storable(plain) == plain
    assert storable(None) is None
