"""A plan says how it compares with the generation that was sent before."""

from __future__ import annotations

from typing import Any

from sendspec.reading.schema.validator import load_schema

SPEC = """spec: 1
name: hello
generation: %d
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""


def people(*rows: str) -> str:
    return "phone,first_name\n" + "".join(f"{row}\n" for row in rows)


def planned(project: Any, generation: int) -> tuple[str, Any]:
    project.write("hello.yaml", SPEC % generation)
    done = project.run("plan", "hello.yaml", "--env", "test", "--format", "json")
    assert load_schema("plan").problems(done.json) == []
    lines = project.run("plan", "hello.yaml", "--env", "test").out.splitlines()
    line = next((line.strip() for line in lines if line.startswith("  generation ")), "")
    return line, done.json["specs"][0].get("last_generation")


def test_a_new_generation_is_compared_with_what_was_accepted_of_the_last_one(project: Any) -> None:
    project.write("hello.yaml", SPEC % 1)
    project.write("people.csv", people("+447700900001,Ann", f"+447700900002,{'x' * 160}", "+31612345678,Eve"))
    assert planned(project, 1) == ("", None)
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert planned(project, 1) == ("", None)
    rows = ["+447700900001,Ann", f"+447700900002,{'x' * 320}", "+31612345678,Eve", "+447700900003,Bob"]
    project.write("people.csv", people(*rows))
    line, found = planned(project, 2)
    assert line == "generation 1: 3 accepted, 4 segments; now + 1 message, + 2 segments"
    assert found == {"generation": 1, "messages": 3, "segments": 4}
    settings = (project.folder / "sendspec.yaml").read_text(encoding="utf-8")
    project.write("sendspec.yaml", f"prices: prices.csv\n{settings}")
    project.write("prices.csv", "country,segment,currency\nGB,0.04,EUR\nNL,0.09,EUR\n")
    line, found = planned(project, 2)
    assert line == "generation 1: 3 accepted, 4 segments, EUR 0.21; now + 1 message, + 2 segments, + EUR 0.08"
    assert {each["country"]: each["low"] for each in found["cost"]["by_country"]} == {"GB": "0.12", "NL": "0.09"}
    project.write("people.csv", people("+447700900001,Ann"))
    line, _ = planned(project, 2)
    assert line == (
        "generation 1: 3 accepted, 4 segments, EUR 0.04 + 2 messages of unknown price (unknown country); now − 2 messages, − 3 segments"
    )
    assert "generation 1: 3 accepted" in project.run("plan", "hello.yaml", "--env", "test", "--format", "markdown").out
    assert project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    assert "last_generation" not in (project.folder / "plan.json").read_text(encoding="utf-8")
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert planned(project, 2) == ("", None)
