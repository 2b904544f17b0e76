"""The lines of a table as clean text, in chunks, with the problems of lines that aren't clean."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from sendspec.diagnostics.characters import BIDI, is_clean
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.line_problem import LineProblem

MAX_LINE_BYTES = 1 << 20
"""A row has far less. A line of commas takes 300 times its size as cells with their places."""
CHUNKS_KEPT = 2
BOM = b"\xef\xbb\xbf"
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_FORBIDDEN = lazy_pattern(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}]|\r(?!\n)")
_LEADS = sorted({character.encode()[:1] for character in f"\x80\x9f{BIDI}" if not character.isascii()})
"""The first UTF-8 bytes of the forbidden characters beyond ASCII: text without these bytes has none of them."""
_STAND_IN = "\ufffd"


class Chunk:
    """Whole lines of a file, from line `first`. The last line of the file may lack its line end."""

    def __init__(self, first: int, body: bytes) -> None:
        self.first = first
        self.body = body
        self.lines: list[str] | None = None
        """None until `TextLines.lines_of` is called."""

    @cached_property
    def count(self) -> int:
        """The number of lines."""
        return self.body.count(b"\n") + (not self.body.endswith(b"\n"))

    @cached_property
    def text(self) -> str | None:
        """None if some line is not clean."""
        return _clean(self.body)

    def below(self, line: int) -> Chunk | None:
        """The part after line `line`; None if empty."""
        if line < self.first:
            return self
        _, *rest = self.body.split(b"\n", line - self.first + 1)[line - self.first :]
        return Chunk(line + 1, rest[0]) if rest and rest[0] else None


class TextLines:
    """One pass over a file's lines, each with its `\\n`. A leading byte order mark is removed.

    `problem_by_line` has the problems of the chunks read so far, by line number; the reader of a line removes its problem. In such
    a line each forbidden character is replaced by U+FFFD, so that columns stay.
    """

    def __init__(self, file: InputFile, *, compared: bool = True) -> None:
        """`compared`: see `Table.blocks`."""
        self.problem_by_line: dict[int, LineProblem] = {}
        self._file = file
        self._blocks = file.blocks if compared else file.peek
        self._recent: deque[Chunk] = deque(maxlen=CHUNKS_KEPT)
        self._returned = b""

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(map(self.lines_of, self.chunks()))

    def between(self, first: int, last: int) -> list[str]:
        """Lines `first` to `last`; from memory, if among the last `CHUNKS_KEPT` chunks."""
        if self._recent and first >= self._recent[0].first:
            return [
                line
                for chunk in self._recent
                for line in self.lines_of(chunk)[max(0, first - chunk.first) : max(0, last - chunk.first + 1)]
            ]
        return [line for line, _ in zip(lines_from(self._file, first), range(first, last + 1), strict=False)]

    def chunks(self) -> Iterator[Chunk]:
        first, rest = 1, b""
        for block in self._blocks():
            body = rest + block
            cut = body.rfind(b"\n") + 1
            rest = body[cut:]
            if cut:
                yield self._chunk(first, body[:cut])
                first = self._line_behind()
            if len(rest) > MAX_LINE_BYTES:
                self.problem_by_line[first + self._returned.count(b"\n")] = _too_long()
                rest = rest[: MAX_LINE_BYTES // 2]
                break
            rest, self._returned = self._returned + rest, b""
        rest, self._returned = self._returned + rest, b""
        while rest:
            yield self._chunk(first, rest)
            first = self._line_behind()
            rest, self._returned = self._returned, b""

    def cut_last(self, length: int) -> Chunk:
        """The first `length` bytes of the last chunk, whole lines; the next chunk begins with the others.

        For a caller that hasn't advanced since. The chunk has no line that isn't clean.
        """
        whole = self._recent.pop()
        chunk = Chunk(whole.first, whole.body[:length])
        self._recent.append(chunk)
        self._returned = whole.body[length:]
        return chunk

    def _line_behind(self) -> int:
        return self._recent[-1].first + self._recent[-1].count

    def lines_of(self, chunk: Chunk) -> list[str]:
        """The chunk's lines. The first call adds their problems to `problem_by_line`."""
        if chunk.lines is None:
            if chunk.text is None:
                chunk.lines = [self._mended(raw, line) for line, raw in enumerate(io.BytesIO(chunk.body), chunk.first)]
            else:
                chunk.lines = list(io.StringIO(chunk.text, newline="\n"))
        return chunk.lines

    def _chunk(self, first: int, body: bytes) -> Chunk:
        chunk = Chunk(first, body.removeprefix(BOM) if first == 1 else body)
        self._recent.append(chunk)
        return chunk

    def _mended(self, raw: bytes, number: int) -> str:
        try:
            text = decoded(raw, self._file.legacy_encoding)
        except UnicodeDecodeError as error:
            self.problem_by_line.setdefault(number, _not_utf8(raw, error))
            return _FORBIDDEN.sub(_STAND_IN, raw.decode(errors="replace"))
        found = _FORBIDDEN.search(text)
        if found is None:
            return text
        self.problem_by_line.setdefault(number, _forbidden(found))
        return _FORBIDDEN.sub(_STAND_IN, text)


class LineFinder:
    """Finds lines of a file by number, for error messages. Looking for them in order takes one pass."""

    def __init__(self, file: InputFile) -> None:
        self._file = file
        self._known = (1, 0)
        """A line, and the offset of its first byte."""

    def lines_from(self, first: int) -> Iterator[str]:
        """The lines from number `first`; invalid characters are replaced."""
        number, offset = self._known if self._known[0] <= first else (1, 0)
        rest = b""
        for block in self._file.peek(offset):
            body = rest + block
            cut = body.rfind(b"\n") + 1
            rest = body[cut:]
            count = body.count(b"\n", 0, cut)
            if number <= first < number + count:
                self._known = (number, offset)
            if number + count > first:
                for line, raw in enumerate(io.BytesIO(body[:cut]), number):
                    if line >= first:
                        yield self._looked_at(raw, line)
            number += count
            offset += cut
            if len(rest) > MAX_LINE_BYTES:
                break
        if rest and number >= first:
            yield self._looked_at(rest[:MAX_LINE_BYTES], number)

    def _looked_at(self, raw: bytes, line: int) -> str:
        raw = raw.removeprefix(BOM) if line == 1 else raw
        text = decoded(raw, self._file.legacy_encoding, errors="replace")
        return text if is_clean(text) else _FORBIDDEN.sub(_STAND_IN, text)


def lines_from(file: InputFile, first: int) -> Iterator[str]:
    """The lines from number `first`, for error messages; invalid characters are replaced."""
    return LineFinder(file).lines_from(first)


def decoded(raw: bytes, legacy: str, errors: str = "strict") -> str:
    """A line as text: UTF-8, or what isn't in the `legacy` encoding, if there is one."""
    if legacy:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode(legacy, errors)
    return raw.decode(errors=errors)


def _clean(body: bytes) -> str | None:
    """`body` as text; None if some line is not clean. Most blocks take two fast scans of their bytes."""
    if len(body.translate(None, _CONTROLS)) != len(body):
        return None
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if not any(lead in body for lead in _LEADS):
        return text
    return text if _FORBIDDEN.search(text) is None else None


def forbidden_in(text: str) -> LineProblem | None:
    """What no line of a table may have, if the text has it."""
    found = _FORBIDDEN.search(text)
    return None if found is None else _forbidden(found)


def _forbidden(found: re.Match[str]) -> LineProblem:
    if found[0] == "\r":
        return LineProblem(
            "forbidden-character",
            "there is a carriage return (U+000D) here without a line feed",
            "remove it, or save the table with line ends LF or CRLF",
            column=found.start() + 1,
        )
    return LineProblem(
        "forbidden-character",
        f"there is an invisible character here, U+{ord(found[0]):04X}, which can't be sent",
        "type again what is around it, as it can't be seen",
        column=found.start() + 1,
    )


def _not_utf8(raw: bytes, error: UnicodeDecodeError) -> LineProblem:
    before = raw[: error.start].removeprefix(BOM).decode(errors="replace")
    byte = raw[error.start : error.start + 1]
    guess = byte.decode("cp1252", errors="ignore")
    hint = f" (in Windows-1252 it is '{guess}')" if guess.isprintable() and guess else ""
    return LineProblem(
        "not-utf8",
        f"the table is not UTF-8 text: there is the byte 0x{byte[0]:02X} here{hint}",
        f"{f'type {guess!r} again here, and ' if hint else ''}save the table as UTF-8 (in a spreadsheet: CSV UTF-8)",
        column=len(before) + 1,
    )


def _too_long() -> LineProblem:
    return LineProblem(
        "cell-too-long",
        f"the line is longer than {MAX_LINE_BYTES >> 20} MB",
        "check that the file is a table with a row on each line",
    )
