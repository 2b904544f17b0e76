"""Opens the text files that a user wrote, and refuses what isn't one."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

from runner.reading.diagnostic import Diagnostic, Problems
from runner.reading.mask import mask_in_place
from runner.reading.place import FILE_START, Span, span_on_line

SPEC_BYTES_MOST = 1_000_000
"""Parsing costs 0.65 µs a byte, so this keeps the worst case under a second."""

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Characters that change the direction of text (Unicode, UAX 9): they can make a line read as another."""

_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Source:
    """A text file. `path` is as the user typed it; line ends are `\\n`."""

    path: str
    text: str


def read_source(path: str, problems: Problems, *, most_bytes: int = SPEC_BYTES_MOST) -> Source | None:
    """The text of a regular UTF-8 file; None when it isn't one, and why is among `problems`."""
    raw = _read_bytes(path, problems, most_bytes)
    if raw is None:
        return None
    text = _decode(raw)
    if text is None:
        problems.add(
            _about_file(
                path, "not-utf8", "the file is not UTF-8 text", "save it as UTF-8 (in most editors: Save with encoding)"
            )
        )
        return None
    text = text.replace("\r\n", "\n")
    found = _FORBIDDEN.search(text)
    if found is not None:
        problems.add(_forbidden(path, text, found))
        return None
    return Source(path, text)


def open_regular(path: str) -> int:
    """A descriptor of a regular file, never waiting for the other end of a pipe. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(path)
    return descriptor


def file_problem(path: str, error: OSError) -> Diagnostic:
    """Why a file could not be opened, as a diagnostic."""
    if isinstance(error, FileNotFoundError):
        return _about_file(
            path, "file-missing", f"there is no file '{path}'", "check the path; it counts from where it is written"
        )
    if isinstance(error, IsADirectoryError):
        return _about_file(path, "not-a-file", f"'{path}' is not a regular file", "name a file")
    reason = os.strerror(error.errno or 0).lower()
    return _about_file(path, "unreadable-file", f"'{path}' can't be read: {reason}", "make it readable for this user")


def _read_bytes(path: str, problems: Problems, most_bytes: int) -> bytes | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            raw = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        problems.add(file_problem(path, error if isinstance(error, OSError) else FileNotFoundError(path)))
        return None
    if len(raw) > most_bytes:
        problems.add(
            _about_file(
                path,
                "file-too-large",
                f"the file is larger than {most_bytes // 1_000_000} MB",
                "move the recipients to a table and name it under `recipients: {file: …}`",
            )
        )
        return None
    return raw


def _decode(raw: bytes) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def cell_by_cell(text: str) -> str:
    """`text` with each control and bidi character as one visible character, so that columns stay."""
    return _FORBIDDEN.sub("�", text.replace("\t", " "))


def forbidden_character(text: str) -> re.Match[str] | None:
    """The first control or bidi character in `text`; tab and newlines are none."""
    return _FORBIDDEN.search(text)


def _forbidden(path: str, text: str, found: re.Match[str]) -> Diagnostic:
    line = text.count("\n", 0, found.start()) + 1
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", begin)
    whole = text[begin : end if end >= 0 else len(text)]
    return Diagnostic(
        code="forbidden-character",
        path=path,
        span=span_on_line(line, found.start() - begin + 1, 1),
        problem=f"the character U+{ord(found[0]):04X} stands here; it can't be seen, and can't be sent",
        fix="remove it",
        excerpt=cell_by_cell(mask_in_place(whole)),
    )


def _about_file(path: str, code: str, problem: str, fix: str, span: Span = FILE_START) -> Diagnostic:
    return Diagnostic(code=code, path=path, span=span, problem=problem, fix=fix)
