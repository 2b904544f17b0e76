"""The texts that a command sends: the constant parts of its specs, and what its latest messages say.

An API may repeat in the answer to one message what another one said. A million texts are too many to keep, so the latest are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from threading import Lock

import orjson

from sendspec.provider.encoded_text import Span
from sendspec.provider.payload_strings import strings_in
from sendspec.provider.text_index import TextIndex

MAX_UNREAD_BYTES = 256 * 1024
"""Bytes of payloads kept unread: some 800 of 300 bytes. Each is read once, and only when an answer accepts nothing."""
MAX_INDEXED = 128 * 1024
"""Characters in an index of payloads. A full one is kept until the next is full too, so it takes twice that, some 8 MB."""


class SentTexts:
    """Shared by all senders of a command. `note` is cheap; the work is in `spans`, which only a suspicious answer needs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._constants = TextIndex()
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._latest, self._earlier = TextIndex(), TextIndex()

    def add_constants(self, texts: Iterable[str]) -> None:
        """Adds texts that every message may contain. They are never forgotten."""
        for text in texts:
            self._constants.add(text)

    def note(self, bodies: Sequence[bytes]) -> None:
        """Remembers the payloads of a request; the oldest ones are forgotten."""
        with self._lock:
            for body in bodies:
                self._unread.append(body)
                self._unread_bytes += len(body)
            while self._unread_bytes > MAX_UNREAD_BYTES:
                self._unread_bytes -= len(self._unread.popleft())

    def spans(self, text: str) -> list[Span]:
        """Where folded `text` repeats one of them, whole or in part."""
        with self._lock:
            self._read()
            indexes = (self._constants, self._latest, self._earlier)
            return [span for index in indexes for span in index.spans(text)]

    def _read(self) -> None:
        for body in self._unread:
            if self._latest.size > MAX_INDEXED:
                self._latest, self._earlier = TextIndex(), self._latest
            for text in strings_in(orjson.loads(body)):
                self._latest.add(text)
        self._unread.clear()
        self._unread_bytes = 0
