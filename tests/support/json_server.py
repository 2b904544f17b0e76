"""A loopback HTTP server for the harnesses: fast, and free to answer in ways that no library allows."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any


class JsonServer:
    """One thread a connection. A subclass answers whole responses as bytes, or None, which drops the connection."""

    def __init__(self) -> None:
        self._open = 0
        self._count_lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def answer_get(self, target: str) -> bytes | None:
        raise NotImplementedError

    def answer_post(self, body: dict[str, Any]) -> bytes | None:
        raise NotImplementedError

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait_until_idle(self) -> None:
        """Until everything that ended processes wrote was read."""
        quiet = 0
        while quiet < 3:
            time.sleep(0.005)
            quiet = quiet + 1 if self._open == 0 else 0

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._count_lock:
            self._open += 1
        try:
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline():
                    method, target, _ = line.split(b" ", 2)
                    length = 0
                    while (header := stream.readline()) not in (b"\r\n", b""):
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    body = stream.read(length)
                    if len(body) < length:
                        return
                    answer = (
                        self.answer_get(target.decode()) if method == b"GET" else self.answer_post(json.loads(body))
                    )
                    if answer is None:
                        return
                    connection.sendall(answer)
        except (OSError, ValueError):  # the client was killed, in the middle of a line perhaps
            return
        finally:
            with self._count_lock:
                self._open -= 1


def http_response(status: int, body: dict[str, Any], *more_headers: str) -> bytes:
    content = json.dumps(body).encode()
    head = "\r\n".join(
        [f"HTTP/1.1 {status} X", "Content-Type: application/json", *more_headers, f"Content-Length: {len(content)}"]
    )
    return head.encode() + b"\r\n\r\n" + content
