"""Two sends at once: one holds the ledger, the other is told by whom, and nobody gets a message twice."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

COMMAND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")


Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(ready: Any) -> Iterator[Start]:
    """Starts sends that run by themselves; none outlives the test."""
    running: list[subprocess.Popen[str]] = []

    def started() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ready.command(*COMMAND), cwd=ready.folder, env={**os.environ, **ready.environ}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@pytest.fixture
def ready(project: Any, server: Any, helpers: Any) -> Any:
    """20 recipients, and a server that answers nobody before it is released."""
    path = project.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", "timeout: 30, concurrency: 4"))
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(20))

    def held(number: int, request: Any) -> Any:
        server.released.wait(30)
        return helpers.Answer()

    server.decide = held
    return project


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def first_to_end(*both: subprocess.Popen[str]) -> tuple[subprocess.Popen[str], subprocess.Popen[str]]:
    """The one that has ended, and the other."""
    until(lambda: any(process.poll() is not None for process in both))
    one, other = both
    return (one, other) if one.poll() is not None else (other, one)


def test_of_two_sends_that_start_together_one_sends_and_the_other_names_it(
    ready: Any, server: Any, start: Start
) -> None:
    refused, sending = first_to_end(start(), start())
    out, err = refused.communicate(timeout=30)
    assert refused.returncode == 75, err
    assert out == ""
    assert "another run holds the ledger" in err
    assert "nothing was sent by this one" in err
    until(lambda: bool(server.posts))
    late = ready.run(*COMMAND)
    assert late.code == 75
    assert f"another run holds the ledger: process {sending.pid} on " in late.err
    assert "[ledger-busy]" in late.err
    assert "stopped" not in late.err
    server.released.set()
    out, err = sending.communicate(timeout=30)
    assert sending.returncode == 0, err
    assert json.loads(out)["totals"]["accepted"] == 20
    assert set(Counter(post.json["reference"] for post in server.posts).values()) == {1}
    assert len(server.posts) == 20
    again = ready.run(*COMMAND)
    assert (again.code, again.json["skipped"]) == (0, {"already-accepted": 20})


def test_while_one_sends_others_read_and_another_environment_sends(ready: Any, server: Any, start: Start) -> None:
    sending = start()
    until(lambda: bool(server.posts))
    status = ready.run("status", "--env", "test", "--format", "json")
    assert status.code == 0
    assert status.json["totals"]["in_doubt"] + status.json["totals"]["not_sent"] == 20
    plan = ready.run("plan", "hello.yaml", "--env", "test", "--format", "json")
    assert plan.code == 0
    assert plan.json["totals"]["recipients"] == 20
    sandbox = ready.run("send", "hello.yaml", "--yes", "--format", "json")
    assert sandbox.json["totals"]["accepted"] == 20, sandbox.err
    assert ready.run("reconcile", "--env", "test").code == 75
    server.released.set()
    _, err = sending.communicate(timeout=30)
    assert sending.returncode == 0, err
    assert len(server.posts) == 20
