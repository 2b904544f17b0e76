"""JSON documents hold what a CI system could take for a command, and its log doesn't."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.showing.json_text import json_document, json_document_pieces, json_line


@pytest.mark.parametrize("text", ["##[error]x", "a ##vso[task.x]", "##TeamCity[y]", "###[z] é"])
def test_commands_to_ci_systems_are_escaped(text: str) -> None:
    document = json_document({text: [text]})
    assert json.loads(document) == {text: [text]}
    assert b"##[" not in document.lower().replace(b"\\u0023#[", b"")
    assert all(word not in document.lower() for word in (b"##[", b"##vso[", b"##teamcity["))
    assert json.loads(json_line({"a": text})) == {"a": text}


def test_other_signs_stay() -> None:
    assert json_line({"a": "## [x] #[y]"}) == b'{"a":"## [x] #[y]"}\n'


def test_a_long_document_takes_a_few_times_its_length() -> None:
    """Escaping makes many small texts of a hostile one: all at once, they took 16 times its length."""
    rows = [{"n": n, "text": "\u202e</b>\U0001f600é\x9b" * 40} for n in range(1_500)]
    tracemalloc.start()
    document = json_document({"rows": rows})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert json.loads(document) == {"rows": rows}
    assert not {"\u202e", "\x9b"} & set(document.decode())
    assert len(document) > 1_000_000
    assert peak < 6 * len(document)


CHUNKS = ['"', "\\", "]\n}\n", "\n  ]\n}\n", '{\n  "": [', "##[error]", "\x7f", "\u202e", "\ud800", "é", "\x9b", "x"]
TEXTS = st.lists(st.sampled_from(CHUNKS), max_size=4).map("".join)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(-5, 5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)


@given(OBJECTS, st.lists(OBJECTS, max_size=5), st.sampled_from([1, 1, 199, 200, 201]))
def test_pieces_are_the_bytes_of_the_whole_document(
    document: dict[str, Any], items: list[dict[str, Any]], times: int
) -> None:
    """Whatever the document and its list hold, and wherever a block of the list ends."""
    listed = items * times
    pieces = list(json_document_pieces(document, "messages", iter(listed)))
    assert b"".join(pieces) == json_document({**document, "messages": listed})
    for count in range(len(pieces)):
        with pytest.raises(json.JSONDecodeError):
            json.loads(b"".join(pieces[:count]))


def test_pieces_are_made_as_their_items_are_read() -> None:
    read = 0

    def items() -> Any:
        nonlocal read
        for read in range(1, 5_001):
            yield {"n": read}

    for count, _ in enumerate(json_document_pieces({}, "rows", items())):
        assert read <= (count + 2) * 200
    assert read == 5_000
