"""`sandbox wait` as a command: what is there already counts, what comes meanwhile too, and too few is exit code 3."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from json_server import JsonServer
from sandbox_client import CHANNEL, WORKSPACE, payload
from sendspec.cli.main import run
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.sandbox_answer import sandbox_answer
from sendspec.operations.sandbox_wait import ArrivalReport, WaitRequest, wait_for_arrivals
from sendspec.operations.system import real_system
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.api_url import Api, parse_api_url
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.arrived import Wanted
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store
from sendspec.showing.sandbox_wait import MAX_LISTED, arrivals_text

MAIL: dict[str, Any] = {
    "receiver": {"contacts": [{"identifierKey": "emailaddress", "identifierValue": "Zoe@example.com"}]},
    "body": {"type": "html", "html": {"text": "plain", "html": "<b>fat</b>", "metadata": {"subject": "Spring"}}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENDSPEC_SANDBOX_URL", raising=False)
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    (folder / ".sendspec").mkdir(mode=0o700)
    store = Store(folder / ".sendspec" / "sandbox-api.db")
    yield store
    store.close()


def text(words: str, n: int = 1) -> dict[str, Any]:
    return payload(n, body={"type": "text", "text": {"text": words}})


def put(store: Store, *payloads: dict[str, Any]) -> None:
    start = len(store.all())
    store.add(WORKSPACE, CHANNEL, [(f"id-{start + n}", each) for n, each in enumerate(payloads)], 1_800_000_000.0)


def waited(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> Any:
    assert run(["sandbox", "wait", *arguments, "--format", "json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert load_schema("sandbox-wait").problems(found) == []
    return found


def test_what_is_there_already_counts(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put(store, text("Your order has shipped"), text("It’s shipped", 2), text("Hello", 3), MAIL)
    said = waited(capsys, 0, "--contains", "shipped", "--count", "2")
    assert [(each["text"], each["encoding"], each["segments"]) for each in said["messages"]] == [
        ("Your order has shipped", "GSM-7", 1), ("It’s shipped", "UCS-2", 1),
    ]  # fmt: skip
    assert (said["found"], said["total"], said["instead"]) == (2, 4, [])
    assert said["messages"][0]["to"] == ["+447700900001"]
    assert run(["sandbox", "wait", "--contains", "shipped"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("2 messages with 'shipped' arrived, 1 asked for\n")
    assert "  +44••••••01  accepted  GSM-7 1 segment  Your order has shipped\n" in shown
    assert "+447700900001" not in shown


def test_of_many_it_says_that_it_shows_the_newest(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put(store, *(text(f"number {n}", n) for n in range(MAX_LISTED)))
    assert run(["sandbox", "wait"]) == 0
    assert capsys.readouterr().out.startswith("20 messages arrived, 1 asked for\n")
    put(store, text("one more"))
    assert run(["sandbox", "wait"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("21 messages arrived, 1 asked for; the newest 20:\n")
    assert "number 0" not in shown


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--to", "+447700900002"), 1), (("--to", "zoe@EXAMPLE.com"), 1), (("--contains", "Spring"), 1), (("--contains", "<b>fat"), 1),
        (("--contains", "shipped", "--to", "+447700900003"), 0), (("--contains", "Shipped"), 0), (("--contains", "html"), 0),
        (("--contains", ""), 4), ((), 4), (("--contains", "shipped", "--new"), 0),
    ],
)  # fmt: skip
def test_text_and_address_choose(
    store: Store, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], found: int
) -> None:
    put(store, text("Your order has shipped"), text("It’s shipped", 2), text("Hello", 3), MAIL)
    assert waited(capsys, 0 if found else 3, *arguments, "--timeout", "0")["found"] == found


def test_too_few_is_exit_code_3_and_what_there_was_instead_is_shown(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "wait", "--contains", "x", "--timeout", "0s"]) == 3
    assert capsys.readouterr().out.endswith("the sandbox has no message at all\n")
    put(store, text("one"), text("two \u202e +447700900009", 2), MAIL)
    assert run(["sandbox", "wait", "--contains", "one", "--count", "2", "--timeout", "0"]) == 3
    shown = capsys.readouterr().out
    assert shown.startswith("1 message with 'one' arrived, 2 asked for, after ")
    assert "instead, the newest of 3 messages in the sandbox:\n" in shown
    assert "two \\u202e +44••••••••09\n" in shown
    said = waited(capsys, 3, "--contains", "one", "--count", "2", "--timeout", "0")
    assert [each["id"] for each in said["instead"]] == ["id-2", "id-1"]
    assert said["instead"][0]["text"] == "plain"


def test_it_looks_into_the_sandbox_that_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Store(None)
    with serving(Sandbox(inside, lambda: 1_800_000_000.0)) as url:
        monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
        put(inside, text("a & b = c"), text("else", 2))
        said = waited(capsys, 0, "--contains", "a & b = c", "--timeout", "0")
        assert (said["found"], said["total"], said["messages"][0]["status"]) == (1, 2, "accepted")
    inside.close()
    assert not (folder / ".sendspec").exists()


def test_what_was_lost_with_the_file_of_the_sandbox_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "messages.db"
    inside = Store(path, lambda: 1_800_000_000.0)
    with serving(Sandbox(inside, lambda: 1_800_000_000.0)) as url:
        monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
        put(inside, text("one"))
        assert waited(capsys, 0)["lost_at"] is None
        path.unlink()
        put(inside, text("two"))
        said = waited(capsys, 0)
        assert ([each["text"] for each in said["messages"]], said["lost_at"]) == (["two"], "2027-01-15T08:00:00.000Z")
        assert run(["sandbox", "wait"]) == 0
        assert (
            "at 2027-01-15T08:00:00.000Z the file with the sandbox's messages had been removed"
            in capsys.readouterr().out
        )
    inside.close()


class Meanwhile:
    """A context whose clock does something at each pause instead of waiting."""

    def __init__(self, *does: Callable[[], object]) -> None:
        self.now = 0.0
        self.does = list(does)
        system = real_system("sandbox wait")
        clock = replace(system.clock, monotonic=lambda: self.now, sleep=self.pause)
        found = open_context((), "sandbox", Problems(), replace(system, clock=clock))
        assert found is not None
        self.context: ProjectContext = found

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.does:
            self.does.pop(0)()

    def wait(self, count: int = 1, *, only_new: bool = False) -> int:
        return len(self.report(count, only_new=only_new).found)

    def report(self, count: int, *, only_new: bool = False) -> ArrivalReport:
        request = WaitRequest(wanted=Wanted(contains="x"), count=count, timeout_seconds=5.0, only_new=only_new)
        return wait_for_arrivals(self.context, request)


def test_what_comes_while_it_waits_counts_and_with_new_only_that(store: Store) -> None:
    put(store, text("x"))
    waiting = Meanwhile(lambda: put(store, text("y")), lambda: put(store, text("x")))
    assert waiting.wait(2) == 2
    assert waiting.now < 1
    assert Meanwhile(lambda: put(store, text("x"), text("x"))).wait(2, only_new=True) == 2
    short = Meanwhile()
    assert short.wait(9) == 4
    assert short.now == 5.0
    shown = arrivals_text(Meanwhile().report(9))
    assert shown.startswith("4 messages with 'x' arrived, 9 asked for, after 5.0 s\n")


def test_a_sandbox_that_is_still_starting_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Store(None)
    put(inside, text("x"))
    server = serving(Sandbox(inside, lambda: 1_800_000_000.0))
    url = server.__enter__()
    port = int(url.rpartition(":")[2])
    server.__exit__(None, None, None)
    monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
    later = serving(Sandbox(inside, lambda: 1_800_000_000.0), port=port)
    waiting = Meanwhile(lambda: later.__enter__(), lambda: put(inside, text("x")))
    assert waiting.wait(only_new=True) == 1
    later.__exit__(None, None, None)
    with pytest.raises(WrongUsage, match="no sandbox answers at"):
        Meanwhile().wait()
    inside.close()


class Other(JsonServer):
    """Answers as no sandbox does."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        written = json.dumps(body).encode()
        self._answer = b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%b" % (len(written), written)

    def answer_get(self, path: str) -> bytes:
        return self._answer


@pytest.mark.parametrize("body", [[], {}, {"results": 3}, {"results": [{"id": 1}]}, {"results": [3]}])
def test_what_is_no_sandbox_is_told(
    folder: Path, body: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Other(body)
    monkeypatch.setenv("SENDSPEC_SANDBOX_URL", f"http://127.0.0.1:{server.port}")
    assert run(["sandbox", "wait", "--timeout", "0"]) == 2
    server.close()
    assert capsys.readouterr().err.startswith("Error: no sandbox answers at")


@pytest.mark.parametrize(
    "arguments", [("--to", "07700 900001"), ("--count", "0"), ("--timeout", "soon"), ("--timeout", "-1")]
)
def test_what_can_not_be_waited_for_is_wrong_usage(
    folder: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "wait", *arguments]) == 2
    assert "7700 900001" not in capsys.readouterr().err
    assert not (folder / ".sendspec").exists()


@pytest.mark.parametrize(
    ("body", "begin"), [(None, b"\r\n\r\n{"), (None, b"\r\nX-Long: "), ({"from": "x"}, b"\r\n\r\n{")]
)
def test_an_answer_that_trickles_in_is_waited_for_no_longer_than_one_that_does_not_come(
    body: Any, begin: bytes
) -> None:
    listener, written = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000" + begin)
            while not written.wait(0.02):
                connection.sendall(b" ")

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    api = parse_api_url(f"http://127.0.0.1:{listener.getsockname()[1]}", None)
    assert isinstance(api, Api)
    assert sandbox_answer(api, "/", 0.2, body) is None
    written.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("url", ["https://127.0.0.1:8080", "http://192.0.2.1:8080", "127.0.0.1:8080"])
def test_only_an_http_address_on_this_machine_is_a_sandboxs(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
    assert run(["sandbox", "wait", "--timeout", "0"]) == 2
    assert "has to be an http address on this machine" in capsys.readouterr().err
