"""What approvers see of a message: every part that people read or click, in each form of a plan."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.reading.schema.validator import load_schema

MAIL = """spec: 1
name: hello
channel: mail
recipients:
  to: "{{ email }}"
  list: [{email: a@example.com, n: Ada, note: fine}]
message:
  body:
    type: html
    html:
      text: "Dear {{ n }}"
      html: "<p>{{ 'thanks' | replace(note, 'pay') }}<a href='https://evil.example'>log in</a></p>"
      metadata: {subject: "News for {{ n }}"}
"""
SECTION = """spec: 1
name: hello
channel: line
recipients: [{phone: "+447700900001", n: Ada}]
message:
  body:
    type: section
    section:
      items:
      - type: text
        text: {text: "Hello {{ n }}"}
"""
EXAMPLES = "examples:\n- with: {email: b@example.com, n: Bob, note: zz}\n  expect: {}\n"
PARTS = [
    {"at": "body.html.html", "text": "<p>⟨'thanks' | replace(note, 'pay')⟩<a href='https://evil.example'>log in</a></p>"},
    {"at": "body.html.metadata.subject", "text": "News for ⟨n⟩"},
]  # fmt: skip


@pytest.fixture
def project(project_dir: Any) -> Any:
    project_dir.write("hello.yaml", MAIL)
    project_dir.environ["CI"] = "true"
    return project_dir


def test_every_form_of_a_plan_shows_the_parts_of_a_message(project: Any) -> None:
    done = project.run("plan", "hello.yaml", "--format", "json")
    assert load_schema("plan").problems(done.json) == []
    assert done.json["specs"][0]["shapes"][0]["sample"] == {
        "line": 6, "text": "Dear ⟨n⟩", "from": "columns", "parts": PARTS,
    }  # fmt: skip
    for part in PARTS:
        assert f"{part['at']}: {part['text']}\n" in project.run("plan", "hello.yaml").out
        assert f"- `{part['at']}`: `{part['text']}`\n" in project.run("plan", "hello.yaml", "--format", "markdown").out


def test_a_plan_file_has_them_for_those_who_approve(project: Any) -> None:
    assert project.run("plan", "hello.yaml", "--out", "plan.json", "--with-samples").code == 0
    written = json.loads((project.folder / "plan.json").read_text(encoding="utf-8"))
    assert load_schema("plan").problems(written) == []
    assert written["specs"][0]["samples"][0]["parts"] == PARTS
    out = project.run("show", "plan.json").out
    assert all(f"{part['at']}: {part['text']}\n" in out for part in PARTS)


def test_an_example_is_shown_only_where_it_says_what_others_get(project: Any) -> None:
    project.write("hello.yaml", MAIL + EXAMPLES)
    assert "Bob" not in project.run("plan", "hello.yaml").out
    project.write("hello.yaml", MAIL.replace("'thanks' | replace(note, 'pay')", "note") + EXAMPLES)
    out = project.run("plan", "hello.yaml").out
    assert "Dear Bob\n" in out
    assert "body.html.html: <p>zz<a href='https://evil.example'>log in</a></p>\n" in out


def test_a_section_has_something_to_read(project: Any) -> None:
    project.write("hello.yaml", SECTION)
    out = project.run("plan", "hello.yaml", "--format", "markdown").out
    assert "- `body.section.items.0.text.text`: `Hello ⟨n⟩`\n" in out
    assert "nothing to read" not in out


def test_what_a_recipient_gets_is_shown_elsewhere(project: Any) -> None:
    del project.environ["CI"]
    out = project.run("plan", "hello.yaml").out
    assert "Dear Ada\n" in out
    assert "body.html.html: <p>thanks<a href='https://evil.example'>log in</a></p>\n" in out
