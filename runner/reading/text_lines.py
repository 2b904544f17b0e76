"""The lines of a table's file as clean text, block by block, with what is wrong with a line beside them."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from runner.reading.diagnostic import Diagnostic
from runner.reading.held_file import HeldFile
from runner.reading.mask import mask_in_place
from runner.reading.place import span_on_line
from runner.reading.source import BIDI, cell_by_cell

LINE_BYTES_MOST = 4 << 20
BLOCKS_KEPT = 2
_BOM = b"\xef\xbb\xbf"
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}]|\r(?!\n)")
_STAND_IN = "\ufffd"


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line is not clean text; `column` counts characters from 1."""

    code: str
    column: int
    problem: str
    fix: str


class TextLines:
    """One pass over a file's lines, each with its `\\n`. A byte order mark at the beginning is left out.

    `faults` holds, by line number, what is wrong with lines of the blocks read so far: whoever uses a line takes its
    fault out. In such a line each forbidden character is replaced by one stand-in, so that columns stay.
    """

    def __init__(self, file: HeldFile) -> None:
        self.faults: dict[int, LineFault] = {}
        self._file = file
        self._recent: deque[tuple[int, list[str]]] = deque(maxlen=BLOCKS_KEPT)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def between(self, first: int, last: int) -> list[str]:
        """Lines `first` to `last`; from memory if they were read a moment ago."""
        if self._recent and first >= self._recent[0][0]:
            return [
                line
                for start, lines in self._recent
                for line in lines[max(0, first - start) : max(0, last - start + 1)]
            ]
        return [line for line, _ in zip(lines_from(self._file, first), range(first, last + 1), strict=False)]

    def _blocks(self) -> Iterator[list[str]]:
        first, rest = 1, b""
        for block in self._file.blocks():
            body = rest + block
            cut = body.rfind(b"\n") + 1
            rest = body[cut:]
            if cut:
                lines = self._lines(body[:cut], first)
                yield lines
                first += len(lines)
            if len(rest) > LINE_BYTES_MOST:
                self.faults[first] = _too_long()
                rest = rest[: LINE_BYTES_MOST // 2]
                break
        if rest:
            yield self._lines(rest, first)

    def _lines(self, body: bytes, first: int) -> list[str]:
        if first == 1:
            body = body.removeprefix(_BOM)
        text = _clean(body)
        if text is None:
            lines = [self._mended(raw, number) for number, raw in enumerate(io.BytesIO(body), first)]
        else:
            lines = list(io.StringIO(text, newline="\n"))
        self._recent.append((first, lines))
        return lines

    def _mended(self, raw: bytes, number: int) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            self.faults.setdefault(number, _not_utf8(raw, error))
            return _FORBIDDEN.sub(_STAND_IN, raw.decode(errors="replace"))
        found = _FORBIDDEN.search(text)
        if found is None:
            return text
        self.faults.setdefault(number, _forbidden(found))
        return _FORBIDDEN.sub(_STAND_IN, text)


def lines_from(file: HeldFile, first: int) -> Iterator[str]:
    """The lines from number `first` on, for a look; what is not UTF-8 is replaced."""
    number, rest = 1, b""
    for block in file.peek():
        body = rest + block
        cut = body.rfind(b"\n") + 1
        rest = body[cut:]
        count = body.count(b"\n", 0, cut)
        if number + count > first:
            for line, raw in enumerate(io.BytesIO(body[:cut]), number):
                if line >= first:
                    yield _looked_at(raw, line)
        number += count
        if len(rest) > LINE_BYTES_MOST:
            break
    if rest and number >= first:
        yield _looked_at(rest[:LINE_BYTES_MOST], number)


def on_line(path: str, line: int, text: str, start: int, length: int, fault: LineFault) -> Diagnostic:
    """`fault` as a problem of `length` characters on a line that reads `text`, from column `start`."""
    return Diagnostic(
        code=fault.code,
        path=path,
        span=span_on_line(line, start, length),
        problem=fault.problem,
        fix=fault.fix,
        excerpt=excerpt(text),
    )


def excerpt(text: str) -> str:
    """A line of a table as it may be shown: numbers dotted, one visible character for each that isn't."""
    return cell_by_cell(mask_in_place(text.rstrip("\r\n")))


def _looked_at(raw: bytes, line: int) -> str:
    return (raw.removeprefix(_BOM) if line == 1 else raw).decode(errors="replace")


def _clean(body: bytes) -> str | None:
    """`body` as text, or None where some line of it is not clean. Most blocks cost two fast looks at their bytes."""
    if len(body.translate(None, _CONTROLS)) != len(body):
        return None
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isascii() or _FORBIDDEN.search(text) is None else None


def _forbidden(found: re.Match[str]) -> LineFault:
    if found[0] == "\r":
        return LineFault(
            "forbidden-character",
            found.start() + 1,
            "a carriage return (U+000D) stands alone here, which ends no line",
            "remove it, or save the table with line ends LF or CRLF",
        )
    return LineFault(
        "forbidden-character",
        found.start() + 1,
        f"the character U+{ord(found[0]):04X} stands here; it can't be seen, and can't be sent",
        "remove it",
    )


def _not_utf8(raw: bytes, error: UnicodeDecodeError) -> LineFault:
    before = raw[: error.start].removeprefix(_BOM).decode(errors="replace")
    byte = raw[error.start : error.start + 1]
    guess = byte.decode("cp1252", errors="ignore")
    hint = f" (in Windows-1252 it is '{guess}')" if guess.isprintable() and guess else ""
    return LineFault(
        "not-utf8",
        len(before) + 1,
        f"the byte 0x{byte[0]:02X} stands here, and the table is not UTF-8 text{hint}",
        "save the table as UTF-8 (in a spreadsheet: CSV UTF-8)",
    )


def _too_long() -> LineFault:
    return LineFault(
        "cell-too-long",
        1,
        f"the line is longer than {LINE_BYTES_MOST >> 20} MB",
        "check that the file is a table with a row on each line",
    )
