"""Plans for reviewers: Markdown, and a step's annotations, summary and outputs, from the command as a workflow runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_pages import assert_inert, rendered

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: ../people.csv, where: "{{ first_name != 'Cy' }}"}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}\\n::error::of the text"}}
examples:
  - with: {phone: "+447700900001", first_name: Ada}
    expect: {segments: 1}
"""
PEOPLE = "phone,first_name\n+447700900001,Ann\n+447700900002,Bob\n+447700900003,Cy\n"


@pytest.fixture
def shop(project_dir: Any) -> Any:
    """A project in a folder of a checkout, in a step of a workflow."""
    project_dir.write(".git/HEAD", "")
    folder = type(project_dir)(project_dir.folder / "shop")
    folder.write("sendspec.yaml", "environments: {}\n")
    folder.write("people.csv", PEOPLE)
    folder.write("specs/hello.yaml", SPEC)
    for name in ("summary", "output"):
        folder.write(f"../{name}", f"{name} before" + "\n" * (name == "output"))
    folder.environ.update(
        CI="true",
        GITHUB_STEP_SUMMARY=str(project_dir.folder / "summary"),
        GITHUB_OUTPUT=str(project_dir.folder / "output"),
    )
    return folder


def step(shop: Any) -> tuple[str, dict[str, str]]:
    """The step's summary and outputs."""
    summary, output = (
        Path(shop.environ[name]).read_text(encoding="utf-8") for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
    )
    assert summary.startswith("summary before")
    assert output.startswith("output before\n")
    found = re.findall(r"^([a-z-]+)<<(END_[0-9a-f]{32})\n(.*)\n\2\n", output, re.M)
    assert "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, end, value in found) == output.removeprefix(
        "output before\n"
    )
    assert summary == "summary before" or (summary.startswith("summary before\n\n") and summary.endswith("\n\n"))
    return summary.removeprefix("summary before"), {name: value for name, _, value in found}


def test_a_step_gets_annotations_a_summary_and_outputs(shop: Any) -> None:
    plain = shop.run("plan", "specs/hello.yaml", "--format", "json").json
    done = shop.run("plan", "specs/hello.yaml", "--format", "github", "--out", "plan.json")
    assert done.code == 0
    assert done.out == ""
    assert "hello → sms (sandbox)" in done.err
    assert not [line for line in done.err.splitlines() if line.strip().startswith("::")]
    summary, outputs = step(shop)
    assert summary.startswith("\n\n**2 messages would be sent** to 2 of 3 recipients, 2 segments\n")
    assert rendered(summary).messages == ["Hi Ada\n::error::of the text"]
    assert {name: outputs[name] for name in ("send", "skip", "recipients", "digest", "environment", "plan")} == {
        "send": "2", "skip": "1", "recipients": "3", "digest": plain["digest"], "environment": "sandbox", "plan": "plan.json",
    }  # fmt: skip
    assert outputs["content-digest"] == plain["content_digest"]
    assert json.loads((shop.folder / "plan.json").read_text(encoding="utf-8"))["digest"] == outputs["digest"]


def test_markdown_is_all_of_standard_output_and_touches_no_file_of_the_step(shop: Any) -> None:
    done = shop.run("plan", "specs/hello.yaml", "--format", "markdown")
    assert (done.code, done.err) == (0, "")
    page = rendered(done.out)
    assert_inert(page)
    assert page.messages == ["Hi Ada\n::error::of the text"]
    assert "sendspec send --plan plan.json" in page.codes
    assert step(shop) == ("", {})
    assert "Ann" not in done.out


def test_texts_of_recipients_are_shown_outside_of_ci_only(shop: Any) -> None:
    del shop.environ["CI"]
    assert "Hi Ann" in shop.run("plan", "specs/hello.yaml", "--format", "markdown").out


@pytest.mark.parametrize("form", ["github", "markdown"])
@pytest.mark.parametrize("fault", ["template", "row", "project"])
def test_a_rejected_plan_says_why_it_is_red(shop: Any, form: str, fault: str) -> None:
    if fault == "template":
        shop.write("specs/hello.yaml", SPEC.replace("first_name }}", "first_nmae }}"))
        code, path = "unknown-name", "specs/hello.yaml"
    elif fault == "row":
        shop.write("people.csv", "phone,first_name\n0687654321,Ann\n")
        code, path = "phone-country", "people.csv"
    else:
        shop.write("sendspec.yaml", "environments: [\n")
        code, path = "yaml-syntax", "sendspec.yaml"
    done = shop.run("plan", "specs/hello.yaml", "--format", form)
    assert done.code == 1
    assert "0687654321" not in done.out + done.err
    summary, outputs = step(shop)
    markdown = done.out if form == "markdown" else summary
    assert markdown.lstrip().startswith("**Rejected: 1 error in 1 file**; nothing was sent")
    page = rendered(markdown)
    assert_inert(page)
    assert {code, path} <= set(page.codes)
    assert "0687654321" not in markdown
    assert outputs == {}
    if form == "github":
        assert done.out.startswith(f"::error file=shop/{path},line=")
        assert done.out.count("\n") == 1


def test_a_limit_that_would_stop_it_comes_first(shop: Any) -> None:
    shop.write("specs/hello.yaml", SPEC + "limits: {messages: 1}\n")
    done = shop.run("plan", "specs/hello.yaml", "--format", "github", "--detailed-exitcode")
    assert done.code == 7
    assert done.out.startswith("::error file=shop/specs/hello.yaml,line=")
    assert shop.run("plan", "specs/hello.yaml", "--format", "github").out.startswith("::warning file=")
    summary, outputs = step(shop)
    assert summary.startswith("\n\n**Stopped by a limit**: 2 messages to 2 of 3 recipients")
    assert summary.index("### A send would be stopped") < summary.index("| spec |")
    assert "sendspec send" not in summary
    assert (outputs["stopped"], outputs["send"]) == ("true", "2")


def test_in_a_job_the_next_step_does_not_lead_round_the_approval(shop: Any) -> None:
    desk = shop.run("plan", "specs/hello.yaml", "--format", "markdown", "--out", "plan.json")
    assert "sendspec send --plan plan.json" in desk.out
    shop.environ["GITHUB_ACTIONS"] = "true"
    job = shop.run("plan", "specs/hello.yaml", "--format", "markdown", "--out", "plan.json")
    assert "1. Approve the deployment whose name has this digest: its job sends this plan and nothing else." in job.out
    assert "next: the job that waits for an approval sends it" in job.err
    assert "sendspec send" not in job.out + job.err
    assert "### Next" not in shop.run("plan", "specs/hello.yaml", "--format", "markdown").out


def test_what_drifted_is_a_notice(shop: Any) -> None:
    names = [f"s{number:02}" for number in range(12)]
    for name in names:
        shop.write(f"specs/{name}.yaml", SPEC.replace("hello", name))
    paths = [f"specs/{name}.yaml" for name in names]
    assert shop.run("send", *paths, "--yes", "-q").code == 0
    for name in names:
        shop.write(f"specs/{name}.yaml", SPEC.replace("hello", name).replace("Hi", "Hello"))
    done = shop.run("plan", *paths, "--format", "github")
    lines = done.out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith(
        "::notice file=shop/specs/s00.yaml,line=1,title=drift::s00: 2 messages changed after being sent"
    )
    assert lines[-1] == "::notice title=sendspec::and 3 more of this kind"
    summary, outputs = step(shop)
    assert summary.startswith("\n\n**Nothing would be sent**: 36 recipients, 24 drift · 12 filtered\n")
    assert summary.count("**drift**") == 12
    assert outputs["changed"] == "false"


@pytest.mark.parametrize("place", ["missing", "link", "full", "folder"])
def test_a_summary_that_can_not_be_written_is_a_warning(shop: Any, place: str) -> None:
    summary = Path(shop.environ["GITHUB_STEP_SUMMARY"])
    summary.unlink()
    target = summary.with_name("target")
    target.write_text("mine", encoding="utf-8")
    match place:
        case "link":
            summary.symlink_to(target)
        case "full":
            summary.write_bytes(b"x" * 999_999)
        case "folder":
            summary.mkdir()
    done = shop.run("plan", "specs/hello.yaml", "--format", "github")
    assert done.code == 0
    assert f"warning: the summary of this step could not be written to {summary}: " in done.err
    assert target.read_text(encoding="utf-8") == "mine"
    assert "send<<END_" in Path(shop.environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8")


def test_a_plan_file_with_an_odd_name_is_no_output(shop: Any) -> None:
    done = shop.run("plan", "specs/hello.yaml", "--format", "github", "--out", "a\nb\u202e.json")
    assert (shop.folder / "a\nb\u202e.json").is_file()
    assert step(shop)[1]["plan"] == ""
    assert (
        "warning: the output `plan` is empty: the path a\\nb\\u202e.json has a character that no output can have"
        in done.err
    )


def test_without_the_variables_it_is_only_annotations(shop: Any) -> None:
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        shop.environ[name] = ""
    done = shop.run("plan", "specs/hello.yaml", "--format", "github")
    assert (done.code, done.out) == (0, "")
    assert "warning" not in done.err


@pytest.mark.parametrize("form", ["github", "markdown"])
def test_a_failure_is_a_result_too(shop: Any, form: str) -> None:
    shop.write(".sendspec", "a file in place of the folder")
    done = shop.run("plan", "specs/hello.yaml", "--format", form)
    assert done.code == 6, done.err
    assert ("**Failed: 1 error" in done.out) == (form == "markdown")
    assert done.out.startswith("::error ") == (form == "github")
