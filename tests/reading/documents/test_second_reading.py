"""Which of two parsers counts, and for which texts the second is asked."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.documents.document import Document
from sendspec.reading.documents.second_reading import MAX_READ_AGAIN, PARSERS, Parser, Parsers
from sendspec.reading.documents.yaml_event import Events
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.documents.yaml_token import TagTooLong, TooDeep, TooManyTokens, YamlError
from sendspec.reading.files.text_file import TextFile

GOOD = "spec: 1\nname: hello\n"
BAD = "spec: 1\nname: [a\n"
WRONG = YamlError("found unknown escape character 'x'", 0)
"""An error that ruamel.yaml finds in neither of these texts."""


def stopping(stop: Exception) -> Parser:
    """A parser that has begun to read when `stop` ends it."""

    def parse(text: str, max_depth: int) -> Events:
        return Events(PARSERS.first("a: b\na: b\n", max_depth).items[:4], stop)

    return parse


def never_asked(text: str, max_depth: int) -> Events:
    raise AssertionError("this parser must not be asked")


def read(text: str, first: Parser, last: Parser = PARSERS.last) -> tuple[Document | None, list[Diagnostic]]:
    problems = Problems()
    document = read_document(TextFile("spec.yaml", text), problems, parsers=Parsers(first, last))
    return document, list(problems)


@pytest.mark.parametrize("fault", [WRONG, ValueError(), OverflowError()], ids=lambda fault: type(fault).__name__)
def test_a_document_that_ruamel_reads_is_read(fault: Exception) -> None:
    document, problems = read(GOOD, stopping(fault))
    assert not problems
    assert document is not None
    assert document.data == {"spec": 1, "name": "hello"}
    assert str(document.span(("name",)).start) == str(read(GOOD, PARSERS.first)[0].span(("name",)).start)  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", [WRONG, ValueError()], ids=lambda fault: type(fault).__name__)
def test_the_error_of_ruamel_is_shown_at_its_place(fault: Exception) -> None:
    document, [problem] = read(BAD, stopping(fault))
    assert document is None
    assert problem.problem == "the list that begins here is not closed"
    assert (problem.span.start.line, problem.span.start.column) == (2, 7)


@pytest.mark.parametrize(
    "limit", [TooDeep(0, 1), TooManyTokens(0, 1), TagTooLong(0)], ids=lambda limit: type(limit).__name__
)
def test_a_limit_is_not_asked_about_again(limit: Exception) -> None:
    document, problems = read(GOOD, stopping(limit), never_asked)
    assert document is None
    assert problems


def test_a_text_without_faults_is_parsed_once() -> None:
    document, problems = read(GOOD, PARSERS.first, never_asked)
    assert document is not None
    assert not problems


def test_only_a_text_up_to_a_size_is_parsed_again() -> None:
    longest = GOOD + "#" * (MAX_READ_AGAIN - len(GOOD))
    assert read(longest, stopping(WRONG))[0] is not None
    document, [problem] = read(longest + "#", stopping(WRONG), never_asked)
    assert document is None
    assert problem.problem == "YAML knows no such escape after \\"


@pytest.mark.parametrize("text", ['a: "\\(b)"\n', 'a: "\\(\',)"\n', "[a: b: c, }"])
def test_both_parsers_use_the_same_words(text: str) -> None:
    ours, theirs = (parser(text, 40).stop for parser in (PARSERS.first, PARSERS.last))
    assert isinstance(ours, YamlError)
    assert isinstance(theirs, YamlError)
    assert (ours.problem, ours.at) == (theirs.problem, theirs.at)
