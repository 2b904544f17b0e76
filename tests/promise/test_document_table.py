"""Every command at every exit code that it can have: the document conforms to its schema, and says why and whether anything was sent.

Input that every command rejects alike, trouble with the ledger, signals, bugs and missing memory are in `test_documents.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from json_documents import only
from project_dir import Answer, CountingServer, ProjectDir
from sendspec.showing.explanations import EXPLANATIONS

Setup = Callable[[ProjectDir, CountingServer], object]
SEND = ("send", "hello.yaml", "--yes", "--env", "test")


def nothing(project: ProjectDir, server: CountingServer) -> None:
    """The project as it is."""


def answers(*answer: Answer) -> Setup:
    def setup(project: ProjectDir, server: CountingServer) -> None:
        server.decide = lambda number, request: answer[(number - 1) % len(answer)]

    return setup


def writes(name: str, change: Callable[[str], str]) -> Setup:
    def setup(project: ProjectDir, server: CountingServer) -> None:
        path = project.folder / name
        project.write(name, change(path.read_text() if path.exists() else ""))

    return setup


def runs(*arguments: str) -> Setup:
    return lambda project, server: project.run(*arguments)


def lists(answer: Answer) -> Setup:
    def setup(project: ProjectDir, server: CountingServer) -> None:
        server.listing = lambda request: answer

    return setup


def gone(project: ProjectDir, server: CountingServer) -> None:
    (project.folder / ".sendspec/test.db").unlink()


LOST, REFUSED, STOPPED = Answer(drop=True, taken=False), Answer(422, b"{}"), Answer(401, b"{}")
BROKEN = writes("sendspec.yaml", lambda text: "environments: [\n")
LIMITED = writes("hello.yaml", lambda text: text + "limits: {messages: 3}\n")
ONE_LOST: Setup = lambda project, server: setattr(  # noqa: E731  # one step of a table
    server, "decide", lambda number, request: LOST if number == 1 else Answer()
)
PLANNED = runs("plan", "hello.yaml", "--env", "test", "--out", "plan.json")
MORE_PEOPLE = writes("people.csv", lambda text: text + "+447700911111,Eve,A99\n")
SIGNED = ("--url", "https://hooks.example/bird", "--key-env", "TEST_KEY")
SERVE = ("webhook", "serve", "--listen", "127.0.0.1:0", *SIGNED)
TABLE: list[tuple[tuple[str, ...], int, str, tuple[Setup, ...]]] = [
    (("init", "new"), 0, "init", ()),
    (("init", "hello.yaml/new"), 1, "diagnostics", ()),
    (("validate", "hello.yaml", "--env", "test"), 0, "diagnostics", ()),
    (("validate", "hello.yaml", "--env", "test"), 1, "diagnostics", (LIMITED,)),
    (("test", "hello.yaml", "--env", "test"), 0, "diagnostics", ()),
    (("plan", "hello.yaml", "--env", "test"), 0, "plan", (MORE_PEOPLE, LIMITED)),
    (("plan", "hello.yaml", "--env", "test", "--detailed-exitcode"), 10, "plan", ()),
    (("plan", "hello.yaml", "--env", "test", "--detailed-exitcode"), 7, "plan", (LIMITED,)),
    (("show", "plan.json"), 0, "show", (PLANNED,)),
    (("show", "plan.json", "--against-now"), 0, "show", (PLANNED, MORE_PEOPLE)),
    (("show", "plan.json"), 0, "show", (PLANNED, gone)),
    (("show", "plan.json"), 1, "diagnostics", ()),
    (("approve", "plan.json", "--key", "none", "--yes"), 1, "diagnostics", ()),
    (SEND, 0, "run", ()),
    (SEND, 1, "diagnostics", (BROKEN,)),
    (SEND, 3, "run", (answers(REFUSED, Answer(), Answer(), Answer()),)),
    (SEND, 4, "run", (ONE_LOST,)),
    (SEND, 5, "run", (answers(STOPPED),)),
    (SEND, 6, "run", (gone,)),
    (SEND, 7, "run", (LIMITED,)),
    (("send", "--plan", "plan.json", "--yes"), 8, "run", (PLANNED, MORE_PEOPLE)),
    (("status", "--messages", "--env", "test"), 0, "status", (ONE_LOST, runs(*SEND))),
    (("report", "hello.yaml", "--env", "test"), 0, "report", ()),
    (("report", "hello.yaml", "--env", "test"), 0, "report", (ONE_LOST, runs(*SEND), MORE_PEOPLE)),
    (("report", "missing.yaml", "--env", "test"), 0, "report", (runs(*SEND),)),
    (("report", "hello.yaml", "--env", "test"), 0, "report", (runs(*SEND), writes("hello.yaml", lambda text: "spec: [\n"))),
    (("report", "hello.yaml", "--env", "test"), 1, "diagnostics", (BROKEN,)),
    (("report", "hello.yaml", "--env", "test"), 6, "report", (gone,)),
    (("reconcile", "--env", "test"), 0, "status", ()),
    (("reconcile", "--env", "test"), 4, "status", (ONE_LOST, runs(*SEND))),
    (("reconcile", "--env", "test"), 5, "status", (ONE_LOST, runs(*SEND), lists(STOPPED))),
    (("resolve", "hello.yaml", "--as", "accepted", "--reason", "x", "--env", "test"), 0, "status", (ONE_LOST, runs(*SEND))),
    (("ledger", "init", "--env", "test", "--empty"), 0, "ledger-init", (gone,)),
    (("ledger", "init", "--env", "test"), 6, "ledger-init", ()),
    (("ledger", "check", "--env", "test"), 0, "ledger-check", ()),
    (("ledger", "purge", "--older-than", "9d", "--env", "test"), 0, "ledger-purge", ()),
    (("ledger", "migrate", "--env", "test"), 0, "ledger-migrate", ()),
    (("ledger", "copy", ".sendspec/test.db", "new.db", "--env", "test"), 0, "ledger-copy", ()),
    (("ledger", "copy", ".sendspec/test.db", "people.csv", "--env", "test"), 6, "ledger-copy", ()),
    (SEND, 6, "run", (runs("ledger", "copy", ".sendspec/test.db", "new.db", "--env", "test"),)),
    (("opt-outs", "list", "--maybe", "--env", "test"), 0, "opt-outs", (runs("opt-outs", "add", "+447700900001", "--env", "test"),)),
    (("opt-outs", "list", "--refresh", "--env", "test"), 5, "opt-outs", (lists(STOPPED),)),
    (("opt-outs", "list", "--env", "test"), 6, "opt-outs", (gone,)),
    (("opt-outs", "export", "--as", "json", "--env", "test"), 0, "opt-outs", ()),
    (("opt-outs", "import", "people.csv", "--env", "test"), 0, "opt-outs-change", ()),
    (("opt-outs", "import", "none.csv", "--env", "test"), 1, "diagnostics", ()),
    (("opt-outs", "remove", "+447700900001", "--reason", "x", "--env", "test"), 6, "opt-outs-change", (gone,)),
    (("doctor", "--env", "test"), 0, "doctor", ()),
    (("doctor", "--env", "test"), 1, "doctor", (gone,)),
    (("webhook", "ingest", "-", "--key-env", "TEST_KEY", "--env", "test"), 0, "webhook-ingest", ()),
    (("webhook", "ingest", "people.csv", "--key-env", "TEST_KEY", "--env", "test"), 1, "webhook-ingest", ()),
    (("webhook", "ingest", "missing.jsonl", "--key-env", "TEST_KEY", "--env", "test"), 1, "diagnostics", ()),
    (("webhook", "ingest", "-", "--key-env", "TEST_KEY", "--env", "test"), 6, "webhook-ingest", (gone,)),
    ((*SERVE, "--env", "test"), 6, "webhook-serve", (gone,)),
    ((*SERVE, "--env", "test"), 1, "diagnostics", (BROKEN,)),
    (("webhook", "verify", *SIGNED), 1, "webhook-verify", ()),
    (("explain", "unknown-name"), 0, "explain", ()),
]  # fmt: skip
"""A command, its exit code, the schema of its document, and how things come to be that way."""


@pytest.mark.parametrize(
    ("command", "code", "schema", "setups"), TABLE, ids=[f"{c[0]}-{c[1]}-{e}" for c, e, _, _ in TABLE]
)
def test_the_document_conforms_and_says_why(
    ready: ProjectDir,
    server: CountingServer,
    command: tuple[str, ...],
    code: int,
    schema: str,
    setups: tuple[Setup, ...],
) -> None:
    for setup in setups:
        setup(ready, server)
    done = ready.run(*command, "--format", "json")
    assert done.code == code, done.err
    document = only(done.out, schema)
    if code not in (5, 6, 7, 8):
        assert document.get("error") is None
        return
    assert set(document["error"]) == {"code", "problem", "fix"}
    assert document["error"]["code"] in EXPLANATIONS
    assert document["sent"] is False


def test_what_cannot_be_wrong_with_a_plan_is_in_its_warnings(ready: ProjectDir, server: CountingServer) -> None:
    document = only(ready.run("plan", "hello.yaml", "--env", "test", "--format", "json").out, "plan")
    assert document["warnings"] == []
    assert document["specs"][0]["channel"] == "sms"
    LIMITED(ready, server)
    done = ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json", "--format", "json")
    [warning] = only(done.out, "plan")["warnings"]
    assert (warning["code"], warning["severity"], warning["path"]) == ("limit-messages", "warning", "hello.yaml")
    assert "warnings" not in (ready.folder / "plan.json").read_text()


@pytest.mark.parametrize("command", [SEND, ("plan", "hello.yaml", "--env", "test"), ("status", "--env", "test")])
def test_trouble_with_the_ledger_ends_with_whether_anything_was_sent(
    ready: ProjectDir, server: CountingServer, command: tuple[Any, ...]
) -> None:
    gone(ready, server)
    done = ready.run(*command)
    assert (done.code, done.err.splitlines()[-1]) == (6, "nothing was sent")


def test_a_run_that_breaks_says_what_was_sent_and_not_that_nothing_was(
    ready: ProjectDir, server: CountingServer
) -> None:
    server.decide = lambda number, request: STOPPED if number > 5 else Answer()
    done = ready.run(*SEND, "--format", "json")
    assert (done.code, only(done.out, "run")["sent"]) == (5, True)
    assert "nothing was sent" not in done.out + done.err
    assert only(ready.run(*SEND, "--format", "json").out, "run")["sent"] is False
