"""A local server that behaves like the documented API: POST a message or a batch, GET one, GET the list."""

from __future__ import annotations

import json
import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runner.composing.rules import one_content
from runner.reading.formats import is_date_time, is_uuid
from runner.reading.schema import Fault, load_schema
from runner.sandbox.answer import STATUSES, batch_json, error_json, faults_json, message_json, of_another, status_of
from runner.sandbox.fault import SandboxFault, striking
from runner.sandbox.store import Store, Stored
from runner.sending.batch import BATCH_MOST

BODY_MOST = 1_000_000
"""Of a message; a batch may have as much for each of its messages."""
LIMIT_USUAL, LIMIT_MOST = 10, 1_000
WINDOW_DAYS_MOST = 7

_MESSAGES = re.compile(r"/workspaces/([^/]+)/channels/([^/]+)/messages(?:/([^/]+))?")
_POSTED = re.compile(r"/workspaces/([^/]+)/channels/([^/]+)/(batch/)?messages")
_AUTHORIZATION = re.compile(r"(?:AccessKey|Bearer) [!-~]+")

Reply = tuple[int, Any, dict[str, str]]
"""Status, body as JSON, further headers."""


class Sandbox:
    """The API's state, without sockets. `per_second` None is no limit; beyond it a POST is answered with 429."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        *,
        per_second: int | None = None,
        faults: Sequence[SandboxFault] = (),
    ) -> None:
        self.store = store
        self._clock = clock
        self._per_second = per_second
        self._faults = faults
        self._lock = threading.Lock()
        self._posts = 0
        self._second = (0, 0)

    def next_post(self) -> list[SandboxFault]:
        """Counts a POST, and says which faults strike it."""
        with self._lock:
            self._posts += 1
            return striking(self._faults, self._posts)

    def _over_the_rate(self) -> bool:
        if self._per_second is None:
            return False
        with self._lock:
            second, count = self._second
            now = int(self._clock())
            self._second = (now, 1) if now != second else (second, count + 1)
            return self._second[1] > self._per_second

    def post(self, path: str, raw: bytes) -> Reply:
        """Takes a message, or a batch as a whole; or says why not."""
        match = _POSTED.fullmatch(path)
        missing = self._missing(match)
        if missing is not None or match is None:
            return missing or (404, error_json("NotFound", "The requested resource does not exist"), {})
        if self._over_the_rate():
            return 429, error_json("TooManyRequests", "Too many requests"), {"Retry-After": "1"}
        try:
            payload = json.loads(raw)
        except ValueError:
            return 400, error_json("BadRequest", "The request body is not JSON"), {}
        faults = _faults("batch" if match[3] else "message", payload)
        if faults:
            return 422, faults_json(faults), {}
        now = self._clock()
        messages = [(str(uuid.uuid4()), one) for one in _messages_in(payload)]
        batch = str(uuid.uuid4()) if match[3] else None
        stored = self.store.add(match[1], match[2], messages, now, batch)
        return 202, batch_json(batch, stored) if batch else message_json(stored[0], now), {}

    def get(self, target: str) -> Reply:
        """One message, or a page of them."""
        parts = urlsplit(target)
        if parts.path == "/_sandbox/messages":
            now = self._clock()
            return 200, {"results": [message_json(message, now) for message in self.store.all()]}, {}
        match = _MESSAGES.fullmatch(parts.path)
        missing = self._missing(match)
        if missing is not None or match is None:
            return missing or (404, error_json("NotFound", "The requested resource does not exist"), {})
        if match[3]:
            stored = self.store.get(match[1], match[2], match[3])
            if stored is None:
                return 404, error_json("NotFound", "The requested resource does not exist: message not found"), {}
            return 200, message_json(stored, self._clock()), {}
        return self._page(match[1], match[2], parse_qs(parts.query))

    def _missing(self, match: re.Match[str] | None) -> Reply | None:
        if match is None:
            return None
        for what, identity in (("workspace", match[1]), ("channel", match[2])):
            if not is_uuid(identity):
                return 404, error_json("NotFound", f"The requested resource does not exist: {what} not found"), {}
        return None

    def _page(self, workspace: str, channel: str, query: dict[str, list[str]]) -> Reply:
        """A page of the list, by the filters of the API's definition; names of lists may be written with `[]`."""
        one = {name: values[-1] for name, values in query.items()}
        to, statuses = (query.get(name, []) + query.get(f"{name}[]", []) for name in ("to", "status"))
        try:
            limit = int(one.get("limit", LIMIT_USUAL))
            after = int(one["pageToken"], 16) if "pageToken" in one else None
            since, until = (_seconds(one.get(name)) for name in ("startAt", "endAt"))
            if not 1 <= limit <= LIMIT_MOST:
                raise ValueError("limit")
            if one.get("reverse", "false") not in ("true", "false"):
                raise ValueError("reverse")
            if not STATUSES.issuperset(statuses):
                raise ValueError("status")
            if "batchId" in one and not is_uuid(one["batchId"]):
                raise ValueError("batchId")
        except ValueError as error:
            return 400, error_json("BadRequest", f"Bad request: {error}"), {}
        if since is not None and (until if until is not None else self._clock()) - since > WINDOW_DAYS_MOST * 86_400:
            return 400, error_json("BadRequest", "Bad request: Invalid time range to filter."), {}
        if one.get("direction") == "incoming":
            return 200, {"results": []}, {}
        now = self._clock()

        def shows(message: Stored) -> bool:
            return (not to or any(receiver in to for receiver in message.receivers)) and (
                not statuses or status_of(message, now) in statuses
            )

        found = self.store.page(
            workspace, channel, after=after, since=since, until=until, limit=limit + 1,
            batch=one.get("batchId"), reverse=one.get("reverse") == "true", shows=shows,
        )  # fmt: skip
        body: dict[str, Any] = {"results": [message_json(message, now) for message in found[:limit]]}
        if len(found) > limit:
            body["nextPageToken"] = f"{found[limit - 1].number:x}"
        return 200, body, {}


def _faults(schema_name: str, payload: Any) -> list[Fault]:
    """What is wrong with a message or a batch; what its shape allows and the API doesn't, once the shape is right."""
    schema = load_schema(schema_name)
    if not schema.accepts(payload):
        return schema.faults(payload)
    if schema_name == "message":
        return list(one_content(payload))
    return [
        replace(fault, at=("messageRequests", number, *fault.at))
        for number, message in enumerate(_messages_in(payload))
        for fault in one_content(message)
    ]


def _messages_in(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a body that is one, or a batch."""
    return list(payload.get("messageRequests", [payload]))


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not is_date_time(text):
        raise ValueError("Invalid time")
    return datetime.fromisoformat(text.upper()).timestamp()


class _Exchange(BaseHTTPRequestHandler):
    """One connection; the sandbox it speaks for is the server's."""

    protocol_version = "HTTP/1.1"
    server_version = "sendspec-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    sandbox: Sandbox
    released: threading.Event

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        most = BODY_MOST * BATCH_MOST if "/batch/" in self.path else BODY_MOST
        if not length.isdigit() or int(length) > most:
            self.close_connection = True
            self._write(
                413 if length.isdigit() else 411,
                error_json("BadRequest", "The length of the body is missing or too large"),
                {},
            )
            return
        raw = self.rfile.read(int(length))
        if not self._authorized():
            return
        for fault in self.sandbox.next_post():
            if fault.kind == "slow":
                self.released.wait(fault.milliseconds / 1_000)
            elif not self._struck(fault, raw):
                return
        status, body, headers = self.sandbox.post(urlsplit(self.path).path, raw)
        self._write(status, body, headers)

    def do_GET(self) -> None:
        if self._authorized():
            self._write(*self.sandbox.get(self.path))

    def _authorized(self) -> bool:
        if _AUTHORIZATION.fullmatch(self.headers.get("Authorization", "")):
            return True
        self._write(401, error_json("Unauthorized", "The access key is missing or not valid"), {})
        return False

    def _struck(self, fault: SandboxFault, raw: bytes) -> bool:
        """Lets a fault happen; False when the exchange is over with it."""
        path = urlsplit(self.path).path
        if fault.status is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            self._write(fault.status, error_json("Fault", "The sandbox was asked for this"), headers)
        elif fault.kind == "foreign-reference":
            status, body, headers = self.sandbox.post(path, raw)
            self._write(status, of_another(body) if status == 202 else body, headers)
        elif fault.kind == "html":
            self.sandbox.post(path, raw)
            self._raw(200, b"<html>please log in</html>", "text/html", {})
        else:
            if fault.kind != "drop-before":
                self.sandbox.post(path, raw)
            if fault.kind == "hang":
                self.released.wait(self.timeout)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        return False

    def _write(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self._raw(status, json.dumps(body, ensure_ascii=False).encode(), "application/json", headers)

    def _raw(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # the name is the standard library's
        """Nothing: what arrives may be somebody's number."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that goes away is no news."""


@contextmanager
def serving(sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves `sandbox` from a thread while the block runs; gives its address, such as `http://127.0.0.1:41234`."""
    released = threading.Event()
    exchange = type("Exchange", (_Exchange,), {"sandbox": sandbox, "released": released})
    server = _Server((host, port), exchange)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sandbox_at(path: Path | None, clock: Callable[[], float]) -> Iterator[str]:
    """The sandbox as a command starts it for itself: no faults, no limit, its messages kept at `path`."""
    store = Store(path)
    try:
        with serving(Sandbox(store, clock)) as url:
            yield url
    finally:
        store.close()
