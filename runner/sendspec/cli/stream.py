"""The standard streams, so that writing to them never fails: what can't be written is noted, and told at the end."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any, TextIO

NEAREST = "sendspec.nearest"
"""The error handler for characters that a stream's encoding lacks."""
_NEAREST = {"→": ">", "•": "*", "…": "~", "·": "-", "⚠": "!", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}  # fmt: skip
"""One ASCII character for each, so that columns stay."""
BUFFER_BYTES = 1 << 16


class HarmlessText(io.TextIOWrapper):
    """A standard stream as text: whatever goes through it does nothing to a terminal or to what reads a log. See `harmless`.

    `inked` is whether it gets colour.
    """

    inked = False

    def write(self, text: str, /) -> int:
        from sendspec.showing.harmless import Acting, harmless  # there already: see `use_standard_streams`

        super().write(text if isinstance(text, Acting) else harmless(text, inked=self.inked))
        return len(text)


class StandardStream(io.RawIOBase):
    """Writes to a descriptor until that fails once. `lost` is why it failed; from then on, nothing is written.

    `is_missed` is False where a command has no use for what was lost.
    """

    def __init__(self, descriptor: int, *, closed_before: bool) -> None:
        """`closed_before` is whether the process was started without this stream."""
        self._descriptor = descriptor
        self._closed_before = closed_before
        self.lost: OSError | None = None
        self.is_missed = True

    @property
    def reader_left(self) -> bool:
        """Whether what is lost is so because the reader went away, as `head` does when it has enough."""
        return isinstance(self.lost, BrokenPipeError)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, chunk: Any, /) -> int:
        rest = memoryview(chunk).cast("B")
        length = len(rest)
        if self._closed_before and self.lost is None:
            self.lost = OSError(errno.EBADF, os.strerror(errno.EBADF))
        while rest and self.lost is None:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever started this process made the pipe so
                self._wait()
            except OSError as error:
                self.lost = error
        return length

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()


def fill_standard_streams() -> set[int]:
    """Puts nothing in the place of standard streams that the process was started without; the numbers of those.

    Otherwise the next file that is opened, such as the ledger's lock, would take the place, and be written to as one.
    """
    filled = set()
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        filled.add(descriptor)
    os.close(descriptor)
    return filled


def use_standard_streams(filled: Collection[int] = ()) -> None:
    """Makes `sys.stdout` and `sys.stderr` streams whose writing never fails; `filled` are the numbers that were closed.

    What is read from `sys.stdin` as text is never refused for its encoding either.
    """
    import_module("sendspec.showing.harmless")  # now, not when memory has run out; `--help` alone would do without it
    codecs.register_error(NEAREST, _nearest)
    for number, name in ((1, "stdout"), (2, "stderr")):
        before: TextIO | None = getattr(sys, name)
        raw = StandardStream(number, closed_before=number in filled)
        encoding = "utf-8" if before is None else before.encoding
        buffer = io.BufferedWriter(raw, BUFFER_BYTES)
        setattr(sys, name, HarmlessText(buffer, encoding, NEAREST, line_buffering=number == 2 or raw.isatty()))
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def what_was_lost() -> str:
    """Why something that was written to standard output didn't arrive; empty where nothing is missed."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if not isinstance(raw, StandardStream) or raw.lost is None or not raw.is_missed:
        return ""
    return "the reader went away" if raw.reader_left else os.strerror(raw.lost.errno or 0).lower()


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_NEAREST.get(character, "?") for character in error.object[error.start : error.end]), error.end
