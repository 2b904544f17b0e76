"""`sendspec ledger copy`: the ledger moves with its environment, and a send that was stopped goes on there."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from json_documents import only
from postgres_server import server_url

TEST = ("--env", "test")
SEND = ("send", "hello.yaml", *TEST, "--yes", "--format", "json")
FILE, SERVER = ".sendspec/test.db", "env:LEDGER_URL"


@pytest.fixture
def people(project: Any, helpers: Any) -> Any:
    """A project with a ledger in a file, twenty people, and room on a server."""
    project.write("people.csv", helpers.numbers(20))
    project.write("hello.yaml", helpers.SPEC)
    project.environ["LEDGER_URL"] = server_url()
    project.schema = f"test_{uuid4().hex}"
    return project


def move(project: Any, *words: str) -> Any:
    return project.run("ledger", "copy", *words, *TEST)


def name(project: Any, ledger: str) -> None:
    """Names another ledger in the project file."""
    path = project.folder / "sendspec.yaml"
    before = path.read_text()
    [line] = [line for line in before.splitlines() if "ledger:" in line]
    path.write_text(before.replace(line, f"    ledger: {ledger}"))


def test_a_send_that_was_stopped_goes_on_through_the_copy_and_nobody_gets_it_twice(
    people: Any, server: Any, helpers: Any
) -> None:
    server.decide = lambda number, request: helpers.Answer() if number <= 7 else helpers.Answer(401, b"{}")
    assert people.run(*SEND).code == 5
    there = f"{SERVER}:{people.schema}"
    done = move(people, FILE, there, "--format", "json")
    assert done.code == 0, done.err
    document = only(done.out, "ledger-copy")
    assert (document["messages"], document["states"], document["completed"]) == (
        20,
        {"accepted": 7, "planned": 13},
        False,
    )
    server.decide = lambda number, request: helpers.Answer()

    before = len(server.posts)
    refused = people.run(*SEND)
    assert (refused.code, refused.json["error"]["code"], len(server.posts)) == (6, "ledger-moved", before)
    for command in (("status",), ("plan", "hello.yaml"), ("ledger", "export"), ("ledger", "check")):
        told = people.run(*command, *TEST)
        assert (told.code, "was moved to the server at LEDGER_URL" in told.err) == (0, True), told.err
    assert "was moved to" in people.run("doctor", *TEST).out

    name(people, f"{{url: {{env: LEDGER_URL}}, schema: {people.schema}}}")
    assert people.run(*SEND).json["totals"]["accepted"] == 13
    assert people.run(*SEND).json["totals"]["accepted"] == 0
    again = move(people, FILE, there)
    assert (again.code, "finished the copy of 20 messages" in again.out) == (0, True)
    assert move(people, there, "file:back.db").code == 0
    name(people, "{file: back.db}")
    done = people.run(*SEND)
    assert (done.code, done.json["skipped"]) == (0, {"already-accepted": 20}), done.err
    numbers = Counter(message["receiver"]["contacts"][0]["identifierValue"] for message in server.taken)
    assert (len(numbers), set(numbers.values())) == (20, {1})


def test_it_says_what_to_write_next(people: Any) -> None:
    done = move(people, FILE, "new.db")
    assert done.code == 0
    assert done.err.splitlines() == [
        "next: name the new one in sendspec.yaml, under 'test':",
        "  ledger: {file: new.db}",
    ]
    name(people, "{file: newer.db}")
    assert "next" not in move(people, "new.db", "newer.db").err
    done = move(people, "newer.db", f"{SERVER}:{people.schema}", "-v")
    assert done.err.splitlines()[-1] == f"  ledger: {{url: {{env: LEDGER_URL}}, schema: {people.schema}}}"
    assert "comparing the copy with it…" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("postgresql://ann:canary-9f3b1c7e5d2a@host/db", "new.db"), 2, "write env:VARIABLE"),
        ((FILE, f"{SERVER}:user"), 2, "is a word of SQL"),
        ((FILE, "env:not a variable"), 2, "is the name of no variable"),
        ((FILE, f"./{FILE}"), 2, "are the same ledger"),
        ((SERVER, f"{SERVER}:sendspec"), 2, "are the same ledger"),
        ((FILE, "env:NOWHERE"), 6, "NOWHERE"),
        ((FILE, "new.db", "--env", "sandbox"), 2, "the sandbox's ledger stays"),
        (("none.db", "new.db"), 6, "there is no ledger"),
        ((FILE, "people.csv"), 6, "there is a file"),
    ],
)  # fmt: skip
def test_what_can_not_be_copied_is_refused_before_anything_is_changed(
    people: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    done = people.run("ledger", "copy", *TEST, *words) if "--env" not in words else people.run("ledger", "copy", *words)
    assert (done.code, said in done.err) == (code, True), done.err
    assert people.run(*SEND).code == 0
