"""`plan --only`: which rows are skipped for a reason."""

from __future__ import annotations

from typing import Any

from sendspec.operations.skipped_rows import MOST_LINES
from sendspec.reading.schema.validator import load_schema

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, where: "{{ first_name != 'Eve' }}"}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
PEOPLE = ["+447700900001,Ann", "+447700900002,Eve", "+447700900003,Ben", "+447700900001,Ann", "+447700900004,Max"]


def write(project: Any, rows: list[str], spec: str = SPEC) -> None:
    project.write("hello.yaml", spec)
    project.write("people.csv", "phone,first_name\n" + "\n".join(rows) + "\n")


def test_the_rows_of_each_reason_are_listed_and_nothing_else(project: Any) -> None:
    write(project, PEOPLE[:4])
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    write(project, [*PEOPLE, "+447700900005,Eve"], SPEC.replace("Hi", "Hello"))
    plan = ("plan", "hello.yaml", "--env", "test")
    title, *lines = project.run(*plan, "--only", "drift, on-hold,filtered").out.splitlines()
    assert title.startswith("hello → sms (test) ")
    assert lines == [
        "  6 recipients",
        "    1 send   1 segment   GSM-7 1",
        "    5 skip   2 drift · 1 duplicate · 2 filtered",
        "    drift: rows 2, 4",
        "    filtered: rows 3, 7",
        "    on hold: none",
    ]
    done = project.run(*plan, "--only", "drift,on-hold", "--format", "json")
    assert done.json["specs"][0]["skipped_rows"] == {"drift": [2, 4]}
    assert load_schema("plan").problems(done.json) == []


def test_of_many_rows_the_first_are_listed(project: Any) -> None:
    write(project, [f"+4477009{n:05d},Eve" for n in range(MOST_LINES + 1)])
    rows = f"1000, {MOST_LINES + 1}, …\n"
    assert project.run("plan", "hello.yaml", "--env", "test", "--only", "filtered").out.endswith(rows)


def test_a_reason_that_is_none_is_answered_with_those_that_are(project: Any) -> None:
    write(project, PEOPLE)
    done = project.run("plan", "hello.yaml", "--env", "test", "--only", "filterd")
    assert done.code == 2
    assert (
        "no row is skipped as 'filterd'; did you mean 'filtered'? the reasons are already-accepted, drift," in done.err
    )
    assert "no row is skipped as 'xyz'; the reasons are" in project.run("plan", "hello.yaml", "--only", "xyz").err
