"""A server that accepts every message, in a process of its own: for delays, for exact arrival times, and where nginx is missing.

One thread over raw sockets; a request is looked at with `bytes.find` alone. It prints its port, serves until its standard
input ends, then prints the moments (CLOCK_MONOTONIC, which processes share) at which messages arrived.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import time
from collections import deque

LISTED = b'{"results":[],"nextPageToken":null}'
ACCEPTED = b'{"id":"%08x-0000-4000-8000-000000000000","status":"accepted","reference":"%b"}'


class Server:
    """`delay` seconds lie between a request's last byte and its answer."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._poll = select.epoll()
        self._socket_by_number: dict[int, socket.socket] = {}
        self._rest_by_number: dict[int, bytes] = {}
        self._due: deque[tuple[float, int, bytes]] = deque()
        self.arrivals: list[float] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def serve(self, until_readable: int) -> None:
        """Serves until the descriptor has something to read, as one whose other end was closed has."""
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(until_readable, select.EPOLLIN)
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else -1
            for number, _ in self._poll.poll(wait):
                if number == until_readable:
                    return
                if number == self._listener.fileno():
                    self._accept()
                else:
                    self._read(number)
            self._answer_due()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = connection.fileno()
        self._socket_by_number[number] = connection
        self._rest_by_number[number] = b""
        self._poll.register(number, select.EPOLLIN)

    def _read(self, number: int) -> None:
        try:
            chunk = self._socket_by_number[number].recv(65_536)
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self._poll.unregister(number)
            self._socket_by_number.pop(number).close()
            return
        rest = self._rest_by_number[number] + chunk
        while (taken := _one_request(rest)) is not None:
            head, body, rest = taken
            self._take(number, head, body)
        self._rest_by_number[number] = rest

    def _take(self, number: int, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            self._answer(number, _answer(b"200 OK", LISTED))
            return
        now = time.monotonic()
        self.arrivals.append(now)
        answer = _answer(b"202 Accepted", ACCEPTED % (len(self.arrivals), _reference(body)))
        if self._delay:
            self._due.append((now + self._delay, number, answer))
        else:
            self._answer(number, answer)

    def _answer_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, number, answer = self._due.popleft()
            self._answer(number, answer)

    def _answer(self, number: int, answer: bytes) -> None:
        if number in self._socket_by_number:
            self._socket_by_number[number].sendall(answer)


def _one_request(rest: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Head, body and what comes after them, once a request is whole."""
    end = rest.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = rest[:end]
    at = head.lower().find(b"\r\ncontent-length:")
    length = 0 if at < 0 else int(head[at + 17 :].split(b"\r\n", 1)[0])
    stop = end + 4 + length
    return None if len(rest) < stop else (head, rest[end + 4 : stop], rest[stop:])


def _reference(body: bytes) -> bytes:
    begin = body.find(b'"', body.find(b":", body.find(b'"reference"'))) + 1
    return body[begin : body.find(b'"', begin)]


def _answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    server = Server(parser.parse_args().delay)
    print(server.port, flush=True)
    server.serve(0)
    print(json.dumps(server.arrivals), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
