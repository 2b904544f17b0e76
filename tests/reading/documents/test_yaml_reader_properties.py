"""Laws of reading YAML: JSON reads as itself, and damaged files are read or refused at a place in them."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from sendspec.diagnostics.characters import forbidden_character
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.documents.document import Document, walk
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import TextFile


def read(text: str) -> tuple[Document | None, list[Diagnostic]]:
    problems = Problems()
    document = read_document(TextFile("spec.yaml", text), problems)
    return document, list(problems)


keys = st.text(st.characters(min_codepoint=32, max_codepoint=0x7E), min_size=1, max_size=6)
scalars = st.one_of(
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.booleans(),
    st.none(),
    st.floats(-1e6, 1e6).filter(lambda number: number == 0 or abs(number) > 1e-3),
    keys,
)
data = st.recursive(
    scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4), max_leaves=12
)


@given(value=st.dictionaries(keys, data, min_size=1, max_size=4), indent=st.sampled_from([None, 2]))
def test_json_reads_as_itself_with_a_place_for_everything(value: dict[str, object], indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    document, problems = read(text)
    assert not problems
    assert document is not None
    assert document.data == value
    lines = text.split("\n")
    for at, below in walk(value):
        assert at in document
        start = document.span(at).start
        rest = lines[start.line - 1][start.column - 1 :]
        assert rest.startswith(json.dumps(below)[:1])
        if at and isinstance(at[-1], str):
            key = document.key_span(at).start
            assert lines[key.line - 1][key.column - 1 :].startswith(json.dumps(at[-1]))


GOOD = """\
# who
spec: 1
name: &n order-shipped
recipients:
  - {phone: +31612345678, first_name: "Rob\\u00e9rt"}
  - phone: '0612345678'
    tags: [a, *n]
message:
  body:
    type: text
    text:
      text: >-
        Hi {{ first_name }},
        welcome

vars: {shop: Acme}
"""
DAMAGE = [
    "\t",
    "{{",
    "}}",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "'",
    '"',
    "*n",
    "*x",
    "&n ",
    "!!int ",
    "!",
    "<<: ",
    "\n",
    "---\n",
    "%",
    "\\U00110000",
    "@",
    "|",
    ">",
    "? ",
    "#",
    " ",
    ",",
    "...\n",
    "%YAML 9",
    "0",
    "é",
]


@given(
    wounds=st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.sampled_from(DAMAGE), st.integers(0, 9)), min_size=1, max_size=4
    )
)
@settings(max_examples=300)
def test_a_damaged_file_is_read_or_refused_at_a_place_in_it(wounds: list[tuple[int, str, int]]) -> None:
    text = GOOD
    for at, written, dropped in wounds:
        text = text[:at] + written + text[at + dropped :]
    document, problems = read(text)
    assert (document is None) == bool(problems)
    count = text.count("\n") + 1
    for problem in problems:
        assert 1 <= problem.span.start.line <= count
        assert problem.span.start < problem.span.end
        assert problem.span.start.column <= len(text.split("\n")[problem.span.start.line - 1]) + 1
        assert problem.problem
        assert problem.fix
        assert "0612345678" not in f"{problem.problem} {problem.fix} {problem.excerpt}"
        assert "61234567" not in problem.excerpt
    if document is not None:
        for place, value in walk(document.data):
            assert place in document
            if isinstance(value, str):
                assert forbidden_character(value) is None
