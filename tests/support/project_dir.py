"""What tests from outside share: a project on disk, the command in a process of its own, a server that counts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from warm_process import Order, StartedCommand, is_plain, run_warm, warm_process

WORKSPACE = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01"
CHANNEL = "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"
SECRET = "canary-9f3b1c7e5d2a"
MADE_LEDGER = ".sendspec/test.db"
LEDGER_FILES = ("sendspec.lock", MADE_LEDGER, f"{MADE_LEDGER}.epoch", f"{MADE_LEDGER}.lock", ".sendspec/.gitignore")
"""What `ledger init` makes."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server does with one POST: an answer, or `drop` the connection, or `hang` on it.

    `taken` says whether it accepted the message, whatever it answers; None: where it answers 202.
    """

    status: int = 202
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    taken: bool | None = None


class CountingServer:
    """Records every request; `decide(n, request)` says what becomes of the nth POST (from 1).

    `taken` are the messages that it accepted, as its list shows them; `listing` answers a GET in another way.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.taken: list[dict[str, Any]] = []
        self.decide: Callable[[int, Request], Answer] = lambda number, request: Answer()
        self.listing: Callable[[Request], Answer] = lambda request: self.page(self.taken)
        self._lock = threading.Lock()
        self.released = threading.Event()
        server = self

        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request("POST", self.path, dict(self.headers), body)
                with server._lock:
                    server.requests.append(request)
                    number = len(server.posts)
                server._reply(self, server.decide(number, request), request)

            def do_GET(self) -> None:
                request = Request("GET", self.path, dict(self.headers), b"")
                with server._lock:
                    server.requests.append(request)
                    answer = server.listing(request)
                server._write(self, answer.status, answer.body or b"{}", answer.headers)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    @staticmethod
    def page(messages: list[dict[str, Any]], next_token: str | None = None) -> Answer:
        """A page of the list, as the API documents it."""
        page = {"results": messages, **({} if next_token is None else {"nextPageToken": next_token})}
        return Answer(200, json.dumps(page).encode())

    def _reply(self, exchange: BaseHTTPRequestHandler, answer: Answer, request: Request) -> None:
        is_batch = "messageRequests" in request.json
        message = {} if is_batch else listed(request)  # a batch gets its answer from the test, and isn't listed
        taken = answer.status == 202 and not answer.drop and not answer.hang if answer.taken is None else answer.taken
        if taken and not is_batch:
            with self._lock:
                self.taken.append(message)
        if answer.hang:
            self.released.wait(60)
        if answer.hang or answer.drop:
            exchange.close_connection = True
            exchange.connection.shutdown(socket.SHUT_RDWR)
            return
        body = json.dumps(message).encode() if answer.body is None else answer.body
        self._write(exchange, answer.status, body, answer.headers)

    @staticmethod
    def _write(exchange: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        (exchange.send_response_only if "Date" in headers else exchange.send_response)(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            exchange.send_header(name, value)
        exchange.end_headers()
        exchange.wfile.write(body)

    @property
    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    def close(self) -> None:
        self.released.set()
        self._http.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which else looks up at its next poll
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def listed(request: Request) -> dict[str, Any]:
    """A message as the API answers with it and lists it, cut down to what a client reads."""
    payload = request.json
    return {
        "id": str(uuid.uuid4()),
        "status": "accepted",
        "reference": payload.get("reference"),
        "receiver": payload["receiver"],
        "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


@pytest.fixture
def server() -> Iterator[CountingServer]:
    counting = CountingServer()
    yield counting
    counting.close()


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class ProjectDir:
    """A folder with a project in it, and the command run there as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {}

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "sendspec", *arguments]

    def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        timeout: float = 60,
        started: Callable[[int], None] | None = None,
        script: str | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> Done:
        """Runs the command to its end.

        It is alone in its process if `started` is to be told the process's id, if a `script` runs it, or if the process has `limits`: see
        `Order`. That takes a plain environment.
        """
        environ = {**os.environ, **self.environ}
        alone = started is not None or script is not None or limits is not None
        if is_plain(environ):
            order = Order(list(arguments), str(self.folder), environ, alone, script, dict(limits or {}))
            done = Done(*run_warm(order, stdin or "", timeout, started))
        else:
            assert not alone
            ended = subprocess.run(
                self.command(*arguments), cwd=self.folder, env=environ, input=stdin or "", capture_output=True, text=True,
                timeout=timeout, check=False,
            )  # fmt: skip
            done = Done(ended.returncode, ended.stdout, ended.stderr)
        assert "Traceback" not in done.err, done.err
        assert SECRET not in done.out + done.err
        return done

    def started(
        self, *arguments: str, script: str | None = None, stdout: int | None = None, stderr: int | None = None
    ) -> StartedCommand:
        """The command, alone in its process, while it runs; with a `script`, that is run, and has to run it.

        `stdout` and `stderr` are descriptors to write to instead of keeping what is written.
        """
        environ = {**os.environ, **self.environ}
        assert is_plain(environ), "its process would not be as a new one"
        order = Order(list(arguments), str(self.folder), environ, alone=True, script=script)
        return StartedCommand(warm_process().fork(), order, stdout=stdout, stderr=stderr)


@pytest.fixture
def project_dir(tmp_path: Path) -> ProjectDir:
    return ProjectDir(tmp_path)


@pytest.fixture
def project(project_dir: ProjectDir, server: CountingServer) -> ProjectDir:
    return sending_project(project_dir, server)


def sending_project(project_dir: ProjectDir, server: CountingServer, ledger: str = MADE_LEDGER) -> ProjectDir:
    """A project whose environment `test` sends to the counting server, with a ledger made. `ledger` is its file, or how a project says it."""
    setting = ledger if ledger.startswith("{") else f"{{file: {ledger}}}"
    project_dir.write(
        "sendspec.yaml",
        f"""environments:
  test:
    api_url: {server.url}
    access_key: {{env: TEST_KEY}}
    ledger: {setting}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 2}}
""",
    )
    project_dir.environ["TEST_KEY"] = SECRET
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if ledger != MADE_LEDGER or _made.test == test:  # two projects of one test have ledgers of their own
        _make_ledger(project_dir)
        return project_dir
    _made.test = test
    if not _made.files:
        _make_ledger(project_dir)
        _made.files = {name: (project_dir.folder / name).read_bytes() for name in LEDGER_FILES}
        return project_dir
    (project_dir.folder / ".sendspec").mkdir(mode=0o700)
    for name, content in _made.files.items():
        path = project_dir.write(name, content)
        if name != "sendspec.lock":
            path.chmod(0o600)
    return project_dir


def _make_ledger(project_dir: ProjectDir) -> None:
    made = project_dir.run("ledger", "init", "--env", "test")
    assert made.code == 0, made.err


class _MadeLedger:
    """The files of the first ledger that was made here, and the last test that got a copy of them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.test: str | None = None


_made = _MadeLedger()


def numbers(count: int, start: int = 0) -> str:
    """A CSV of `count` people."""
    rows = [f"+4477009{n:05d},Person {n},A{n}" for n in range(start, start + count)]
    return "\n".join(["phone,first_name,order_id", *rows]) + "\n"


SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}, order {{ order_id }} is on its way."}}
"""
