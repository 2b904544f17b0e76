"""Laws of scalar offsets: a character's place is exact, or not claimed, in scalars of every style."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.documents.scalar_offsets import offsets_of
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import TextFile

# Chunks, not an alphabet: the union of a large and a small alphabet hardly ever draws from the small one.
CHUNKS = [
    "a",
    "Hi",
    "{{ name }}",
    " ",
    "  ",
    "'",
    '"',
    "\\",
    ": ",
    " #",
    "#",
    "-",
    "é",
    "😀",
    "\u200b",
    "0",
    "|",
    ">",
    "%",
    ",",
    "[",
    "}",
]
line_text = st.lists(st.sampled_from(CHUNKS), max_size=6).map("".join)
lines_text = st.lists(line_text, max_size=6)


def read(text: str) -> tuple[Document | None, list[Diagnostic]]:
    problems = Problems()
    document = read_document(TextFile("spec.yaml", text), problems)
    return document, list(problems)


def character_at(text: str, document: Document, at: KeyPath, index: int) -> str:
    span = document.span_within(at, index, index + 1)
    lines = text.split("\n")
    assert span.start.line <= span.end.line
    return lines[span.start.line - 1][span.start.column - 1 : span.start.column]


def assert_places(text: str) -> None:
    """Each decoded character that is written as itself is found where it stands; the claim is never a guess."""
    document, _ = read(text)
    if document is None or not isinstance(document.data, dict) or not isinstance(document.data.get("k"), str):
        return
    value = document.data["k"]
    marks = document._marks[("k",)]
    offsets = offsets_of(text, marks.start, marks.end, value)
    if offsets is None:
        return
    assert len(offsets) == len(value)
    assert offsets == sorted(offsets)
    for index, character in enumerate(value):
        start, end = offsets[index]
        written = text[start:end]
        if character in (" ", "\n") and written == "\n":
            continue
        assert written == character or written.startswith("\\") or (character, written) == ("'", "''")
        if written == character:
            assert character_at(text, document, ("k",), index) == character


def certain(text: str) -> bool:
    """Whether the places of the value of `k` are known to the character."""
    document, problems = read(text)
    assert document is not None, problems
    marks = document._marks[("k",)]
    return offsets_of(text, marks.start, marks.end, document.data["k"]) is not None


@given(
    lines=lines_text,
    header=st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|2", ">2-", "> # why", "!!str |", "&a >"]),
)
@example(lines=["Hi {{ a }}", "", "", "there"], header=">")
@example(lines=["", "  deeper", "plain", "", "  deeper", "x"], header=">")
@example(lines=["a", "", " b", " ", "c", ""], header=">+")
def test_places_in_block_scalars_are_exact_or_not_claimed(lines: list[str], header: str) -> None:
    body = "\n".join("  " + line if line else line for line in lines)
    assert_places(f"k: {header}\n{body}\n")
    assert_places(f"k: {header}\n{body}\nnext: 1\n")
    assert_places(f"k: {header}\n{body}")


@given(lines=lines_text, quote=st.sampled_from(["'", '"', ""]), indent=st.sampled_from(["  ", "    ", " \t"]))
@example(lines=["it''s", "", "more"], quote="'", indent="  ")
@example(lines=["a\\u00e9\\tb \\", "  c"], quote='"', indent="  ")
@example(lines=["a\\", "\\  b"], quote='"', indent="  ")
def test_places_in_plain_and_quoted_scalars_are_exact_or_not_claimed(lines: list[str], quote: str, indent: str) -> None:
    assert_places("k: " + quote + f"\n{indent}".join(lines) + quote + "\nnext: 1\n")


@given(value=st.lists(st.sampled_from([*CHUNKS, "\n", "\t", "\xa0"]), min_size=1, max_size=12).map("".join))
def test_every_character_of_a_double_quoted_text_has_a_certain_place(value: str) -> None:
    text = f"k: {json.dumps(value)}\n"
    assert certain(text)
    assert_places(text)


words = st.lists(st.sampled_from(["Hi", "{{ name }}", "is", "here:", "it's", "é", "😀"]), min_size=1, max_size=5).map(
    " ".join
)
paragraphs = st.lists(st.one_of(words, st.just("")), min_size=1, max_size=6).map(lambda lines: ["Dear", *lines])


@given(lines=paragraphs, header=st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|2", ">2-"]), deeper=st.booleans())
def test_ordinary_block_texts_have_certain_places(lines: list[str], header: str, deeper: bool) -> None:
    lines = [*lines, "  - deeper", "end"] if deeper else lines
    text = f"k: {header}\n" + "".join(f"  {line}\n" if line else "\n" for line in lines)
    assert certain(text)
    assert certain(text + "next: 1\n")
    assert_places(text)


@given(
    lines=st.lists(st.sampled_from(["Hi {{ name }}", "", "it is", "é"]), min_size=1, max_size=5),
    quote=st.sampled_from(["'", '"']),
)
def test_ordinary_quoted_texts_have_certain_places(lines: list[str], quote: str) -> None:
    text = "k: " + quote + "\n  ".join(["Dear", *lines]) + quote + "\n"
    assert certain(text)
    assert_places(text)
