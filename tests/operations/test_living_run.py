"""What others are told, and may do, while a run sends: what is on its way is not in doubt, and nobody settles it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from cutting_proxy import proxy_to, through
from postgres_server import server_url
from processes import SEND, holding, started, until
from project_dir import SPEC, Answer, CountingServer, ProjectDir, Request, numbers
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


@pytest.mark.parametrize("command", [SEND, ("reconcile", *TEST, "--format", "json")], ids=["send", "reconcile"])
def test_of_two_runs_that_find_the_same_doubt_both_go_on(
    shared: ProjectDir, server: CountingServer, command: tuple[str, ...]
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=True) if number == 3 else Answer()
    assert shared.run(*SEND).code == 4
    shared.write("people.csv", numbers(PEOPLE + 2))
    with closing(proxy_to(server_url())) as proxy:
        asked = threading.Event()

        def listing(request: Request) -> Answer:
            """The first of them is cut off from the ledger once it asks for the list."""
            if not asked.is_set():
                proxy.freeze()
                asked.set()
            return server.page(server.taken)

        server.listing = listing
        shared.environ["LEDGER_URL"] = through(proxy)
        first = shared.started(*command)
        assert asked.wait(30)
        shared.environ["LEDGER_URL"] = server_url()
        assert shared.run(*SEND).code == 0
        proxy.thaw()
        _, err = first.communicate(timeout=30)
        assert first.returncode == 0, err
    assert shared.run("status", *TEST, "--format", "json").json["totals"]["accepted"] == PEOPLE + 2
    assert len(server.posts) == PEOPLE + 2
