"""A mistake in a row, in the log and on the page of a job: many people read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from project_dir import ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: RECIPIENTS
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""


def csv(project: ProjectDir) -> str:
    project.write("people.csv", "phone,first_name,note\n07700900o03,Ada,diabetes\n+447700900001,Bob,asthma,cancer\n")
    return "{file: people.csv}"


def json_lines(project: ProjectDir) -> str:
    rows = ['{"phone": "07700900o03", "first_name": "Ada", "note": "diabetes"}', '{"phone": "1x", "note": "asthma"}']
    project.write("people.jsonl", "\n".join(rows) + "\n")
    return "{file: people.jsonl}"


def in_spec(project: ProjectDir) -> str:
    return '[{phone: "07700900o03", first_name: Ada, note: diabetes}, {phone: [1], note: asthma}]'


@pytest.mark.parametrize("form", ["text", "markdown", "github"])
@pytest.mark.parametrize("recipients", [csv, json_lines, in_spec])
def test_on_ci_no_other_cell_gets_into_a_log_or_a_page(
    project_dir: ProjectDir, recipients: Callable[[ProjectDir], str], form: str
) -> None:
    project_dir.write("hello.yaml", SPEC.replace("RECIPIENTS", recipients(project_dir)))
    summary = project_dir.write("summary.md", "")
    command = ("plan", "hello.yaml", "--format", form)
    desk = project_dir.run(*command)
    project_dir.environ.update(CI="true", GITHUB_STEP_SUMMARY=str(summary))
    job = project_dir.run(*command)
    assert desk.code == job.code == 1
    assert "has the letter o where a 0 belongs" in job.out + job.err
    shown = job.out + job.err + summary.read_text(encoding="utf-8")
    for private in ("Ada", "diabetes", "asthma", "00900"):
        assert private not in shown
    assert "diabetes" in desk.out + desk.err
