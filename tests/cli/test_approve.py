"""`sendspec approve`: what is shown and asked, what is refused, and what the document says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sendspec.cli.approve import approve_plan
from sendspec.cli.console import Console, DocumentState
from sendspec.cli.failure import failure_document
from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.exceptions import NotConfirmed, PlanStale, SigningFailed
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.system import System
from sendspec.planning.pair_set import PairSet
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.terminal_style import TerminalStyle
from ssh_keys import KeyRing, keys

__all__ = ["keys"]

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
UUID = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01"
PROJECT = f"""environments:
  production:
    api_url: http://127.0.0.1:1
    access_key: {{env: KEY}}
    ledger: {{file: .sendspec/production.db}}
    channels:
      sms: {{workspace: {UUID}, channel: {UUID}}}
"""
APPROVALS = "    approvals: {approvers: approvers, need: 2, revoked: gone}\n"


PLAN = PlanFile(
    path="plan.json",
    header={
        "digest": "v1:" + "a" * 64,
        "environment": "production",
        "ledger": "5a4d1b0e-0000-4000-8000-000000000003",
        "created": "2026-07-01T11:00:00Z",
        "expires": "2026-07-08T12:00:00Z",
        "totals": {"send": 1204},
        "specs": [],
    },
    pairs=PairSet(),
)


def plan(**changes: object) -> PlanFile:
    return replace(PLAN, header={**PLAN.header, **changes})


def console(form: str = "text", *, asks: bool = False, quiet: bool = False) -> Console:
    clock = Clock(monotonic=lambda: 0.0, wall=NOW.timestamp, sleep=lambda seconds: None, random=lambda: 0.0)
    return Console(
        format=form,
        quiet=quiet,
        verbose=False,
        asks=asks,
        out=TerminalStyle(colour=False),
        err=TerminalStyle(colour=False),
        state=DocumentState("approve"),
        system=System(environ={"PATH": os.environ["PATH"]}, clock=clock, command="sendspec approve"),
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(folder: Path, keys: KeyRing) -> Path:
    (folder / "sendspec.yaml").write_text(PROJECT + APPROVALS)
    (folder / "approvers").write_text(f"ada {keys.key('ada').line}\nbob {keys.key('bob').line}\n")
    (folder / "gone").write_text("")
    return folder


def approve(key: Path, at: Console, plan: PlanFile = PLAN, *, yes: bool = True) -> int:
    return approve_plan(at, Path("plan.json"), plan, key, yes=yes)


def test_it_shows_what_is_signed_and_says_how_many_approvals_there_are(
    project: Path, keys: KeyRing, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, bob = keys.key("ada"), keys.key("bob")
    assert approve(ada.path, console()) == 0
    said = capsys.readouterr()
    assert said.err == (
        "plan plan.json\n"
        "  environment  production\n"
        "  to send      1 204 messages\n"
        f"  digest       v1:{'a' * 64}\n"
        "  ledger       5a4d1b0e-0000-4000-8000-000000000003\n"
        "  expires      2026-07-08T12:00:00Z\n"
    )
    assert said.out == f"signed with {ada.fingerprint} in plan.json.sig\n1 of 2 approvals: ada\n"
    approve(bob.path, console(quiet=True))
    said = capsys.readouterr()
    assert (said.err, said.out.splitlines()[1]) == ("", "2 of 2 approvals: ada, bob")


def test_the_document_says_the_same(project: Path, keys: KeyRing, capsys: pytest.CaptureFixture[str]) -> None:
    ada, cy = keys.key("ada"), keys.key("cy")
    (project / "plan.json.sig").write_bytes(ada.sign(b"another plan"))
    approve(cy.path, console("json"))
    approve(ada.path, console("json"))
    said = capsys.readouterr()
    documents = [json.loads(text + "}") for text in said.out.split("\n}\n")[:-1]]
    for document in documents:
        assert load_schema("approve").problems(document) == []
    first, second = documents
    assert first["approvals"]["approvers"] == []
    assert first["dropped"] == 1
    assert second == {
        "schema": "sendspec.approve/1",
        "environment": "production",
        "plan": "plan.json",
        "digest": PLAN.digest,
        "ledger": PLAN.ledger,
        "expires": PLAN.expires,
        "signatures": "plan.json.sig",
        "key": ada.fingerprint,
        "dropped": 0,
        "approvals": {
            "need": 2,
            "approvers": ["ada"],
            "rejected": [f"the signature by {cy.fingerprint} was made with a key that no approver has"],
        },
    }
    assert "1 signature for another plan dropped" in said.err
    assert f"not counted: the signature by {cy.fingerprint} was made with a key that no approver has" in said.err


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"sendspec.yaml": PROJECT}, "'production' needs no approvals"),
        ({}, "the approvals can't be counted: "),
        ({"sendspec.yaml": "environments: ["}, "the approvals can't be counted: the project file has errors"),
        (
            {"sendspec.yaml": PROJECT.replace("production", "other")},
            "the approvals can't be counted: there is no environment",
        ),
        ({"sendspec.yaml": PROJECT + APPROVALS}, "the approvals can't be counted: there is no file 'approvers'"),
    ],
)
def test_a_plan_is_signed_wherever_its_project_is(
    folder: Path, keys: KeyRing, capsys: pytest.CaptureFixture[str], files: dict[str, str], line: str
) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    assert approve(keys.key("ada").path, console()) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith(line)
    assert approve(keys.key("ada").path, console("json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert load_schema("approve").problems(document) == []
    assert "approvals" not in document


def test_without_a_project_file_it_says_so(folder: Path, keys: KeyRing, capsys: pytest.CaptureFixture[str]) -> None:
    assert approve(keys.key("ada").path, console(), plan(environment="sandbox")) == 0
    assert capsys.readouterr().out.splitlines()[1] == "the approvals can't be counted: there is no project here"


@pytest.mark.parametrize(("answer", "signs"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_at_the_terminal_is_asked(project: Path, keys: KeyRing, answer: str, signs: bool) -> None:
    ada = keys.key("ada").path
    with CliRunner().isolation(answer) as (_, err, _):
        if signs:
            assert approve(ada, console(asks=True), yes=False) == 0
        else:
            with pytest.raises(NotConfirmed, match="nothing was signed"):
                approve(ada, console(asks=True), yes=False)
        said = err.getvalue().decode()
    assert (project / "plan.json.sig").exists() is signs
    assert said.index("production") < said.index("Sign it? [y/N]")


def test_where_nobody_can_be_asked_nothing_is_signed(project: Path, keys: KeyRing) -> None:
    with pytest.raises(click.UsageError, match="pass --yes to agree"):
        approve(keys.key("ada").path, console(), yes=False)
    assert not (project / "plan.json.sig").exists()


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        ({"expires": "2026-07-01T12:00:00Z"}, PlanStale, "it expired on 2026-07-01T12:00:00Z"),
        ({"ledger": None}, PlanStale, "was made before 'production' had a ledger"),
        ({"environment": "a\nstaging"}, PlanUnreadable, "a name that can't be signed"),
        ({"ledger": "two words"}, PlanUnreadable, "a name that can't be signed"),
    ],
)
def test_a_plan_that_can_not_be_sent_is_not_signed(
    project: Path, keys: KeyRing, change: dict[str, Any], error: type[Exception], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        approve(keys.key("ada").path, console(), plan(**change))
    assert not (project / "plan.json.sig").exists()


def test_a_plan_that_is_about_to_expire_is_signed(project: Path, keys: KeyRing) -> None:
    assert approve(keys.key("ada").path, console(), plan(expires="2026-07-01T12:00:01Z")) == 0


def test_a_failure_signs_nothing(project: Path) -> None:
    with pytest.raises(SigningFailed, match="there is no file"):
        approve(project / "none", console())
    assert not (project / "plan.json.sig").exists()


@pytest.mark.parametrize("error", [PlanStale("expired", "make it again"), KeyError("x")])
def test_a_failure_is_the_commands_own_document(error: Exception) -> None:
    document = failure_document("approve", "production", error)
    assert document is not None
    assert (document["schema"], document["environment"]) == ("sendspec.approve/1", "production")
    assert load_schema("approve").problems(document) == []


# The command


def sealed(project: Any, change: Callable[[str], str]) -> None:
    """A plan file of the project, changed after it was sealed."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", "phone\n+447700900001\n")
    assert project.run("plan", "hello.yaml", "--out", "plan.json").code == 0
    path = project.folder / "plan.json"
    path.write_text(change(path.read_text()))


SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi"}}
"""


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"sandbox"', '"another"', 1),
        lambda text: text[: len(text) // 2],
        lambda text: "{}",
    ],
    ids=["edited", "cut", "no plan"],
)
def test_an_edited_or_cut_plan_is_refused(project_dir: Any, change: Callable[[str], str]) -> None:
    sealed(project_dir, change)
    done = project_dir.run("approve", "plan.json", "--key", "none", "--yes", "--format", "json")
    assert done.code == 1
    assert [it["code"] for it in done.json["diagnostics"]] == ["plan-unreadable"]
    assert "nothing was signed" in project_dir.run("approve", "plan.json", "--key", "none", "--yes").err


def test_a_plan_that_is_not_there_is_refused(project_dir: Any) -> None:
    done = project_dir.run("approve", "none.json", "--key", "none", "--yes")
    assert done.code == 1
    assert "there is no plan none.json" in done.err


def test_a_key_must_be_named(project_dir: Any) -> None:
    done = project_dir.run("approve", "plan.json")
    assert done.code == 2
    assert "--key" in done.err
