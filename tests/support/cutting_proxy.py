"""A TCP proxy to a server on this machine that cuts or freezes connections at a chosen moment."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Forwards to `port`. `swallow_next` loses the server's next answer, and the connection with it; `cut` loses all connections now.

    While `is_frozen`, it forwards nothing, and nobody is told.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._answers_to_swallow = 0
        self._thawed = threading.Event()
        self._thawed.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow_next(self) -> None:
        self._answers_to_swallow = 1

    def freeze(self) -> None:
        self._thawed.clear()

    def thaw(self) -> None:
        self._thawed.set()

    def cut(self) -> None:
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        self.thaw()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._pairs.append((client, server))
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(
                    target=self._forward, args=(server, client), kwargs={"answers": True}, daemon=True
                ).start()

    def _forward(self, source: socket.socket, target: socket.socket, *, answers: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._thawed.wait()
                if answers and self._answers_to_swallow:
                    self._answers_to_swallow -= 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):  # the other direction may have ended it already
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def proxy_to(url: str) -> CuttingProxy:
    """A proxy to the tests' PostgreSQL server."""
    return CuttingProxy(int(url.rpartition(":")[2].partition("/")[0]))


def through(proxy: CuttingProxy) -> str:
    """The URL of that server behind a proxy."""
    return f"postgresql://tester@127.0.0.1:{proxy.port}/postgres"
