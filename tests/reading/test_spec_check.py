"""Everything that keeps a file from being a spec is reported at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.spec import Spec, read_spec

SMALLEST = """\
spec: 1
name: hello
channel: sms
recipients:
  - {phone: "+31612345678", first_name: Robert}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
HEAD = "spec: 1\nname: hello\nchannel: sms\n"
MESSAGE = 'message:\n  body: {type: text, text: {text: "Hi"}}\n'
ROWS = 'recipients: [{phone: "+31612345678"}]\n'
KEY = "aB3dEfGh1jKlMn0pQrStUvWxYz"


def read(tmp_path: Path, text: str) -> tuple[Spec | None, list[Diagnostic]]:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    return read_spec(str(path), problems), list(problems)


def bad(tmp_path: Path, text: str) -> list[Diagnostic]:
    spec, problems = read(tmp_path, text)
    assert spec is None
    assert problems
    for problem in problems:
        assert problem.path == str(tmp_path / "spec.yaml")
        assert problem.fix[0].islower()
    return problems


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.code, diagnostic.span.start.line, diagnostic.span.start.column


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "empty-spec", 1, 1),
        ("- spec: 1\n", "not-a-mapping", 1, 1),
        ("spec\n", "not-a-mapping", 1, 1),
        ("a: 1\n---\nb: 1\n", "several-documents", 2, 1),
        (SMALLEST.replace("spec: 1", "spec: 2"), "spec-version", 1, 7),
        (SMALLEST.replace("spec: 1", "spec: '1'"), "spec-version", 1, 7),
        (SMALLEST.replace("spec: 1", "spec: true"), "spec-version", 1, 7),
        (SMALLEST.replace("spec: 1\n", ""), "missing-key", 1, 1),
        (SMALLEST.replace("channel: sms\n", ""), "missing-key", 1, 1),
        (SMALLEST.replace("hello", "Hello World"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "a/b"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "a" * 300), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "'hello\n\n '"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "👋"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "-a"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "''"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "hello_there"), "bad-name", 2, 7),
        (SMALLEST.replace("hello", "12"), "unquoted-number", 2, 7),
        (SMALLEST.replace("hello", ""), "wrong-type", 2, 6),
        (SMALLEST + "generation: 0\n", "out-of-range", 8, 13),
        (SMALLEST + "generation: -1\n", "out-of-range", 8, 13),
        (SMALLEST + "generation: 1.0\n", "wrong-type", 8, 13),
        (SMALLEST + "generation: 1e0\n", "wrong-type", 8, 13),
        (SMALLEST + "generation: 1.5\n", "wrong-type", 8, 13),
        (SMALLEST + "generation: true\n", "wrong-type", 8, 13),
        (SMALLEST + "generation: '2'\n", "wrong-type", 8, 13),
        (SMALLEST + "generation: 02\n", "unquoted-number", 8, 13),
        (SMALLEST + "descripton: x\n", "unknown-key", 8, 1),
        (SMALLEST + "description: ~\n", "wrong-type", 8, 14),
        (SMALLEST + "in_doubt: resend\n", "wrong-value", 8, 11),
        (SMALLEST + "limits: {messages: many}\n", "wrong-type", 8, 20),
        (SMALLEST + "limits: {encoding: ucs2}\n", "wrong-value", 8, 20),
        (SMALLEST + "limits: {failure_rate: 2}\n", "out-of-range", 8, 24),
        (SMALLEST + "limits: {message: 2}\n", "unknown-key", 8, 10),
        (SMALLEST + "examples: [{with: {a: b}}]\n", "missing-key", 8, 12),
        (SMALLEST + "vars:\n", "wrong-type", 8, 6),
        (HEAD + MESSAGE, "no-recipients", 1, 1),
        (HEAD + "recipients:\n" + MESSAGE, "wrong-type", 4, 12),
        (HEAD + "recipients: a.csv\n" + MESSAGE, "wrong-type", 4, 13),
        (HEAD + "recipients: [a]\n" + MESSAGE, "wrong-type", 4, 14),
        (HEAD + "recipients: {country: NL}\n" + MESSAGE, "recipients-source", 4, 1),
        (HEAD + "recipients: {file: a.csv, list: []}\n" + MESSAGE, "recipients-source", 4, 1),
        (HEAD + "recipients: {file: a.csv, country: XX}\n" + MESSAGE, "unknown-country", 4, 36),
        (HEAD + "recipients: {file: a.csv, country: 31}\n" + MESSAGE, "unknown-country", 4, 36),
        (HEAD + "recipients: {file: a.csv, delimiter: ;;}\n" + MESSAGE, "too-long", 4, 38),
        (HEAD + "recipients: {file: a.csv, where: 1}\n" + MESSAGE, "where-not-boolean", 4, 34),
        (HEAD + "recipients: {fil: a.csv}\n" + MESSAGE, "unknown-key", 4, 14),
        (HEAD + "recipients:\n" + "  - {a: b}\n" * 1_001 + MESSAGE, "too-many-inline", 5, 3),
        (HEAD + "recipients:\n  list:\n" + "  - {a: b}\n" * 1_001 + MESSAGE, "too-many-inline", 6, 3),
        (HEAD + ROWS, "missing-key", 1, 1),
        (HEAD + ROWS + "message: {}\n", "missing-key", 5, 1),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "12"), "unquoted-number", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "1.50"), "unquoted-number", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "0x1F"), "unquoted-number", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "1e3"), "unquoted-number", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "0612345670"), "unquoted-number", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "true"), "wrong-type", 6, 35),
        (HEAD + ROWS + MESSAGE.replace('"Hi"', "~"), "wrong-type", 6, 35),
        (HEAD + ROWS + MESSAGE + "  template: {projectId: a}\n", "body-and-template", 7, 3),
        (SMALLEST + "vars: {a: [0o17]}\n", "unquoted-number", 8, 12),
        (SMALLEST + "vars: {a: 0x1F}\n", "unquoted-number", 8, 11),
        (SMALLEST + "vars: {a: 0x0}\n", "unquoted-number", 8, 11),
        (SMALLEST.replace("Robert", "0x11"), "unquoted-number", 5, 41),
        (SMALLEST + "examples: [{with: {a: 0x10}, expect: {}}]\n", "unquoted-number", 8, 23),
        (SMALLEST + f"access_key: {KEY}\n", "key-literal", 8, 1),
        (SMALLEST + f"Authorization: 'AccessKey {KEY}'\n", "key-literal", 8, 1),
        (SMALLEST + f"vars: {{token: 'Bearer {KEY}'}}\n", "key-literal", 8, 8),
        (SMALLEST.replace("Robert", f"AccessKey {KEY}"), "key-literal", 5, 29),
    ],
)
def test_what_keeps_a_file_from_being_a_spec_is_said_in_its_place(
    tmp_path: Path, text: str, code: str, line: int, column: int
) -> None:
    assert place(bad(tmp_path, text)[0]) == (code, line, column)


@pytest.mark.parametrize(
    "written", [f"access_key: {KEY}", f"authorization: 'Bearer {KEY}'", f'vars: {{api_key: "{KEY}"}}']
)
def test_an_access_key_is_one_error_and_is_shown_nowhere(tmp_path: Path, written: str) -> None:
    (found,) = bad(tmp_path, f"{SMALLEST}{written}\n")
    assert found.code == "key-literal"
    assert KEY not in repr(found)
    assert len(found.excerpt) == len(written)
    assert "access_key: {env: …}" in found.fix


def test_a_misspelt_recipients_is_one_error(tmp_path: Path) -> None:
    (found,) = bad(tmp_path, SMALLEST.replace("recipients", "recipents"))
    assert place(found) == ("unknown-key", 4, 1)
    assert found.fix == "write 'recipients'"


def test_the_second_of_body_and_template_is_blamed(tmp_path: Path) -> None:
    template = "  template: {projectId: a, version: b, locale: nl}\n"
    message = "message:\n" + template + MESSAGE.removeprefix("message:\n")
    found = [place(problem) for problem in bad(tmp_path, HEAD + ROWS + message)]
    assert ("body-and-template", 7, 3) in found


@pytest.mark.parametrize(
    ("written", "problem", "fix"),
    [
        ("12", "expected text, found the number 12", 'put it in quotes: "12"'),
        ("1.50", "expected text, found the number 1.50", 'put it in quotes: "1.50"'),
        ("31612345678", "expected text, found the number 31•••••••78", 'put it in quotes: "31•••••••78"'),
        ("true", "expected text, found true", 'put it in quotes: "true"'),
    ],
)
def test_a_number_where_text_is_needed_is_shown_in_its_quotes(
    tmp_path: Path, written: str, problem: str, fix: str
) -> None:
    (found,) = bad(tmp_path, HEAD + ROWS + MESSAGE.replace('"Hi"', written))
    assert (found.problem, found.fix) == (problem, fix)
    assert "31612345678" not in found.excerpt


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("Hello World", "write 'hello-world': "),
        ("a/b", "write 'a-b': "),
        ("👋", "write lowercase letters"),
        ("x" * 300, f"write '{'x' * 63}': "),
    ],
)
def test_a_name_that_can_not_be_one_comes_with_one_that_can(tmp_path: Path, name: str, fix: str) -> None:
    (found,) = bad(tmp_path, SMALLEST.replace("hello", name))
    assert found.fix.startswith(fix)
    assert len(found.problem) < 120


def test_a_phone_number_as_a_name_is_masked(tmp_path: Path) -> None:
    (found,) = bad(tmp_path, SMALLEST.replace("hello", "+31687654321"))
    assert "31687654321" not in repr(found)


def test_all_problems_of_a_spec_are_found_at_once_in_their_order(tmp_path: Path) -> None:
    text = "spec: 2\nname: A\nchannel: 5\nrecipients: {}\nmessage: {}\nvars: {a: 0x10}\n"
    assert [place(found) for found in bad(tmp_path, text)] == [
        ("spec-version", 1, 7),
        ("bad-name", 2, 7),
        ("unquoted-number", 3, 10),
        ("recipients-source", 4, 1),
        ("missing-key", 5, 1),
        ("unquoted-number", 6, 11),
    ]


@pytest.mark.parametrize("written", ["true", "Hello", '"a b"', "hello"])
def test_what_a_spec_can_not_have_been_called_is_refused(tmp_path: Path, written: str) -> None:
    problems = bad(tmp_path, HEAD + f"moved_from: {written}\n" + ROWS + MESSAGE)
    assert [(problem.code, problem.span.start.line) for problem in problems] == [("bad-name", 4)]
