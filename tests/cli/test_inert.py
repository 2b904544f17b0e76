"""A plan is inert: it opens no socket, starts no process and reads no key, even where all three would answer."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from project_dir import Done

WATCH = """
import sys
FORBIDDEN = ("socket.", "subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec")
def watch(event, arguments):
    if event.startswith(FORBIDDEN) or (event == "open" and str(arguments[0]).endswith("key.txt")):
        sys.stderr.write(f"TOUCHED {event}\\n")
        sys.stderr.flush()
sys.addaudithook(watch)
from sendspec.cli.main import main
main(sys.argv[1:])
"""


def watched(project_dir: Any, *arguments: str, is_new: bool = False) -> Any:
    """A command under watch: in a fork that has everything imported, or in a new process."""
    if not is_new:
        return project_dir.run(*arguments, script=WATCH)
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], cwd=project_dir.folder, env={**os.environ, **project_dir.environ},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=["{file: key.txt}", "{command: [cat, key.txt]}"])
def with_key(request: pytest.FixtureRequest, project: Any, helpers: Any) -> Any:
    key = project.write("key.txt", helpers.SECRET + "\n")
    key.chmod(0o600)
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text.replace("{env: TEST_KEY}", request.param))
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(30))
    return project


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "hello.yaml", "--env", "test"),
        ("send", "hello.yaml", "--env", "test", "--dry-run"),
        ("send", "hello.yaml", "--env", "test", "--dry-run", "--yes"),
        ("validate", "hello.yaml", "--env", "test"),
        ("render", "hello.yaml", "--env", "test"),
        ("test", "hello.yaml", "--env", "test"),
        ("status", "--env", "test"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_nothing_is_touched(with_key: Any, server: Any, arguments: tuple[str, ...]) -> None:
    done = watched(with_key, *arguments, is_new=arguments[0] == "plan")
    assert done.code == 0, done.err
    assert "TOUCHED" not in done.err
    assert server.requests == []


def test_the_watch_sees_what_a_send_touches(with_key: Any, server: Any) -> None:
    done = watched(with_key, "send", "hello.yaml", "--env", "test", "--yes")
    assert done.code == 0, done.err
    assert "TOUCHED socket.connect" in done.err
    assert "TOUCHED open" in done.err or "TOUCHED subprocess.Popen" in done.err
    assert len(server.posts) == 30


def test_a_dry_run_says_the_same_as_a_plan(with_key: Any) -> None:
    planned = with_key.run("plan", "hello.yaml", "--env", "test", "--format", "json")
    dry = with_key.run("send", "hello.yaml", "--env", "test", "--dry-run", "--format", "json")
    assert planned.json == dry.json
    assert planned.json["totals"] == {"recipients": 30, "send": 30, "skip": 0}
