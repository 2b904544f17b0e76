"""`plan --timings` shows where the time went."""

from __future__ import annotations

from typing import Any

from sendspec.reading.schema.validator import load_schema

SPEC = "spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv}\nmessage: {body: {type: text, text: {text: Hi}}}\n"
STAGES = [
    "start the program",
    "read the project and the specs",
    "open the ledger",
    "compose and check the rows, ask the ledger",
    "find examples, savings and limits",
    "show the plan",
]


def test_json_has_each_stage_with_its_time(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", "phone\n+31612345678\n+31612345679\n")
    found = project_dir.run("plan", "hello.yaml", "--timings", "--format", "json").json
    assert load_schema("plan").problems(found) == []
    timings = found["timings"]
    assert timings["rows"] == 2
    assert [each["stage"] for each in timings["stages"]] == STAGES
    assert timings["stages"][0]["seconds"] is None
    assert all(each["seconds"] >= 0 for each in timings["stages"][1:])
    assert timings["cpu_seconds"] > 0
    assert timings["peak_bytes"] > 10_000_000


def test_text_shows_them_on_standard_error_and_not_without_the_flag(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", "phone\n+31612345678\n")
    timed, usual = (project_dir.run("plan", "hello.yaml", *flags) for flags in (["--timings"], []))
    assert timed.out == usual.out
    assert "timings of 1 row," in timed.err
    assert all(stage in timed.err for stage in STAGES)
    assert "timings" not in usual.err


def test_they_are_refused_of_specs_that_nobody_trusts(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    done = project_dir.run("plan", "hello.yaml", "--timings", "--untrusted")
    assert (done.code, "--timings can't be used with --untrusted, which plans" in done.err) == (2, True)
