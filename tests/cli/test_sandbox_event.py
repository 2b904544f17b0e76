"""`sandbox event` as a command: into the project's own sandbox, or into one that runs."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from json_server import JsonServer
from sandbox_client import Clock, payload
from sendspec.cli.main import run
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Incoming, Store

STOP = ("sandbox", "event", "--from", "+447700900001", "--text", "STOP")
WORKSPACE, CHANNEL = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENDSPEC_SANDBOX_URL", raising=False)
    return tmp_path


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert load_schema("sandbox-event").problems(found) == []
    return found


def texts(path: Path) -> list[Incoming]:
    store = Store(path)
    found = store.incoming(WORKSPACE, CHANNEL)
    store.close()
    return found


def test_a_text_comes_into_the_projects_own_sandbox(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / ".sendspec" / "sandbox-api.db"
    assert run([*STOP, "--channel", "sms"]) == 0
    assert capsys.readouterr().out == "a text from +44••••••••01 came in: it opts out\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (folder / ".sendspec" / ".gitignore").read_text() == "*\n"
    store = Store(path)
    store.add(WORKSPACE, CHANNEL, [("a-message", payload(1))], 1.0)
    store.close()
    assert run([*STOP]) == 2  # a message of 1970 is forgotten, so no message went to the number
    store = Store(path)
    (first,) = store.incoming(WORKSPACE, CHANNEL)
    store.add(WORKSPACE, CHANNEL, [("the-message", payload(1))], first.created_at)
    store.close()
    said = document(capsys, *STOP)
    assert (said["environment"], said["keyword"], said["interaction"], said["answers"]) == (
        "sandbox", "out", "unsubscribe-request", "the-message",
    )  # fmt: skip
    assert [text.text for text in texts(path)] == ["STOP", "STOP"]


def test_a_text_comes_into_the_sandbox_that_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(None)
    with serving(Sandbox(store, Clock())) as url:
        monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
        assert run([*STOP]) == 2
        assert "no message in the sandbox went to this number" in capsys.readouterr().err
        store.add(WORKSPACE, CHANNEL, [("the-message", payload(1))], Clock().now)
        said = document(capsys, *STOP)
        assert (said["answers"], said["keyword"]) == ("the-message", "out")
        assert run(["-q", "sandbox", "event", "--from", "+447700900001", "--text", "Please stop"]) == 0
        assert "contains an opt-out keyword, which decides nothing; it replies to" in capsys.readouterr().out
        assert run(["sandbox", "event", "--from", "+31612345678", "--text", "Hi", "--channel", CHANNEL]) == 0
        assert "it has no keyword" in capsys.readouterr().out
    assert not (folder / ".sendspec").exists()
    store.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "07700900001", "--text", "x"), "'07•••••••01' is not a phone number"),
        (("--from", "+447700900001", "--text", ""), "a text has 1 to 2000 characters"),
        (("--from", "+447700900001"), "Missing option '--text'"),
        (("--text", "x"), "Missing option '--from'"),
    ],
)
def test_what_is_no_text_is_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(["sandbox", "event", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (folder / ".sendspec").exists()


@pytest.mark.parametrize("before", [("--port", "0"), ("--rate", "1"), ("--fault", "429")])
def test_an_option_of_the_server_is_not_ignored(
    folder: Path, capsys: pytest.CaptureFixture[str], before: tuple[str, str]
) -> None:
    assert run(["sandbox", *before, *STOP[1:]]) == 2
    assert f"{before[0]} is for the sandbox itself, not for 'event'" in capsys.readouterr().err


@pytest.mark.parametrize("before", [("--format", "json", "sandbox"), ("sandbox", "--format", "json")])
def test_common_flags_count_before_the_command_too(
    folder: Path, capsys: pytest.CaptureFixture[str], before: tuple[str, ...]
) -> None:
    assert run([*before, *STOP[1:], "--channel", "sms"]) == 0
    assert json.loads(capsys.readouterr().out)["keyword"] == "out"


class Answering(JsonServer):
    """Answers every POST alike."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__()
        written = json.dumps(body).encode()
        self._answer = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%b" % (status, len(written), written)

    def answer_post(self, body: dict[str, Any]) -> bytes:
        return self._answer


ANSWERS = [(200, {}), (500, {}), (202, []), (202, {"id": "x"}), (202, {"id": "x", "keyword": "maybe", "interaction": None, "answers": None})]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), ANSWERS)
def test_what_is_no_sandbox_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: int, body: Any
) -> None:
    server = Answering(status, body)
    monkeypatch.setenv("SENDSPEC_SANDBOX_URL", f"http://127.0.0.1:{server.port}")
    assert run([*STOP]) == 2
    server.close()
    assert "no sandbox answers at" in capsys.readouterr().err
