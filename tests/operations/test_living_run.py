"""What others are told, and may do, while a run sends: what is on its way is not in doubt, and nobody settles it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from processes import holding, started, until
from project_dir import SPEC, CountingServer, ProjectDir, numbers
from sendspec.reading.schema.validator import load_schema
from server_ledger_project import PEOPLE

pytestmark = pytest.mark.process

TEST = ("--env", "test")
RESOLVE = (*TEST, "--as", "skipped", "--reason", "x")
ON_THE_WAY = 4


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def living(kind: str, request: pytest.FixtureRequest, server: CountingServer) -> Iterator[ProjectDir]:
    """A project that is being sent: four requests wait for their answers."""
    project: ProjectDir = request.getfixturevalue("shared" if kind == "server" else "project")
    if kind == "file":
        path = project.folder / "sendspec.yaml"
        path.write_text(path.read_text().replace("timeout: 2", "timeout: 30, concurrency: 4"))
        project.write("hello.yaml", SPEC)
        project.write("people.csv", numbers(PEOPLE))
    server.decide = holding(server, 0)
    sending = started(project)
    until(lambda: len(server.posts) == ON_THE_WAY)
    yield project
    server.released.set()
    out, err = sending.communicate(timeout=30)
    assert (sending.returncode, json.loads(out)["totals"]["accepted"]) == (0, PEOPLE), err


def test_status_tells_what_is_under_way_from_what_is_in_doubt(living: ProjectDir, kind: str) -> None:
    words = living.run("status", "--messages", *TEST).out
    assert "40 recipients = 0 accepted + 0 refused + 0 in doubt + 4 under way + 36 not sent + 0 skipped\n" in words
    assert "sending; 4 messages wait for an answer\n" in words
    assert (words.count("  under way  "), words.count("  sending  ")) == (ON_THE_WAY, 0)
    listed = living.run("status", "hello.yaml", "--in-doubt", "--format", "json", *TEST).json
    assert load_schema("status").problems(listed) == []
    assert [message["under_way"] for message in listed["messages"]] == ON_THE_WAY * [True]
    assert (listed["totals"]["in_doubt"], listed["specs"][0]["under_way"]) == (ON_THE_WAY, ON_THE_WAY)
    at_work = listed["specs"][0]["at_work"]
    assert [(run["run"], run["command"]) for run in at_work] == ([(1, "sendspec send")] if kind == "server" else [])
    assert ("under way: run 1 (`sendspec send` on " in words) == (kind == "server")


def test_nobody_settles_what_a_run_is_sending(living: ProjectDir, kind: str) -> None:
    messages = living.run("status", "--in-doubt", "--format", "json", *TEST).json["messages"]
    for which in (["hello.yaml"], [messages[0]["id"]], ["hello.yaml", "--left"], ["hello.yaml", "--generation", "1"]):
        done = living.run("resolve", *which, *RESOLVE)
        assert (done.code, "[ledger-busy]" in done.err) == (75, True), done.err
        assert kind == "file" or "`sendspec send` on " in done.err
    assert living.run("status", "--in-doubt", "--format", "json", *TEST).json["messages"] == messages
    done = living.run("reconcile", *TEST)
    assert "resolve" not in done.err + done.out
    if kind == "server":
        assert (done.code, "still in doubt" in done.out) == (0, False)
        assert "under way: run 1 (`sendspec send` on " in done.out
        assert done.err.endswith("next: sendspec status hello.yaml --env test\n")
    else:
        assert (done.code, "[ledger-busy]" in done.err) == (75, True)
