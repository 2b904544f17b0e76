"""Spec files that are no spec, or would be another one than their author reads: refused where they go wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Intake = Any  # the fixture `intake` of this folder's conftest
BASE = "spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv}\nmessage: {body: {type: text, text: {text: Hi}}}\n"

WHOLE_FILES: list[tuple[str, str | bytes, list[str]]] = [
    ("an empty file is no spec", "", ["empty-spec hello.yaml:1:1"]),
    ("a file of comments is no spec", "# to be written\n", ["empty-spec hello.yaml:1:1"]),
    ("a file of blank lines is no spec", "\n \n\n", ["empty-spec hello.yaml:1:1"]),
    ("a document of nothing is no spec", "---\n", ["empty-spec hello.yaml:1:1"]),
    ("a second document is not left out silently", BASE + "---\n" + BASE, ["several-documents hello.yaml:6:1"]),
    ("a list is no spec", "- spec: 1\n- name: hello\n", ["not-a-mapping hello.yaml:1:1"]),
    ("a single text is no spec", "spec 1\n", ["not-a-mapping hello.yaml:1:1"]),
    ("a tab can't indent a key", BASE.replace("message: {", "message:\n\tbody: {"), ["yaml-tab hello.yaml:6:1"]),
    ("a tab can't indent a list", "recipients:\n\t- a\n", ["yaml-tab hello.yaml:2:1"]),
    ("a key that stands twice is not overwritten", BASE + "name: other\n", ["duplicate-key hello.yaml:6:1"]),
    (
        "a key that stands twice in one recipient is not overwritten",
        BASE.replace("{file: people.csv}", "[{phone: '+31612345678', phone: '+31687654321'}]"),
        ["duplicate-key hello.yaml:4:38"],
    ),
    (
        "a misspelt recipients is one error with the word that was meant",
        BASE.replace("recipients:", "recipents:"),
        ["unknown-key hello.yaml:4:1"],
    ),
    ("a key that nobody knows is refused", BASE + "colour: red\n", ["unknown-key hello.yaml:6:1"]),
    ("a word is no number", BASE + "generation: second\n", ["wrong-type hello.yaml:6:13"]),
    ("a text is no list", BASE.replace("Hi}}}", "Hi}}, tags: red}"), ["wrong-type hello.yaml:5:55"]),
    (
        "a number where text is needed has to be quoted",
        BASE.replace("text: Hi}", "text: 12345}"),
        ["unquoted-number hello.yaml:5:43"],
    ),
    (
        "a phone number that begins with zero has to be quoted",
        BASE.replace("{file: people.csv}", "[{phone: 0612345670}]"),
        ["unquoted-number hello.yaml:4:22"],
    ),
    (
        "a power of ten is no phone number",
        BASE.replace("{file: people.csv}", "[{phone: 3.16123E+10}]"),
        ["unquoted-number hello.yaml:4:22"],
    ),
    ("a tag can't run a command", BASE.replace("Hi}", "!!python/object/apply:os.system ['id']}"), ["yaml-tag hello.yaml:5:43"]),
    ("a tag can't open a file", BASE.replace("Hi}", "!include secret.txt}"), ["yaml-tag hello.yaml:5:43"]),
    ("a tag can't turn text into bytes", BASE.replace("Hi}", "!!binary SGk=}"), ["yaml-tag hello.yaml:5:43"]),
    ("a tag of the author's own is refused", BASE + "vars: !secret {a: b}\n", ["yaml-tag hello.yaml:6:7"]),
    ("an alias that names nothing is refused", BASE.replace("Hi}", "*hi}"), ["unknown-alias hello.yaml:5:43"]),
    ("an alias inside what it names has no end", "spec: &a [*a]\n", ["alias-loop hello.yaml:1:11"]),
    ("an alias inside a mapping that it names has no end", "spec: &a {b: {c: *a}}\n", ["alias-loop hello.yaml:1:18"]),
    ("a NUL in the file is refused", b"spec: 1\nname: he\x00llo\n", ["forbidden-character hello.yaml:2:9"]),
    ("a terminal's escape in the file is refused", "spec: 1\nname: \x1b[31mred\n", ["forbidden-character hello.yaml:2:7"]),
    ("a bidi character in the file is refused", "spec: 1\nname: a\u202eb\n", ["forbidden-character hello.yaml:2:8"]),
    (
        "an escaped escape character in a text is refused",
        BASE.replace("Hi}", '"Hi \\e[31m"}'),
        ["forbidden-character hello.yaml:5:47"],
    ),
    ("an escaped NUL in a text is refused", BASE.replace("Hi}", '"Hi\\0"}'), ["forbidden-character hello.yaml:5:46"]),
    (
        "an escaped bidi character in a text is refused",
        BASE.replace("Hi}", '"Hi \\u202e"}'),
        ["forbidden-character hello.yaml:5:47"],
    ),
    ("UTF-16 is not UTF-8", BASE.encode("utf-16"), ["not-utf8 hello.yaml:1:1"]),
    ("UTF-16 without a mark is not UTF-8", BASE.encode("utf-16-be"), ["not-utf8 hello.yaml:1:1"]),
    ("UTF-32 is not UTF-8", BASE.encode("utf-32"), ["not-utf8 hello.yaml:1:1"]),
    ("Latin-1 is not UTF-8", BASE.replace("Hi", "Grüße").encode("latin-1"), ["not-utf8 hello.yaml:5:45"]),
    ("a template without quotes is no mapping", BASE.replace("Hi}", "{{ first_name }}}"), ["unquoted-template hello.yaml:5:43"]),
    ("a quote that isn't closed breaks the file", BASE.replace("Hi}", '"Hi}'), ["yaml-syntax hello.yaml:5:43"]),
    ("a value with a colon and a space has to be quoted", "spec: 1\nname: it's: here\n", ["yaml-syntax hello.yaml:2:11"]),
    (
        "all problems are told at once, in their order",
        BASE.replace("name: hello", "name: Hello!").replace("Hi}", "5}") + "colour: red\n",
        ["bad-name hello.yaml:2:7", "unquoted-number hello.yaml:5:43", "unknown-key hello.yaml:6:1"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in WHOLE_FILES], ids=[row[0] for row in WHOLE_FILES])
def test_a_file_that_is_no_spec(intake: Intake, content: str | bytes, expected: list[str]) -> None:
    intake.write("hello.yaml", content)
    intake.rejects(*expected)


KINDS: list[tuple[str, str, str]] = [
    ("a power of ten is no whole number", "1e3", "wrong-type"),
    ("a number with a fraction of nothing is no whole number", "3600.0", "wrong-type"),
    ("a number with a fraction is no whole number", "0.5", "wrong-type"),
    ("a number with underscores is text", "1_000", "wrong-type"),
    ("infinity is no number of ours", ".inf", "unquoted-number"),
    ("nothing is no number", "~", "wrong-type"),
    ("a date is text", "2026-12-01", "wrong-type"),
    ("a truth is no number", "true", "wrong-type"),
    ("a list is no number", "[1]", "wrong-type"),
]


@pytest.mark.parametrize(("written", "code"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_a_number_of_seconds_that_is_none(intake: Intake, written: str, code: str) -> None:
    intake.write("hello.yaml", BASE.replace("Hi}}}", f"Hi}}}}, validity: {written}}}"))
    intake.rejects(f"{code} hello.yaml:5:59")


def test_what_a_number_is_to_be_quoted_as_is_shown(intake: Intake) -> None:
    intake.write("hello.yaml", BASE.replace("text: Hi}", "text: 12345}"))
    intake.rejects("unquoted-number hello.yaml:5:43")
    assert '"12345"' in intake.diagnostics[0]["fix"]


def test_the_second_of_two_keys_names_the_line_of_the_first(intake: Intake) -> None:
    intake.write("hello.yaml", BASE + "name: other\n")
    assert "the first is on line 2" in intake.run("validate", "hello.yaml").err


def test_a_misspelt_key_is_offered_its_right_spelling(intake: Intake) -> None:
    intake.write("hello.yaml", BASE.replace("recipients:", "recipents:"))
    intake.rejects("unknown-key hello.yaml:4:1")
    assert "recipients" in intake.diagnostics[0]["fix"]


ACCEPTED: list[tuple[str, str, str]] = [
    ("a country called NO stays text", "NO", "NO"),
    ("a yes stays text", "yes", "yes"),
    ("an off stays text", "off", "off"),
    ("a time of day stays text", "12:30", "12:30"),
    ("a date stays text", "2026-12-01", "2026-12-01"),
    ("a number with underscores stays text", "1_000", "1_000"),
    ("a number with a plus stays text", "+31201234567", "+31201234567"),
    ("an emoji stays text", "😀", "😀"),
    ("an emoji in two JSON escapes is one character", '"\\ud83d\\ude00"', "😀"),
]


@pytest.mark.parametrize(("written", "value"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_what_yaml_1_2_calls_text_arrives_as_it_is_written(intake: Intake, written: str, value: str) -> None:
    intake.write("hello.yaml", BASE.replace("text: Hi}", f"text: {written}}}"))
    assert [payload["body"]["text"]["text"] for payload in intake.accepts()] == [value, value]


def test_a_phone_number_with_a_plus_needs_no_quotes(intake: Intake) -> None:
    intake.write("hello.yaml", BASE.replace("{file: people.csv}", "[{phone: +31612345678}]"))
    [payload] = intake.accepts()
    assert payload["receiver"]["contacts"][0]["identifierValue"] == "+31612345678"


def test_a_byte_order_mark_is_no_part_of_the_spec(intake: Intake) -> None:
    intake.write("hello.yaml", b"\xef\xbb\xbf" + BASE.encode())
    assert len(intake.accepts()) == 2


ALIAS_BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 61))
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 26))

BOMBS: list[tuple[str, str, list[str]]] = [
    ("a number of 5,000 digits is told by its place", BASE + "generation: " + "9" * 5_000 + "\n", ["number-too-long hello.yaml:6:13"]),
    ("aliases that stand for a billion billion values stop early", ALIAS_BOMB, ["alias-expansion hello.yaml:12:12"]),
    ("a nesting of 100,000 brackets stops at the forty-first", "spec: " + "[" * 100_000, ["nesting-depth hello.yaml:1:46"]),
    ("a nesting of 100,000 braces stops at the forty-first", "spec: " + "{a: " * 100_000, ["nesting-depth hello.yaml:1:163"]),
    ("a nesting of 700 indented keys stops at the forty-first", "".join(" " * n + "a:\n" for n in range(700)), ["nesting-depth hello.yaml:41:41"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in BOMBS], ids=[row[0] for row in BOMBS])
def test_a_bomb_costs_little(intake: Intake, content: str, expected: list[str]) -> None:
    intake.write("hello.yaml", content)
    intake.rejects_bounded(*expected)


def test_a_file_of_50_mb_is_not_read_to_its_end(intake: Intake) -> None:
    os.truncate(intake.write("hello.yaml", BASE), 50_000_000)
    intake.rejects_bounded("file-too-large hello.yaml:1:1")


def test_merge_keys_that_double_with_each_line_are_refused_one_by_one(intake: Intake) -> None:
    intake.write("hello.yaml", MERGE_BOMB)
    merges = [f"merge-key hello.yaml:{line}:{len(f'a{line - 1}: &a{line - 1} {{') + 1}" for line in range(2, 13)]
    intake.rejects_bounded(*merges, "alias-expansion hello.yaml:12:17")


def test_a_merge_key_is_refused_where_it_stands(intake: Intake) -> None:
    intake.write("hello.yaml", BASE + "vars:\n  <<: {shop: Acme}\n")
    intake.rejects("merge-key hello.yaml:7:3")


def test_a_large_file_without_aliases_is_no_bomb(intake: Intake) -> None:
    wide = "".join(f"  name_{n}: {{a: [1, 2, 3], b: {{c: text}}}}\n" for n in range(1_300))
    intake.write("hello.yaml", BASE + "vars:\n" + wide)
    said = intake.apart("validate", "hello.yaml")
    assert said.code == 0, said.err


def test_as_many_recipients_as_a_spec_may_list_are_no_bomb(intake: Intake) -> None:
    rows = "".join(f'  - {{phone: "+3161{n:07d}"}}\n' for n in range(1_000))
    intake.write("hello.yaml", BASE.replace(" {file: people.csv}\n", "\n" + rows))
    said = intake.apart("validate", "hello.yaml")
    assert said.code == 0, said.err


def _device(folder: Path) -> str:
    return "/dev/zero"


def _folder(folder: Path) -> str:
    (folder / "specs").mkdir()
    return "specs"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe.yaml")
    return "pipe.yaml"


def _loop(folder: Path) -> str:
    (folder / "loop.yaml").symlink_to("loop.yaml")
    return "loop.yaml"


def _nothing(folder: Path) -> str:
    return "nothing.yaml"


PLACES: list[tuple[str, Callable[[Path], str], str]] = [
    ("a folder is no spec", _folder, "not-a-file"),
    ("a pipe is not waited for", _pipe, "not-a-file"),
    ("a device that never ends is not read", _device, "not-a-file"),
    ("a link to itself is no spec", _loop, "not-a-file"),
    ("a file that isn't there is no spec", _nothing, "file-missing"),
]


@pytest.mark.parametrize(("made", "code"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_what_is_no_regular_file(intake: Intake, made: Callable[[Path], str], code: str) -> None:
    path = made(intake.folder)
    intake.specs = [path]
    if path.startswith("/"):
        said = intake.apart("validate", path, "--format", "json")
        assert (said.code, said.found) == (1, [f"{code} {path}:1:1"])
    else:
        intake.rejects_bounded(f"{code} {path}:1:1")


def test_a_file_that_may_not_be_read(intake: Intake) -> None:
    intake.folder.joinpath("hello.yaml").chmod(0)
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    said = intake.apart("validate", "hello.yaml", "--format", "json", prefix=powerless)
    assert (said.code, said.found) == (1, ["unreadable-file hello.yaml:1:1"])
