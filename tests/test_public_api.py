"""The public Python API, used from outside: values instead of printing, and the same numbers as the JSON documents."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import sendspec
from long_rows import long
from project_dir import SECRET, SPEC, Answer, CountingServer, ProjectDir, numbers, project, project_dir, server
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.project_context import open_context
from sendspec.operations.system import real_system

pytestmark = pytest.mark.process

__all__ = ["project", "project_dir", "server"]
CHECKOUT = Path(__file__).resolve().parent.parent
CLIENT = """
from typing import Any, assert_type

import sendspec

checked = sendspec.check(["hello.yaml"])
assert_type([each.problem for each in checked.diagnostics], list[str])
planned = sendspec.plan(["hello.yaml"], env="test", environ={})
assert_type(planned, sendspec.PlanReport)
assert_type(planned.send + planned.segments.total, int)
bodies: list[dict[str, Any]] = list(sendspec.render(["hello.yaml"]))
try:
    sent: sendspec.RunReport = sendspec.send(["hello.yaml"], retry=sendspec.Retry.REFUSED)
    assert_type(sent.account.accepted, int)
except sendspec.SendspecError as error:
    assert_type(error.problem, str)
known: sendspec.StatusReport = sendspec.status()
sendspec.undo
"""


@pytest.fixture
def ready(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> ProjectDir:
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(20))
    monkeypatch.chdir(project.folder)
    return project


@pytest.fixture
def silent() -> Any:
    """Fails where something is printed, or a signal handler installed."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        yield
    assert said.getvalue() == ""
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_importing_loads_nothing_of_what_it_exports() -> None:
    code = "import sys, sendspec; print([name for name in sys.modules if name.startswith('sendspec.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_exported_name_is_there_and_no_other() -> None:
    for name in sendspec.__all__:
        assert getattr(sendspec, name) is not None
    assert set(sendspec.__all__) <= set(dir(sendspec))
    with pytest.raises(AttributeError, match="no attribute 'undo'"):
        getattr(sendspec, "undo")  # noqa: B009


def test_the_values_are_those_of_the_documents(ready: ProjectDir, server: CountingServer, silent: None) -> None:
    environ = {"TEST_KEY": SECRET}
    checked = sendspec.check(["hello.yaml"], env="test")
    assert (checked.ok, checked.messages, checked.diagnostics) == (True, 20, ())
    planned = sendspec.plan(["hello.yaml"], env="test")
    document = ready.run("plan", "hello.yaml", "--env", "test", "--format", "json").json
    assert document["totals"] == {"recipients": planned.recipients, "send": planned.send, "skip": planned.skip}
    assert document["digest"] == planned.digest
    assert document["skipped"] == planned.skipped
    assert document["segments"]["total"] == planned.segments.total == 20
    sent = sendspec.send(["hello.yaml"], env="test", environ=environ)
    assert (sent.account.accepted, sent.requests, sent.ending, len(server.posts)) == (20, 20, "", 20)
    known = sendspec.status(["hello.yaml"], env="test", messages=True)
    document = ready.run("status", "hello.yaml", "--env", "test", "--messages", "--format", "json").json
    assert document["totals"] == known.account.as_dict() == sent.account.as_dict()
    assert known.messages is not None
    assert [message["reference"] for message in document["messages"]] == [f"m{m.id.hex()}" for m in known.messages]
    again = sendspec.send([Path("hello.yaml")], env="test", environ=environ)
    assert again.account.skipped == {"already-accepted": 20}
    assert len(server.posts) == 20


def test_what_is_rendered_is_what_the_command_prints(ready: ProjectDir, silent: None) -> None:
    printed = ready.run("render", "hello.yaml", "--env", "test").out
    assert list(sendspec.render(["hello.yaml"], env="test")) == [json.loads(line) for line in printed.splitlines()]
    (one,) = sendspec.render(["hello.yaml"], env="test", key="+447700900003")
    assert one["receiver"]["contacts"][0]["identifierValue"] == "+447700900003"
    with pytest.raises(sendspec.InputInvalid, match="no recipient has the key") as refused:
        sendspec.render(["hello.yaml"], env="test", key="+447700909999")
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["recipient-unknown"]


def test_a_rejected_row_is_a_value_of_check_and_an_error_of_the_others(
    ready: ProjectDir, server: CountingServer, silent: None
) -> None:
    ready.write("people.csv", numbers(2) + "nobody,P,A\n")
    checked = sendspec.check(["hello.yaml"], env="test")
    document = ready.run("validate", "hello.yaml", "--env", "test", "--format", "json").json
    assert not checked.ok
    assert [each.code for each in checked.diagnostics] == [each["code"] for each in document["diagnostics"]]
    for function in (sendspec.plan, sendspec.render, sendspec.send):
        with pytest.raises(sendspec.InputInvalid, match=r"people\.csv:4:1: ") as caught:
            function(["hello.yaml"], env="test")
        assert caught.value.exit_code == 1
        assert [each.code for each in caught.value.diagnostics] == [each.code for each in checked.diagnostics]
    assert server.posts == []


def test_a_limit_is_an_error_of_send_and_a_warning_of_plan(
    ready: ProjectDir, server: CountingServer, silent: None
) -> None:
    ready.write("hello.yaml", SPEC + "limits: {messages: 10}\n")
    assert [each.code for each in sendspec.plan(["hello.yaml"], env="test").warnings] == ["limit-messages"]
    with pytest.raises(sendspec.LimitExceeded) as caught:
        sendspec.send(["hello.yaml"], env="test", environ={"TEST_KEY": SECRET})
    assert (caught.value.exit_code, caught.value.code) == (7, "limit-messages")
    assert caught.value.report.account.not_sent == 20
    assert server.posts == []


def test_an_environment_that_is_not_there_and_a_key_that_is_missing_are_errors(ready: ProjectDir, silent: None) -> None:
    with pytest.raises(sendspec.SendspecError, match="there is no environment 'tset'") as caught:
        sendspec.status(env="tset")
    assert caught.value.exit_code == 2
    with pytest.raises(sendspec.SendspecError) as caught:
        sendspec.send(["hello.yaml"], env="test", environ={})
    assert (caught.value.exit_code, caught.value.code) == (1, "key-unusable")


def test_doubts_are_in_the_report_and_the_next_send_looks_them_up(
    ready: ProjectDir, server: CountingServer, silent: None, caplog: pytest.LogCaptureFixture
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=True) if number == 5 else Answer()
    environ = {"TEST_KEY": SECRET}
    sent = sendspec.send(["hello.yaml"], env="test", environ=environ)
    assert (sent.account.in_doubt, sent.has_doubts) == (1, True)
    with caplog.at_level(logging.WARNING, "sendspec"):
        again = sendspec.send(["hello.yaml"], env="test", environ=environ)
    assert "1 accepted, 0 not accepted, 0 still in doubt" in caplog.text
    assert (again.account.skipped, again.has_doubts) == ({"already-accepted": 20}, False)
    assert len(server.posts) == 20


def test_a_second_send_meanwhile_finds_the_ledger_busy(ready: ProjectDir, server: CountingServer, silent: None) -> None:
    context = open_context(["hello.yaml"], "test", Problems(), real_system("first"))
    assert context is not None
    with (
        ledger_to_write(context),
        pytest.raises(sendspec.SendspecError, match="another run holds the ledger") as caught,
    ):
        sendspec.send(["hello.yaml"], env="test", environ={"TEST_KEY": SECRET})
    assert (caught.value.code, caught.value.exit_code) == ("ledger-busy", 75)
    assert server.posts == []


def test_standard_input_is_not_read(ready: ProjectDir, silent: None) -> None:
    checked = sendspec.check(["hello.yaml"], env="test", recipients="-")
    assert [each.code for each in checked.diagnostics] == ["no-standard-input"]


@long
def test_a_client_is_type_checked_and_a_name_that_is_not_exported_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "client.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    line = CLIENT.splitlines().index("sendspec.undo") + 1
    assert done.stdout.splitlines() == [
        f'client.py:{line}: error: Module has no attribute "undo"  [attr-defined]',
        "Found 1 error in 1 file (checked 1 source file)",
    ]


def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "python-api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.S)
    subprocess.run([sys.executable, "-m", "sendspec", "init", "."], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 of 3 recipients, 3 segments\n3 accepted, 0 refused, 0 in doubt\n"


def test_the_page_names_every_export() -> None:
    page = (CHECKOUT / "docs" / "python-api.md").read_text(encoding="utf-8")
    assert [name for name in sendspec.__all__ if not re.search(rf"\b{name}\b", page)] == []
