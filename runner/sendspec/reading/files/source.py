"""Opens the text files that a user wrote, and refuses what isn't one, or isn't where it seems to be."""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.diagnostics.secret import hide_keys
from sendspec.reading.files.beneath import open_beneath
from sendspec.reading.files.confined_open import enclosed, gits_own

MAX_SPEC_BYTES = 1_000_000
"""Parsing costs 0.65 µs a byte, so this keeps the worst case under a second."""

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Characters that change the direction of text (Unicode, UAX 9): they can make a line read as another."""

_CLASS = f"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDI}\u2028\u2029\ufffe\uffff\ud800-\udfff"
_FORBIDDEN = re.compile(f"[{_CLASS}]")
_FORBIDDEN_IN_FILE = re.compile(f"[\r{_CLASS}]")
"""A lone carriage return is a line end to YAML, and to few editors."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text file. `path` is as the user typed it; line ends are `\\n`."""

    path: str
    text: str


def read_source(
    path: str, problems: Problems, *, most_bytes: int = MAX_SPEC_BYTES, owners: Collection[int] | None = None
) -> Source | None:
    """The text of a regular UTF-8 file; None when it isn't one, and why is among `problems`.

    A link that leads out of the project is not followed, see `enclosed`. `owners` are the users that the file may belong to;
    None: any.
    """
    raw = _read_bytes(path, problems, most_bytes, owners)
    text = None if raw is None else _decode(path, raw, problems)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    found = _FORBIDDEN_IN_FILE.search(text)
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


def file_problem(path: str, error: OSError) -> Problem:
    """Why a file could not be opened."""
    shown = printable(path[:200])
    if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ENAMETOOLONG:
        return Problem("file-missing", f"there is no file '{shown}'", "check the path")
    if error.errno == errno.ELOOP:
        return Problem("not-a-file", f"'{shown}' is a link that leads to itself", "name a file")
    if isinstance(error, IsADirectoryError) or error.errno in (errno.ENXIO, errno.ENODEV):
        return Problem("not-a-file", f"'{shown}' is not a regular file", "name a file")
    reason = os.strerror(error.errno or 0).lower()
    fix = "make it readable for this user" if isinstance(error, PermissionError) else "check the disk that holds it"
    return Problem("unreadable-file", f"'{shown}' can't be read: {reason}", fix)


def _read_bytes(path: str, problems: Problems, most_bytes: int, owners: Collection[int] | None) -> bytes | None:
    try:
        where = enclosed(path)
        if not isinstance(where, Problem):
            where = gits_own(where.place, path) or where
        if isinstance(where, Problem):
            problems.add(where.diagnostic(path))
            return None
        if not path:
            raise FileNotFoundError(path)
        with os.fdopen(open_beneath(where.top, where.below), "rb") as file:
            owner = os.fstat(file.fileno()).st_uid
            raw = file.read(most_bytes + 1)
    except OSError as error:
        problems.add(file_problem(path, error).diagnostic(path))
        return None
    except ValueError:
        # A path with a NUL in it, or one that the file system's encoding can't write.
        problems.add(file_problem(path, FileNotFoundError(path)).diagnostic(path))
        return None
    if owners is not None and owner not in owners:
        problems.add(_foreign(path, owner))
        return None
    if len(raw) > most_bytes:
        problem = f"the file is larger than {most_bytes / 1_000_000:g} MB"
        fix = "move the recipients to a table and name it under `recipients: {file: …}`"
        problems.add(Problem("file-too-large", problem, fix).diagnostic(path))
        return None
    return raw


def _decode(path: str, raw: bytes, problems: Problems) -> str | None:
    fix = "save it as UTF-8 (in most editors: Save with encoding)"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in raw[:2]:
        problems.add(Problem("not-utf8", "the file is UTF-16 or UTF-32 text, not UTF-8", fix).diagnostic(path))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # `start` counts behind a byte order mark, which utf-8-sig takes off first.
        raw = raw.removeprefix(codecs.BOM_UTF8)
        before = raw[: error.start].decode("utf-8").replace("\r\n", "\n")
        span = span_on_line(before.count("\n") + 1, len(before) - before.rfind("\n"), 1)
        problem = f"the file is not UTF-8 text: the byte 0x{raw[error.start]:02X} stands here"
        problems.add(Problem("not-utf8", problem, fix).diagnostic(path, span))
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
    problem = f"the character U+{ord(found[0]):04X} stands here; it can't be seen, and can't be sent"
    return Problem("forbidden-character", problem, "remove it").diagnostic(
        path,
        span_on_line(line, found.start() - begin + 1, 1),
        excerpt=cell_by_cell(mask_in_place(hide_keys(whole))),
    )


def _foreign(path: str, owner: int) -> Diagnostic:
    problem = Problem(
        "project-foreign",
        f"the project file belongs to another user (number {owner}), and could have commands run as this one",
        "make it this user's own with chown, or put a sendspec.yaml of your own beside the spec",
    )
    return problem.diagnostic(path)
