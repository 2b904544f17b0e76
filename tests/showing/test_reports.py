"""Reports for CI services, read by what others wrote: each is within its limits, whatever is in the texts, and never cut."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import Failure, JUnitXml, Skipped, TestCase
from long_rows import all_but
from oracles import oracle_file, run_oracle
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.position import Position, Span, span_on_line
from sendspec.showing.explanations import EXPLANATIONS
from sendspec.showing.reports.check_cases import example_cases, spec_cases
from sendspec.showing.reports.check_report import MAX_TEXT, CheckReport, fingerprints, relocated
from sendspec.showing.reports.region import byte_columns, replacement

NASTY = "100%, a:b\r\n::error::x ]]> <&\"' \x1b[31m \u202e \ufffe \x00 é 😀 " + chr(0xD800)
LINE = '  text: "Zoë 😀: {{ nmae }}"'
WORD = LINE.index("nmae") + 1


def diagnostic(**changes: Any) -> Diagnostic:
    shown = Diagnostic(
        code="unknown-name", path="specs/a.yaml", span=span_on_line(7, WORD, 4), problem="no column is called 'nmae'",
        fix="write 'name'", excerpt=LINE, key="message.body",
    )  # fmt: skip
    return replace(shown, **changes)


def many(count: int) -> list[Diagnostic]:
    """Errors and as many warnings, of all codes, with texts that try to break out."""
    codes = sorted(EXPLANATIONS)
    return [
        diagnostic(
            code=codes[n % len(codes)], path=f"dir {n % 3}/ä:b,{n % 7}.yaml", severity=severity, problem=NASTY + "x" * n, fix=NASTY,
            span=Span(Position(n + 1, 1), Position(n + 1 + n % 2, 1)), excerpt="" if n % 3 else LINE, rows=(n + 1, n + 2), row_count=9,
        )
        for n in range(count)
        for severity in (Severity.WARNING, Severity.ERROR)
    ]  # fmt: skip


def written(form: str, found: list[Diagnostic], command: str = "validate") -> str:
    cases = tuple(spec_cases(["specs/a.yaml", "specs/b.yaml"], {"specs/b.yaml": "b.csv"}, found))
    report: Callable[[CheckReport], bytes] = import_module(f"sendspec.showing.reports.{form}").report_bytes
    return report(CheckReport(command, tuple(found), cases)).decode()


# GitHub's workflow commands


def commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The commands in `text`, read as GitHub's runner does: a kind, its properties, its message."""
    for line in text.removesuffix("\n").split("\n") if text else ():
        found = re.fullmatch(r"::(error|warning) ([^\r\n]*?)::([^\r\n]*)", line)
        assert found, line
        pairs = (pair.partition("=") for pair in found[2].split(","))
        yield found[1], {name: _unescaped(value) for name, _, value in pairs}, _unescaped(found[3])


def _unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_an_annotation_says_where_what_and_how_to_fix_it() -> None:
    [(kind, properties, message)] = commands(written("github", [diagnostic()]))
    assert kind == "error"
    assert properties == {
        "file": "specs/a.yaml", "line": "7", "endLine": "7", "col": str(WORD), "endColumn": str(WORD + 4), "title": "unknown-name",
    }  # fmt: skip
    assert message == "no column is called 'nmae'\nfix: write 'name'"


@pytest.mark.parametrize(
    ("count", "shown", "last"), [(9, 9, ""), (10, 10, ""), (11, 10, "and 2 more"), (40, 10, "and 31 more")]
)
def test_no_kind_has_more_annotations_than_are_shown(count: int, shown: int, last: str) -> None:
    found = list(commands(written("github", many(count))))
    for wanted in ("error", "warning"):
        messages = [message for kind, _, message in found if kind == wanted]
        assert len(messages) == shown
        assert messages[-1].startswith(last) if last else "more" not in messages[-1]
    assert all(len(message) <= MAX_TEXT for _, _, message in found)
    controls = {unicodedata.category(c) for _, _, message in found for c in message if c != "\n"} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }
    assert controls == set()
    assert {properties["file"] for _, properties, _ in found if "file" in properties} <= {d.path for d in many(count)}


def test_of_too_many_annotations_those_with_the_most_rows_are_shown() -> None:
    few = [diagnostic(path=f"{n}.yaml", rows=(1,), row_count=1) for n in range(10)]
    found = list(
        commands(written("github", [*few[:5], diagnostic(path="most.yaml", rows=(1,), row_count=9), *few[5:]]))
    )
    shown = [properties["file"] for _, properties, _ in found if "file" in properties]
    assert shown == [*(f"{n}.yaml" for n in range(5)), "most.yaml", *(f"{n}.yaml" for n in range(5, 8))]


# JUnit


def test_junit_has_a_case_a_spec_and_one_for_each_other_file() -> None:
    found = [
        diagnostic(),
        diagnostic(path="b.csv", code="phone-country", severity=Severity.WARNING),
        diagnostic(path="sendspec.yaml"),
    ]
    [suite] = JUnitXml.fromstring(written("junit", found).encode())
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == ("sendspec validate", 3, 2, 0, 0)
    cases = {case.name: case for case in suite}
    assert list(cases) == ["specs/a.yaml", "specs/b.yaml", "sendspec.yaml"]
    [failure] = cases["specs/a.yaml"].result
    assert isinstance(failure, Failure)
    assert (failure.type, failure.message) == ("unknown-name", "no column is called 'nmae'")
    assert failure.text.splitlines()[0] == f"specs/a.yaml:7:{WORD}: error [unknown-name]"
    assert cases["specs/b.yaml"].is_passed
    assert "warning [phone-country]" in cases["specs/b.yaml"].system_out


def test_a_spec_that_other_errors_kept_from_being_checked_is_skipped() -> None:
    [suite] = JUnitXml.fromstring(written("junit", [diagnostic(path="sendspec.yaml")]).encode())
    [skipped] = next(iter(suite)).result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "not checked, because of the errors in sendspec.yaml"


def test_an_example_is_a_case() -> None:
    cases = list(example_cases("a.yaml", [[], [diagnostic()]]))
    assert [(case.name, case.has_failed) for case in cases] == [
        ("a.yaml: example 1", False),
        ("a.yaml: example 2", True),
    ]


ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "file", "time"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
INSIDE = {
    "testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "skipped", "system-out"}, "failure": set(),
    "skipped": set(), "system-out": set(),
}  # fmt: skip
"""What GitLab and Jenkins document of the format, as far as it is used: attributes and children of each element."""


@pytest.mark.parametrize("count", [0, 1, 300])
def test_junit_has_the_documented_structure_whatever_is_in_the_texts(count: int) -> None:
    top = JUnitXml.fromstring(written("junit", many(count)).encode())
    elements = [top._elem]
    while elements:
        element = elements.pop()
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= INSIDE[element.tag]
        elements += list(element)
    [suite] = top
    cases: list[TestCase] = list(suite)
    assert (suite.tests, suite.failures) == (
        len(cases),
        sum(not case.is_passed and not case.is_skipped for case in cases),
    )
    assert len({(case.classname, case.name) for case in cases}) == len(cases)


# The Reviewdog Diagnostic Format


@pytest.mark.process
@pytest.mark.parametrize("count", [0, 1, 600])
def test_reviewdog_can_read_the_report_whatever_is_in_the_texts(count: int) -> None:
    text = written("rdjson", [diagnostic(), *many(count)])
    diagnostics = json.loads(text)["diagnostics"]
    assert len(diagnostics) == min(1 + 2 * count, 1_000)
    assert ("and 202 more" in diagnostics[-1]["message"]) == (count == 600)
    listed = f"[{','.join(json.dumps(it) for it in diagnostics)}]"
    assert run_oracle("rdjson.cjs", stdin=listed).strip() == "ok"


def test_its_columns_count_bytes_and_its_suggestion_can_be_applied() -> None:
    [shown] = json.loads(written("rdjson", [diagnostic()]))["diagnostics"]
    [suggestion] = shown["suggestions"]
    start, end = suggestion["range"]["start"]["column"] - 1, suggestion["range"]["end"]["column"] - 1
    line = LINE.encode()
    assert line[:start] + suggestion["text"].encode() + line[end:] == LINE.replace("nmae", "name").encode()
    assert suggestion["range"]["start"]["line"] == 7


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "name"),
        ({"problem": "there is no `nmae`"}, "name"),
        ({"fix": "write 'name', or add the column"}, None),
        ({"fix": 'write "nmae"'}, '"nmae"'),
        ({"fix": 'write "other"'}, None),
        ({"problem": "no column is called 'other'"}, None),
        ({"excerpt": LINE.replace("Zoë", "06•")}, None),
        ({"excerpt": ""}, None),
        ({"span": Span(Position(7, WORD), Position(8, 1))}, None),
        ({"span": span_on_line(7, WORD, 0)}, None),
    ],
)
def test_only_a_fix_that_is_a_word_in_place_of_the_marked_one_is_a_replacement(
    changes: dict[str, Any], text: str | None
) -> None:
    assert replacement(diagnostic(**changes)) == text


def test_bytes_are_counted_only_on_a_line_that_is_known() -> None:
    assert byte_columns(diagnostic(excerpt="")) is None
    assert byte_columns(diagnostic(span=Span(Position(7, 1), Position(8, 1)))) is None
    assert byte_columns(diagnostic(excerpt="06••,é", span=span_on_line(1, 6, 1))) == (6, 8)


# GitLab's code quality

CODE_QUALITY = {
    "type": "array",
    "maxItems": 1_000,
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1, "pattern": r"^[^\r\n]*$"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}, "end": {"type": "integer"}},
                    },
                },
            },
        },
    },
}
"""What GitLab documents of the format; it publishes no schema."""


@pytest.mark.parametrize("count", [0, 1, 600])
def test_a_code_quality_report_has_the_documented_structure(count: int) -> None:
    issues = json.loads(written("gitlab", many(count)))
    Draft202012Validator(CODE_QUALITY).validate(issues)
    assert len(issues) == min(2 * count, 1_000)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_a_fingerprint_holds_no_line_and_tells_problems_apart() -> None:
    moved = diagnostic(span=span_on_line(70, 3, 4), problem="other words", excerpt="")
    assert [*fingerprints([diagnostic()])] == [*fingerprints([moved])]
    different = [
        diagnostic(), diagnostic(), diagnostic(key="vars"), diagnostic(path="specs/b.yaml"), diagnostic(code="unknown-key"),
    ]  # fmt: skip
    assert len({*fingerprints(different)}) == len(different)


# SARIF


@pytest.mark.process
@pytest.mark.parametrize("count", all_but([0, 1], [0, 1, 2_600]))
def test_a_sarif_log_conforms_to_the_published_schema(count: int) -> None:
    schema = json.loads(oracle_file("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json").read_bytes())
    log = json.loads(written("sarif", [diagnostic(), *many(count)]))
    [run] = log["runs"]
    results = run["results"]
    assert len(results) == min(1 + 2 * count, 5_000)
    run["results"] = results[:15] + results[-15:]  # the validator takes its time
    Draft4Validator(schema).validate(log)
    notes = run["invocations"][0].get("toolExecutionNotifications", [])
    assert [note["message"]["text"].partition(";")[0] for note in notes] == (["and 201 more"] if count == 2_600 else [])
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert all(rule["help"]["text"] and len(rule["fullDescription"]["text"]) <= MAX_TEXT for rule in rules)
    uris = {it["physicalLocation"]["artifactLocation"]["uri"] for result in results for it in result["locations"]}
    assert all(re.fullmatch(r"[A-Za-z0-9%._/-]+", uri) for uri in uris)


def test_its_columns_are_declared_and_its_fix_can_be_applied() -> None:
    [run] = json.loads(written("sarif", [diagnostic()]))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    [change] = run["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"]
    region = change["deletedRegion"]
    start, end = region["startColumn"] - 1, region["endColumn"] - 1
    assert LINE[:start] + change["insertedContent"]["text"] + LINE[end:] == LINE.replace("nmae", "name")


# Paths


@pytest.mark.parametrize(
    ("folder", "path", "moved"),
    [
        ("/c", "specs/a.yaml", "specs/a.yaml"),
        ("/c", "./specs/a.yaml", "specs/a.yaml"),
        ("/c/shop", "specs/a.yaml", "shop/specs/a.yaml"),
        ("/c/shop", "../data/a.csv", "data/a.csv"),
        ("/c/shop", "/c/data/a.csv", "data/a.csv"),
        ("/c", "../a.yaml", "../a.yaml"),
        ("/c", "/tmp/a.yaml", "/tmp/a.yaml"),
    ],
)
def test_paths_are_those_of_the_checkout(folder: str, path: str, moved: str) -> None:
    found = diagnostic(path=path)
    report = CheckReport("test", (found,), tuple(example_cases(path, [[found]])))
    there = relocated(report, folder, "/c")
    assert [there.diagnostics[0].path, there.cases[0].file, there.cases[0].diagnostics[0].path] == [moved] * 3
    assert there.cases[0].name == f"{moved}: example 1"
