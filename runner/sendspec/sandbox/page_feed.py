"""Tells open pages, by server-sent events, that there is something new. They fetch it themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_STREAMS = 16
HEARTBEAT_SECONDS = 10.0
"""How often something is written, so that a closed page is noticed, and so is a server that is gone."""
EVENT_STREAM = "text/event-stream; charset=utf-8"
FULL = b"event: full\ndata: full\n\n"
"""What a page gets for which there is no stream: of a status, its script would not be told."""


class PageFeed:
    """A version that is raised with each change. A slow page may miss versions, never the newest."""

    def __init__(self) -> None:
        self._changing = threading.Condition()
        self._version = 0
        self._is_over = False
        self._streams = 0

    @property
    def version(self) -> int:
        return self._version

    def changed(self) -> None:
        with self._changing:
            self._version += 1
            self._changing.notify_all()

    def end(self) -> None:
        """Pages are told that nothing follows, and their streams end."""
        with self._changing:
            self._is_over = True
            self._changing.notify_all()

    @contextmanager
    def stream(self) -> Iterator[bool]:
        """Counts a stream while the block runs. Yields False where there are too many."""
        with self._changing:
            has_room = self._streams < MAX_STREAMS
            self._streams += has_room
        try:
            yield has_room
        finally:
            with self._changing:
                self._streams -= has_room

    def write_to(self, write: Callable[[bytes], object], heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        """Writes events until the feed ends or `write` raises `OSError`: the present version at once, then each change."""
        written = -1
        while True:
            version = self._next(written, heartbeat_seconds)
            if version is None:
                write(b"event: ended\ndata: ended\n\n")
                return
            write(b": still here\n\n" if version == written else f"event: changed\ndata: {version}\n\n".encode())
            written = version

    def _next(self, written: int, seconds: float) -> int | None:
        """The version, as soon as it isn't `written` any more or the seconds are over; None at the end."""
        with self._changing:
            self._changing.wait_for(lambda: self._is_over or self._version != written, seconds)
            return None if self._is_over else self._version
