"""`validate` and `test` in the forms of CI services: the report on standard output, the text for the job's log beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from junitparser import JUnitXml
from sendspec.cli.check_report import CI_FORMS

GOOD = """spec: 1
name: hello
channel: sms
recipients: {file: ../people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
examples:
  - with: {phone: "+31612345678", first_name: Ada}
    expect: {text: "Hi Ada"}
  - with: {phone: "+31612345678", first_name: Bo}
    expect: {text: "Hi Ada"}
"""
READERS: dict[str, Callable[[str], Any]] = {
    "github": str.splitlines,
    "junit": lambda text: JUnitXml.fromstring(text.encode()),
    "rdjson": lambda text: json.loads(text)["diagnostics"],
    "gitlab": json.loads,
    "sarif": lambda text: json.loads(text)["runs"][0]["results"],
}


@pytest.fixture
def shop(project_dir: Any) -> Any:
    """A project in a folder of a checkout."""
    project_dir.write(".git/HEAD", "")
    folder = type(project_dir)(project_dir.folder / "shop")
    folder.write("sendspec.yaml", "environments: {}\n")
    folder.write("people.csv", "phone,first_name\n+31612345678,Ann\n")
    folder.write("specs/good.yaml", GOOD)
    folder.write("specs/bad.yaml", GOOD.replace("first_name }}", "first_nmae }}").replace("hello", "bad"))
    return folder


def names(text: str) -> list[tuple[str, str]]:
    [suite] = JUnitXml.fromstring(text.encode())
    return [(case.name, "passed" if case.is_passed else str(case.result[0]._tag)) for case in suite]


@pytest.mark.parametrize("form", CI_FORMS)
@pytest.mark.parametrize("command", ["validate", "test"])
def test_the_report_is_all_of_standard_output_and_the_text_is_beside_it(shop: Any, command: str, form: str) -> None:
    plain = shop.run(command, "specs/bad.yaml")
    done = shop.run(command, "specs/bad.yaml", "--format", form)
    assert (done.code, done.err) == (1, plain.err)
    found = READERS[form](done.out)
    assert len(list(found)) == 1
    assert "shop/specs/bad.yaml" in done.out
    assert "unknown-name" in done.out


@pytest.mark.parametrize("form", CI_FORMS)
def test_a_good_spec_is_a_report_without_problems(shop: Any, form: str) -> None:
    done = shop.run("validate", "specs/good.yaml", "--format", form)
    assert (done.code, done.err) == (0, "")
    found = READERS[form](done.out)
    assert (found.failures, found.tests) == (0, 1) if form == "junit" else found == []


@pytest.mark.parametrize("form", CI_FORMS)
def test_a_project_that_can_not_be_read_is_a_report_too(shop: Any, form: str) -> None:
    shop.write("sendspec.yaml", "environments: [\n")
    done = shop.run("validate", "specs/good.yaml", "--format", form)
    assert done.code == 1
    assert list(READERS[form](done.out))
    assert "shop/sendspec.yaml" in done.out


@pytest.mark.parametrize("form", CI_FORMS)
def test_so_is_a_failure_of_the_machine(shop: Any, form: str) -> None:
    shop.write("specs/good.yaml", GOOD.replace("file: ../people.csv", 'file: "-"'))
    shop.write(".sendspec", "a file in place of the folder")
    done = shop.run("validate", "specs/good.yaml", "--format", form, stdin="phone,first_name\n+31612345678,Ann\n")
    assert done.code in (1, 6), done.err
    assert list(READERS[form](done.out))


@pytest.mark.parametrize("form", CI_FORMS)
def test_a_number_is_masked(shop: Any, form: str) -> None:
    shop.write("people.csv", "phone,first_name\n0687654321,Ann\n06876543,Bo\n")
    done = shop.run("validate", "specs/good.yaml", "--format", form)
    assert done.code == 1
    assert "phone-country" in done.out
    assert "0687654321" not in done.out + done.err


def test_wrong_usage_prints_no_report(shop: Any) -> None:
    done = shop.run("validate", "specs/good.yaml", "--env", "nowhere", "--format", "sarif")
    assert (done.code, done.out) == (2, "")


def test_junit_has_a_case_a_spec(shop: Any) -> None:
    done = shop.run("validate", "specs/good.yaml", "specs/bad.yaml", "--format", "junit")
    assert names(done.out) == [("shop/specs/good.yaml", "passed"), ("shop/specs/bad.yaml", "failure")]
    shop.write("people.csv", "phone,first_name\n0612345678,Ann\n")
    done = shop.run("validate", "specs/good.yaml", "--format", "junit")
    assert names(done.out) == [("shop/specs/good.yaml", "failure")]
    shop.write("sendspec.yaml", "environments: [\n")
    done = shop.run("validate", "specs/good.yaml", "--format", "junit")
    assert names(done.out) == [("shop/specs/good.yaml", "skipped"), ("shop/sendspec.yaml", "failure")]


def test_junit_has_a_case_an_example(shop: Any) -> None:
    shop.write("specs/none.yaml", GOOD.partition("examples:")[0])
    done = shop.run("test", "specs/good.yaml", "specs/bad.yaml", "specs/none.yaml", "--format", "junit")
    assert done.code == 1
    assert names(done.out) == [
        ("shop/specs/good.yaml: example 1", "passed"),
        ("shop/specs/good.yaml: example 2", "failure"),
        ("shop/specs/bad.yaml", "failure"),
        ("shop/specs/none.yaml", "skipped"),
    ]


@pytest.mark.parametrize("form", ["rdjson", "sarif"])
def test_a_suggestion_makes_the_spec_good(shop: Any, form: str) -> None:
    done = shop.run("validate", "specs/bad.yaml", "--format", form)
    [found] = READERS[form](done.out)
    lines = (shop.folder / "specs/bad.yaml").read_bytes().splitlines(keepends=True)
    if form == "rdjson":
        place, text = found["suggestions"][0]["range"], found["suggestions"][0]["text"]
        line, start, end = place["start"]["line"], place["start"]["column"], place["end"]["column"]
    else:
        change = found["fixes"][0]["artifactChanges"][0]["replacements"][0]
        place, text = change["deletedRegion"], change["insertedContent"]["text"]
        line, start, end = place["startLine"], place["startColumn"], place["endColumn"]
    lines[line - 1] = lines[line - 1][: start - 1] + text.encode() + lines[line - 1][end - 1 :]
    shop.write("specs/bad.yaml", b"".join(lines))
    assert shop.run("validate", "specs/bad.yaml").code == 0
