"""A connection pool in front of PostgreSQL, as far as the ledger can notice one: in session mode, or in transaction mode."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain

STARTUP = struct.Struct("!II")
PROTOCOL = 196608
NO_STARTUP = (80877103, 80877104)
"""Requests for TLS and for GSSAPI, which come before the startup message."""
AUTHENTICATED = b"R" + struct.pack("!II", 8, 0)
OWN_KEY = b"K" + struct.pack("!III", 12, 7, 7)
"""Process and secret as the pool gives them to a client: its own, not the server's."""
READY = b"Z" + struct.pack("!I", 5) + b"I"


class ServerSession:
    """A session of the pool at the server. `greeting` is what the server said of itself; `taken` while a client uses it."""

    def __init__(self, port: int) -> None:
        self.taken = threading.Lock()
        self.socket = socket.create_connection(("127.0.0.1", port))
        words = b"user\0tester\0database\0postgres\0\0"
        self.socket.sendall(STARTUP.pack(8 + len(words), PROTOCOL) + words)
        self.greeting = b"".join(message for message in answer(self.socket) if message[:1] == b"S")

    def transact(self, first: bytes, requests: Iterator[bytes], client: socket.socket) -> None:
        """Passes on what a client asks and what the server answers, until no transaction is open."""
        for request in chain([first], requests):
            self.socket.sendall(request)
            if request[:1] in (b"Q", b"S"):
                answered = list(answer(self.socket))
                client.sendall(b"".join(answered))
                if answered[-1][-1:] == b"I":
                    return


class SessionPool:
    """Listens on `port`. With `shares`, all clients use one session, a transaction each; else each client has its own, of `size` at most:
    who asks for one more waits until another has left. `crowded`: others take the shared session before a second client gets it.
    """

    def __init__(self, server_port: int, *, shares: bool, size: int = 100, crowded: bool = False) -> None:
        self._clients = 0
        self._crowded = crowded
        self._server_port = server_port
        self._free = threading.Semaphore(size)
        self._shared = ServerSession(server_port) if shares else None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        if self._shared is not None:
            self._shared.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        greeter = self._shared or ServerSession(self._server_port)
        with closing(client), suppress(OSError):
            while STARTUP.unpack(received(client, 8))[1] in NO_STARTUP:
                client.sendall(b"N")
            client.recv(4096)
            client.sendall(AUTHENTICATED + greeter.greeting + OWN_KEY + READY)
            requests = messages(client)
            self._clients += 1
            if self._shared is not None:
                if self._crowded and self._clients == 2:
                    self._shared.taken.acquire()
                self._pass_on(self._shared, requests, client)
                return
            for first in requests:
                with self._free:
                    self._pass_on(greeter, chain([first], requests), client)
            greeter.socket.close()

    @staticmethod
    def _pass_on(server: ServerSession, requests: Iterator[bytes], client: socket.socket) -> None:
        for request in requests:
            if request[:1] == b"X":
                break
            with server.taken:
                server.transact(request, requests, client)


def messages(peer: socket.socket) -> Iterator[bytes]:
    """The messages that a peer sends, until it closes the connection."""
    with suppress(ConnectionError):
        while True:
            head = received(peer, 5)
            yield head + received(peer, struct.unpack("!I", head[1:])[0] - 4)


def answer(server: socket.socket) -> Iterator[bytes]:
    """The messages of a server up to the one that says that it is ready."""
    for message in messages(server):
        yield message
        if message[:1] == b"Z":
            return


def received(peer: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        block = peer.recv(size - len(found))
        if not block:
            raise ConnectionResetError
        found += block
    return found
