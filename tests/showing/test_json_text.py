"""JSON documents hold what a CI system could take for a command, and its log doesn't."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from sendspec.showing.json_text import json_document, json_line


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
