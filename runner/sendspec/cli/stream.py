"""Standard streams that never fail on writing: a failure is noted and reported at the end."""

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
_NEAREST = {"→": ">", "•": "*", "…": "~", "·": "-", "⟨": "<", "⟩": ">", "⏎": "|", "×": "x", "⚠": "!", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}  # fmt: skip
"""One ASCII character for each, so that columns don't shift. Any other is escaped: a `?` would look like part of a text."""
BUFFER_BYTES = 1 << 16


class SanitizedText(io.TextIOWrapper):
    """A standard stream as text, sanitized for terminals and log readers: see `sanitized`.

    `coloured` is whether styled text keeps its style. `columns` is the width that lines are wrapped to; None: they never are.
    """

    coloured = False
    columns: int | None = None

    def write(self, text: str, /) -> int:
        from sendspec.showing.sanitized_text import ControlText, sanitized  # loaded already: see `use_standard_streams`

        if isinstance(text, ControlText):
            super().write(text)
        else:
            super().write(self._fitted(sanitized(text, coloured=self.coloured)))
        return len(text)

    def _fitted(self, text: str) -> str:
        if self.columns is None or len(text) <= self.columns:
            return text
        from sendspec.showing.wrapped_text import wrapped  # for terminals alone

        return wrapped(text, self.columns)


class StandardStream(io.RawIOBase):
    """Writes to a descriptor until the first failure, which `lost` holds; from then on it writes nothing.

    `is_missed` is False if the command does without what was lost.
    """

    def __init__(self, descriptor: int, *, closed_before: bool) -> None:
        """`closed_before` is whether the process was started without this stream."""
        self._descriptor = descriptor
        self._closed_before = closed_before
        self.lost: OSError | None = None
        self.is_missed = True

    @property
    def reader_left(self) -> bool:
        """Whether the reader went away, as `head` does when it has enough."""
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
            except BlockingIOError:  # the parent process made the pipe non-blocking
                self._wait()
            except OSError as error:
                self.lost = error
        return length

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()


def fill_standard_streams() -> set[int]:
    """Opens /dev/null for standard streams that the process was started without. Returns their numbers.

    Otherwise the next file to be opened, such as the ledger's lock, would get such a number and be written to as a stream.
    """
    filled = set()
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        filled.add(descriptor)
    os.close(descriptor)
    return filled


def use_standard_streams(filled: Collection[int] = ()) -> None:
    """Makes `sys.stdout` and `sys.stderr` streams whose writing never fails; `filled` are the numbers that were closed.

    Reading text from `sys.stdin` never fails for its encoding either.
    """
    import_module("sendspec.showing.sanitized_text")  # loaded now, because memory may run out later
    codecs.register_error(NEAREST, nearest)
    for number, name in ((1, "stdout"), (2, "stderr")):
        before: TextIO | None = getattr(sys, name)
        raw = StandardStream(number, closed_before=number in filled)
        encoding = "utf-8" if before is None else before.encoding
        buffer = io.BufferedWriter(raw, BUFFER_BYTES)
        stream = SanitizedText(buffer, encoding, NEAREST, line_buffering=number == 2 or raw.isatty())
        stream.columns = terminal_columns(raw)
        setattr(sys, name, stream)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def terminal_columns(stream: io.RawIOBase) -> int | None:
    """The width of the terminal that the stream is; None for anything else, and for a terminal that doesn't say."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def what_was_lost(*, even_if_left: bool) -> str:
    """Why output to standard output was lost; empty if nothing is missed. `even_if_left`: nor may a reader go away."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if not isinstance(raw, StandardStream) or raw.lost is None or not raw.is_missed:
        return ""
    if raw.reader_left and not even_if_left:
        return ""
    return "the reader went away" if raw.reader_left else os.strerror(raw.lost.errno or 0).lower()


def refuse_lost_result() -> None:
    """Raises `ResultUnwritable` if output to standard output was lost, unless its reader went away: that one had enough."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if not isinstance(raw, StandardStream) or raw.lost is None or raw.reader_left or not raw.is_missed:
        return
    from sendspec.diagnostics.exceptions import ResultUnwritable  # for a failure alone

    raw.is_missed = False
    reason = os.strerror(raw.lost.errno or 0).lower()
    raise ResultUnwritable(
        f"the result can't be written: {reason}", "free some space, or redirect the output to another place"
    )


def nearest(error: UnicodeError) -> tuple[str, int]:
    """The error handler that writes a stand-in for a character that the encoding lacks, or else its code point: `\\u0131`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from sendspec.diagnostics.redaction import escaped  # loaded already: see `use_standard_streams`

    lacking = error.object[error.start : error.end]
    return "".join(_NEAREST.get(character) or escaped(character) for character in lacking), error.end
