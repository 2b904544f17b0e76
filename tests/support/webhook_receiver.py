"""A webhook on this machine: keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def event(self) -> str:
        return str(json.loads(self.body)["event"])

    @property
    def payload(self) -> Any:
        return json.loads(self.body)["payload"]

    @property
    def said(self) -> str:
        """The event with its status or type."""
        return f"{self.event} {self.payload.get('type') or self.payload['status']}"


class WebhookReceiver:
    """`answers` are the statuses of the next requests, then 204; None hangs until the end."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int | None] = []
        self.hung = threading.Event()
        self.ended = threading.Event()

    @property
    def said(self) -> list[str]:
        return [each.said for each in self.received]


@contextmanager
def receiving() -> Iterator[tuple[WebhookReceiver, str]]:
    """A receiver, and its address without a path."""
    receiver = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Received(self.path, list(self.headers.items()), body))
            status = receiver.answers.pop(0) if receiver.answers else 204
            if status is None:
                receiver.hung.set()
                receiver.ended.wait(30)
                return
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Quiet: clients go away."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        receiver.ended.set()
        server.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which else looks up at its next poll
        server.shutdown()
        server.server_close()
        thread.join()
