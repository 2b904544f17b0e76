"""`continue_with`, `audience` and `not_after`: what they may say, and what is said of a wrong form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.spec import Spec, read_spec

SPEC = """\
spec: 1
name: hello
channel: sms
recipients: [{phone: "+31612345678"}]
message:
  body: {type: text, text: {text: "Hi"}}
"""


def read(tmp_path: Path, line: str) -> tuple[Spec | None, list[Diagnostic]]:
    path = tmp_path / "spec.yaml"
    path.write_text(f"{SPEC}{line}\n", encoding="utf-8")
    problems = Problems()
    return read_spec(str(path), problems), list(problems)


def good(tmp_path: Path, line: str) -> Spec:
    spec, problems = read(tmp_path, line)
    assert problems == []
    assert spec is not None
    return spec


def test_a_spec_without_them_binds_nothing(tmp_path: Path) -> None:
    spec = good(tmp_path, "")
    assert (spec.continue_with, spec.audience_frozen, spec.not_after) == (None, False, None)


@pytest.mark.parametrize("written", ["3f9c2a7b51d08e46", "'1234567890123456'", '"0000000000000000"'])
def test_a_text_digest_arrives_as_it_is_written(tmp_path: Path, written: str) -> None:
    assert good(tmp_path, f"continue_with: {written}").continue_with == written.strip("'\"")


def test_a_frozen_audience_is_the_only_kind(tmp_path: Path) -> None:
    assert good(tmp_path, "audience: frozen").audience_frozen
    for other in ("open", "frozn", "true", "[frozen]"):
        spec, [found] = read(tmp_path, f"audience: {other}")
        assert spec is None
        assert (found.code, found.span.start.line, found.span.start.column) == ("wrong-value", 7, 11)
        assert "frozen" in found.fix


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-03-01T18:00:00+01:00", datetime(2027, 3, 1, 17, tzinfo=UTC)),
        ('"2027-03-01T18:00:00Z"', datetime(2027, 3, 1, 18, tzinfo=UTC)),
        ("2027-03-01t18:00:00.25z", datetime(2027, 3, 1, 18, 0, 0, 250_000, tzinfo=UTC)),
        ("2027-03-01T18:00:00.123456789-11:30", datetime(2027, 3, 2, 5, 30, 0, 123_456, tzinfo=UTC)),
        ("2028-02-29T23:59:60Z", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-02T00:00:00+23:59", datetime(1, 1, 2, tzinfo=timezone(timedelta(hours=23, minutes=59)))),
    ],
)
def test_a_moment_has_its_offset(tmp_path: Path, written: str, moment: datetime) -> None:
    assert good(tmp_path, f"not_after: {written}").not_after == moment


@pytest.mark.parametrize(
    ("line", "code", "problem", "fix"),
    [
        ("not_after: 2027-03-01", "wrong-format", "a date without a time", "write 2027-03-01T23:59:59+01:00, with your own"),
        ("not_after: 2027-03-01T18:00:00", "wrong-format", "has no offset from UTC", "write 2027-03-01T18:00:00+01:00, with your own"),
        ("not_after: 2027-03-01 18:00", "wrong-format", "has no offset from UTC", "write 2027-03-01T18:00:00+01:00"),
        (
            "not_after: 2027-03-01 18:00:00 +01:00",
            "wrong-format",
            "has no T between date and time",
            "write 2027-03-01T18:00:00+01:00",
        ),
        ("not_after: 2027-02-30T18:00:00Z", "wrong-format", "there is no such moment", "write a day, a time"),
        ("not_after: 2027-03-01T25:00:00Z", "wrong-format", "there is no such moment", "write a day, a time"),
        ("not_after: 2027-03-01T18:00:00+25:00", "wrong-format", "there is no such moment", "write a day, a time"),
        ("not_after: 2027-03-01T18:00Z", "wrong-format", "is not written as RFC 3339", "write seconds"),
        ("not_after: 2027-03-01 18:00:00 -5", "wrong-format", "is not written as RFC 3339", "write seconds"),
        ("not_after: 2027-03-01T18:00:00 CET", "wrong-format", "is not a date and time with an offset", "write one"),
        ("not_after: 2027-03-01 evening", "wrong-format", "is not a date and time with an offset", "write one"),
        ("not_after: tomorrow", "wrong-format", "is not a date and time with an offset", "write one"),
        ("not_after: ''", "wrong-format", "is not a date and time with an offset", "write one"),
        ("not_after: !!timestamp 2027-03-01T18:00:00Z", "yaml-tag", "the tag '!!timestamp'", "remove it"),
        ("not_after: 20270301", "unquoted-number", "expected text, found the number", "put it in quotes"),
        ("not_after: ~", "wrong-type", "has no value; text is needed", "write"),
        ("not_after: [2027-03-01]", "wrong-type", "expected text, found a list", "write text"),
        (
            "continue_with: 1234567890123456",
            "unquoted-number",
            "YAML reads 1234567890123456 as a number",
            'put it in quotes: "1234567890123456"',
        ),
        (
            "continue_with: 12345678901234e5",
            "unquoted-number",
            "YAML reads 12345678901234e5 as a number",
            'put it in quotes: "12345678901234e5"',
        ),
        (
            "continue_with: 12345678901234E5",
            "unquoted-number",
            "YAML reads 12345678901234E5 as a number",
            'put it in quotes: "12345678901234e5"',
        ),
        ("continue_with: 12", "unquoted-number", "YAML reads 12 as a number", "write the digest that `sendspec plan`"),
        ("continue_with: 0123456789012345", "unquoted-number", "begins with 0", "put it in quotes"),
        (
            "continue_with: 3F9C2A7B51D08E46",
            "wrong-format",
            "'3F9C2A7B51D08E46' is not a text digest",
            "write '3f9c2a7b51d08e46'",
        ),
        ("continue_with: 3f9c", "wrong-format", "'3f9c' is not a text digest", "write the digest that `sendspec plan`"),
        ("continue_with: ''", "wrong-format", "'' is not a text digest", "write the digest that `sendspec plan`"),
        ('continue_with: "3f9c2a7b51d08e46\\n"', "wrong-format", "is not a text digest", "write the digest that"),
        ("continue_with: true", "wrong-type", "expected text, found true", "put it in quotes"),
        ("continue_with: ~", "wrong-type", "has no value; text is needed", "write"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_one_error_in_its_place_with_a_fix(
    tmp_path: Path, line: str, code: str, problem: str, fix: str
) -> None:
    spec, [found] = read(tmp_path, line)
    assert spec is None
    assert (found.code, found.span.start.line) == (code, 7)
    assert found.span.start.column in (line.index(":") + 1, line.index(":") + 3)
    assert problem in found.problem
    assert found.fix.startswith(fix)


def test_a_number_of_a_person_in_place_of_a_digest_is_masked(tmp_path: Path) -> None:
    for written in ("31612345678", "'+31612345678'"):
        _, [found] = read(tmp_path, f"continue_with: {written}")
        assert "31612345678" not in repr(found)


@pytest.mark.parametrize("written", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_has_none_in_utc_is_refused(tmp_path: Path, written: str) -> None:
    spec, found = read(tmp_path, f"not_after: {written}")
    assert (spec, [each.code for each in found]) == (None, ["wrong-format"])
