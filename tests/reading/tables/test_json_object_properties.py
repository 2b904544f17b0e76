"""Laws of one line of JSON: it is read as written, and a duplicate key is always found."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from sendspec.reading.tables.json_object import read_object, value_places
from sendspec.reading.tables.line_problem import LineProblem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a:b", 'q"', "é", "12:30", "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b:", "c"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["phone", "n", "k:", "é"]), JSON, max_size=4), st.booleans(), st.booleans())
def test_an_object_is_read_as_it_was_written(value: dict[str, object], ascii_only: bool, spaced: bool) -> None:
    """Types, numbers of any length and nesting stay; every value is found in its line."""
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(" , ", " : ") if spaced else (",", ":"))
    assert read_object(text) == value
    places = value_places(text)
    assert set(places) == set(value)
    for key, (start, end) in places.items():
        written = text[start - 1 : end + 1] if isinstance(value[key], str) else text[start:end]
        assert json.loads(written) == value[key]


@given(st.sampled_from(["a", "é", "b:", 'q"']), JSON, st.booleans())
def test_a_key_that_stands_twice_is_always_seen(key: str, value: object, nested: bool) -> None:
    """At any depth, whatever stands in the texts around it."""
    pair = f"{json.dumps(key)}: {json.dumps(value)}"
    text = f'{{"x": {{{pair}, {pair}}}}}' if nested else f'{{{pair}, "z": ":", {pair}}}'
    found = read_object(text)
    assert isinstance(found, LineProblem)
    assert found.code == "repeated-key"
