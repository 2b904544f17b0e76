"""What a channel of the sandbox is for, where no project file says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.composing.platforms.inferred_platform import CHAT_BODIES, inferred_platform
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.system import real_system
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import read_spec

TEXT = "body: {type: text, text: {text: Hi}}"
HTML = "body: {type: html, html: {text: Hi, html: <p>Hi</p>, metadata: {subject: Hi}}}"
PHONE, EMAIL = '[{phone: "+31612345678"}]', "[{email: ann@example.com}]"


def spec_text(channel: str, message: str, recipients: str | None) -> str:
    rows = "" if recipients is None else f"recipients: {recipients}\n"
    return f"spec: 1\nname: hello\nchannel: {channel}\n{rows}message:\n  {message}\n"


def context_in(folder: Path, project: str = "") -> ProjectContext:
    if project:
        (folder / "sendspec.yaml").write_text(project, encoding="utf-8")
    problems = Problems()
    context = open_context((str(folder / "hello.yaml"),), "sandbox", problems, real_system("test"))
    assert context is not None, list(problems)
    return context


def platform_in(folder: Path, text: str, project: str = "") -> str:
    (folder / "hello.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    [job] = read_jobs([str(folder / "hello.yaml")], context_in(folder, project), None, problems)
    job.table.close()
    assert not list(problems)
    return job.channel.platform


@pytest.mark.parametrize(
    ("channel", "message", "recipients", "platform"),
    [
        ("news", TEXT, PHONE, "sms"),
        ("news", HTML, EMAIL, "email"),
        ("news", TEXT, EMAIL, "email"),
        ("news", TEXT, "[{email: ann@example.com, phone: '+31612345678'}]", "sms"),
        ("news", f"meta: {{email: {{subject: Hi}}}}\n  {TEXT}", EMAIL, "email"),
        ("news", TEXT, '{list: [{mail: ann@example.com}], to: "{{ mail }}"}', "email"),
        ("news", TEXT, '{list: [{mobile: "+31612345678"}], to: "{{ mobile }}"}', "sms"),
        ("news", TEXT, '{list: [{user: ann}], to: "{{ user }}@example.com"}', "email"),
        ("news", TEXT, "{file: people.csv}", "email"),
        ("news", TEXT, '{file: people.csv, to: "{{ email | lower }}"}', "email"),
        ("news", "receiver: {contacts: [{identifierKey: emailaddress, identifierValue: ann@example.com}]}\n  " + TEXT, None, "email"),
        ("news", "receiver: {contacts: [{identifierValue: '+31612345678'}]}\n  " + TEXT, None, "sms"),
        ("news", "body: {type: list, list: {text: Hi, items: [{title: One}]}}", PHONE, "whatsapp"),
        ("whatsapp", TEXT, PHONE, "whatsapp"),
        ("sms", TEXT, PHONE, "sms"),
    ],
)  # fmt: skip
def test_the_platform_follows_from_the_channels_name_else_from_the_spec(
    tmp_path: Path, channel: str, message: str, recipients: str | None, platform: str
) -> None:
    (tmp_path / "people.csv").write_text("email\nann@example.com\n", encoding="utf-8")
    assert platform_in(tmp_path, spec_text(channel, message, recipients)) == platform


@pytest.mark.parametrize(("written", "platform"), [("email", "email"), ("sms", "sms")])
def test_the_project_file_knows_better(tmp_path: Path, written: str, platform: str) -> None:
    by_hand = f"environments: {{sandbox: {{channels: {{news: {{platform: {written}}}}}}}}}\n"
    recipients = PHONE if platform == "sms" else EMAIL
    assert platform_in(tmp_path, spec_text("news", TEXT, recipients), by_hand) == platform


def test_an_html_body_to_a_channel_that_is_called_sms_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(spec_text("sms", HTML, PHONE), encoding="utf-8")
    problems = Problems()
    [job] = read_jobs([str(tmp_path / "hello.yaml")], context_in(tmp_path), None, problems)
    assert list(job.composed(problems)) == []
    assert [problem.code for problem in problems] == ["body-type-platform"]


def test_a_message_without_recipients_to_read_asks_for_none(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(spec_text("news", HTML, "{file: missing.csv}"), encoding="utf-8")
    spec = read_spec(str(tmp_path / "hello.yaml"), Problems())
    assert spec is not None
    assert inferred_platform(spec, lambda: pytest.fail("read")) == "email"


def test_every_kind_of_body_has_a_platform_that_takes_it() -> None:
    kinds = set(load_schema("message").document["$defs"]["Body"]["properties"]["type"]["enum"])
    assert kinds - {"text", "image", "file", "html"} == CHAT_BODIES
