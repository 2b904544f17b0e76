"""JSON documents hold what a CI system could take for a command, and its log doesn't."""

from __future__ import annotations

import json

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
