"""The line on a terminal that says how far a long send has got before its first message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.listener import Preparation
from sendspec.showing.live_lines import LiveLines
from sendspec.showing.progress import LIVE_SECONDS

SILENT_SECONDS = 0.5
"""Work that is done sooner shows no line."""


class PreparationLine:
    """A line that rewrites itself. `size` is the terminal's present width and height; `now` is in monotonic seconds."""

    def __init__(self, stream: TextIO, *, size: Callable[[], tuple[int, int]], now: float) -> None:
        self._lines = LiveLines(stream, size)
        self._next = now + SILENT_SECONDS

    def show(self, preparation: Preparation, now: float) -> None:
        """Shows `preparation`, unless the last time was a moment ago."""
        if now >= self._next:
            self._next = now + LIVE_SECONDS
            self._lines.draw([preparation_words(preparation)])

    def clear(self) -> None:
        """Erases the line, so that further output begins on an empty one."""
        self._lines.clear()


def preparation_words(preparation: Preparation) -> str:
    """`order-shipped: 120 000 rows checked`, `order-shipped: 40 000 of 1 000 000 messages written into the ledger`."""
    name, done, total = printable(preparation.name), preparation.done, preparation.total
    if total is None:
        return f"{name}: {counted(done, 'row')} checked"
    return f"{name}: {grouped(done)} of {counted(total, 'message')} written into the ledger"
