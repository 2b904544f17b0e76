"""Recipients from standard input, and tables with nothing in them."""

from __future__ import annotations

from typing import Any

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: "-"}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""


def test_standard_input_serves_one_spec_and_the_second_is_told(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("other.yaml", SPEC.replace("hello", "other"))
    people = "phone,first_name\n+447700900001,Ann\n"
    assert project_dir.run("validate", "hello.yaml", stdin=people).code == 0
    for arguments in (("hello.yaml", "other.yaml"), ("hello.yaml", "other.yaml", "--recipients", "-")):
        done = project_dir.run("validate", *arguments, "--format", "json", stdin=people)
        assert done.code == 1
        assert [(d["code"], d["path"]) for d in done.json["diagnostics"]] == [("no-standard-input", "-")]


def test_an_empty_file_is_no_error_where_the_spec_allows_it(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC.replace('"-"', "people.csv, allow_empty: true"))
    for content in ("", "phone,first_name\n"):
        project_dir.write("people.csv", content)
        done = project_dir.run("plan", "hello.yaml", "--format", "json")
        assert done.code == 0, done.err
        assert done.json["totals"] == {"recipients": 0, "send": 0, "skip": 0}
