"""Laws of our YAML parser: it says of any text what ruamel.yaml says of it, event by event and error by error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import strategies as st
from long_rows import all_but, holds_for
from sendspec.reading.documents.ruamel_parser import parse_with_ruamel
from sendspec.reading.documents.yaml_event import Events
from sendspec.reading.documents.yaml_parser import parse
from sendspec.reading.documents.yaml_token import MAX_TOKENS, Token, YamlError

ROOT = Path(__file__).parents[3]
MAX_DEPTH = 6
"""Less than documents may have, so that short texts reach it."""


def texts_of_the_project() -> list[str]:
    """Every YAML file that isn't long, and every example in the documentation."""
    folders = ("docs", "schemas", "specs", "tests", ".ci", ".github")
    files = [path for each in folders for path in sorted((ROOT / each).rglob("*.y*ml"))]
    found = [path.read_bytes().decode("utf-8-sig", "replace") for path in files if "node_modules" not in path.parts]
    for page in sorted((ROOT / "docs").rglob("*.md")):
        found += re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return sorted({text.replace("\r\n", "\n") for text in found if len(text) < 6_000})


TEXTS = texts_of_the_project()
CHUNKS = [
    "\t", "{{", "}}", "[", "]", "{", "}", ":", ": ", "- ", "-", "'", '"', "*n", "*x ", "&n ", "!!int ", "!", "!!str ", "<<: ",
    "\n", "\n\n", "---\n", "---", "...\n", "...", "%", "%YAML 1.1\n---\n", "%YAML 1.2\n", "%TAG ! tag:x,1:\n",
    "%TAG !e! e:\n---\n", "!e!x ", "!<a%41> ", "!a%25zz ", "!%4", "\\U00110000", "\\x4", "\\x41", "\\u12", "\\", "\\\n", "\\ ",
    "@", "`", "|", "|\n", "|-\n  ", "|+\n", "|2\n   x\n", ">\n", ">-\n", "> ", ">1-", "|0", "? ", "?", "#", " #", " ", "  ",
    "    ", ",", "0", "é", "\ufeff", "\u00a0", "😀", "a: b\n", "- a\n", "  - b: c\n", "a", "b c", "k" * 1_030, "''", '""', "~",
    ": :", "::", "{a: b, c}", "[a: b, ? c]", "{? a: b, : c}", "[: x]", "{x: :y}", "{:x}", "!x ", "&a", "*a", "\x07",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Lines of the project's files with chunks in them, or chunks alone."""
    text = draw(st.sampled_from(["", *TEXTS]))
    lines = text.split("\n")
    first = draw(st.integers(0, len(lines) - 1))
    text = "\n".join(lines[first : first + 12])
    for _ in range(draw(st.integers(1, 4 if text else 12))):
        at = draw(st.integers(0, len(text)))
        dropped = draw(st.sampled_from([0, 0, 0, 1, 4, 9]))
        text = text[:at] + "".join(draw(st.lists(st.sampled_from(CHUNKS), max_size=2))) + text[at + dropped :]
    return text


def said(events: Events) -> list[tuple[object, ...]]:
    """What each event says, and last, what ended the text."""
    return [*map(event_said, events.items), ending_said(events.stop)]


def event_said(event: Token) -> tuple[object, ...]:
    at = (event.kind, event.start, event.end)
    return (*at, event.value, event.is_plain, event.in_flow, event.anchor, event.tag)


def ending_said(stop: Exception | None) -> tuple[object, ...]:
    if isinstance(stop, YamlError):
        return ("error", stop.problem, stop.at, stop.context, stop.context_at)
    return (type(stop).__name__, getattr(stop, "start", None), getattr(stop, "end", None))


def check(text: str, max_depth: int = MAX_DEPTH) -> None:
    assert said(parse(text, max_depth)) == said(parse_with_ruamel(text, max_depth))


def check_ending(text: str) -> None:
    assert ending_said(parse(text, 40).stop) == ending_said(parse_with_ruamel(text, 40).stop)


@pytest.mark.parametrize("part", range(4))
def test_a_file_of_the_project_is_read_as_ruamel_reads_it(part: int) -> None:
    assert len(TEXTS) > 100
    for text in TEXTS[part::4]:
        check(text, 40)


@holds_for(400, 700, damaged())
def test_a_damaged_file_is_read_as_ruamel_reads_it(text: str) -> None:
    """The same events at the same places, and the same end."""
    check(text)


SCALARS = [
    "''", "'it''s'", "'a\n\n b'", "'a \n\t b'", "'a\n---\nb'", "'a", '""', '"a\\"b"', '"a \\\n  b"', '"a\\  \n b"', '"a\\\\ \n b"',
    '"\\x41\\u00e9\\U0001f600"', '"\\ud83d\\ude00"', '"\\U00110000"', '"\\Uffffffff"', '"\\q"', '"\\x4g"', '"\\u12"', '"a\n...\n"', '"\\',
    "a b  c", "a\n b", "a\n\n\n b", "a\n#b", "a #b", "a# b", "a\tb", "a \tb", "a:b", "a::", "-a", "?a", ":a", "a,b", "[a:b, c:]",
    "{a:b}", "{a: ?b}", "[?a]", "[-]", "[- a]", "{a, b: , : c}", "[a: b: c]", "|\n  a\n b\n", "|\n  a\n   b\n\n", "|+\n a\n\n\n",
    "|-\n a\n\n", ">\n a\n b\n\n c\n  d\n e\n", ">2\n  a\n   b\n", "|1+\n a", "|+1\n a", "|0\n a", "|a\n", "| # b\n a", "|#b\n a", "|\n\n   \n a",
    "|\n  \n a\n", "|\n", ">", "|\n\ta", "|\n a\n---\n", "!!str a", "!a b", "!<b> c", "!<b c", "! d", "!a!b c", "!%zz", "!%ff x",
    "&a b", "&a", "&", "&a, b", "*a", "*", "*a:", "&a &b c", "!a !b c", "&a !b [c]", "!a &b {c: d}", "!a\n- b", "@", "`a", "%a", "\t",
]  # fmt: skip
HOLDERS = [
    "{}", "a: {}", "a: {}\nb: c", "- {}\n- b", "[{}]", "[a, {}, b]", "{{a: {}}}", "? {}\n: b", "--- {}\n...\n", "%YAML 1.1\n--- {}", "\ufeff{}",
    "a:\n  {}\n", "{}: b", "a: [{}\n", "- - {}\n  - b", "a:\n? {}\n",
]  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_scalar_is_read_as_ruamel_reads_it_wherever_it_is(holder: str) -> None:
    for scalar in SCALARS:
        check(holder.format(scalar))


@pytest.mark.parametrize(
    "text",
    [
        "- a\n" * (MAX_TOKENS // 2 + 9),
        "[" + "a," * (MAX_TOKENS // 2 + 9),
        "k: v\n" * (MAX_TOKENS // 4 + 9),
        "a: [" + "b: c, " * (MAX_TOKENS // 5 + 9),
        "- [[], {a: b}]\n" * 12_000,
    ],
    ids=["list", "list on a line", "mapping", "pairs", "nested"],
)
def test_the_token_that_is_one_too_many_is_the_same(text: str) -> None:
    check_ending(text)


@pytest.mark.parametrize("length", [1_022, 1_023, 1_024, 1_025, 1_026])
@pytest.mark.parametrize(
    "form", ["{}: v\n", "a:\n  {}: v\n", "'{}': v\n", "[{}: v]", "{}\n : v\n", "- {}: v\n  b: c\n", "{} : v\n"]
)
def test_a_key_of_the_greatest_length_is_one(form: str, length: int) -> None:
    """One more character, and it is none."""
    check(form.format("k" * length))


@pytest.mark.parametrize("before", all_but([1], [0, 1, 2, 3]))
def test_any_token_of_a_key_and_its_value_can_be_one_too_many(before: int) -> None:
    text = "x: [" + ", ".join("abc"[:before]) + "]\n" + "k: v\n" * (MAX_TOKENS // 4)
    check_ending(text)
