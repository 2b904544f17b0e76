"""Reads the YAML files that a user wrote as clean UTF-8 text, or reports why it can't."""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from collections.abc import Collection

from sendspec.diagnostics.characters import forbidden_in_file, with_visible_characters
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.leaked_key import hide_keys
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.diagnostics.wording import os_reason
from sendspec.reading.files.confined_path import MAX_PATH, confined_path, git_folder_problem
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.files.near_file import SPEC_EXTENSIONS, files_in, there_is
from sendspec.reading.files.nofollow_open import open_beneath

MAX_SPEC_BYTES = 1_000_000
"""The worst megabyte takes less than a second of the processor's time."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file. `path` is as the user typed it; line ends are `\\n`."""

    path: str
    text: str


def read_text_file(
    path: str,
    problems: Problems,
    *,
    owners: Collection[int] | None = None,
    key_files: KeyFiles = NO_KEY_FILES,
) -> TextFile | None:
    """The text of a regular UTF-8 file; None if it can't be used, with the reason added to `problems`.

    A link that leads out of the project is refused, see `confined_path`, and so is any of `key_files`. `owners` are the user ids that may own the file;
    None: any.
    """
    raw = _read_bytes(path, problems, owners, key_files)
    text = None if raw is None else _decode(path, raw, problems)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    found = forbidden_in_file(text)
    if found is not None:
        problems.add(_forbidden(path, text, found))
        return None
    return TextFile(path, text)


def open_regular(path: str) -> int:
    """A descriptor of a regular file. Never blocks on a pipe. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(path)
    return descriptor


def file_problem(path: str, error: OSError) -> Problem:
    """Why a file could not be opened."""
    shown = printable(path[:200])
    if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ENAMETOOLONG:
        if "*" in path and len(path) <= MAX_PATH:
            from sendspec.reading.files.spec_pattern import pattern_problem  # needed only after a mistake

            return pattern_problem(path)
        from sendspec.reading.files.near_spec import near_spec  # needed only after a mistake

        near = near_spec(path) if 0 < len(path) <= MAX_PATH else None
        fix = near or there_is(path, SPEC_EXTENSIONS, "the current folder")
        return Problem("file-missing", f"there is no file '{shown}'", fix)
    if error.errno == errno.ELOOP:
        return Problem("not-a-file", f"'{shown}' is a link that leads to itself", "name a file")
    if isinstance(error, IsADirectoryError) and os.path.isdir(path):  # noqa: PTH112 - a path as typed
        found = files_in(path, SPEC_EXTENSIONS)
        example = printable(os.path.join(path, found[0])) if found else ""  # noqa: PTH118
        fix = f"name a file in it, such as {example}" if found else "name a file"
        return Problem("not-a-file", f"'{shown}' is a folder", fix)
    if isinstance(error, IsADirectoryError) or error.errno in (errno.ENXIO, errno.ENODEV):
        return Problem("not-a-file", f"'{shown}' is not a regular file", "name a file")
    reason = os_reason(error)
    fix = "make it readable for this user" if isinstance(error, PermissionError) else "check the disk that holds it"
    return Problem("unreadable-file", f"'{shown}' can't be read: {reason}", fix)


def _read_bytes(path: str, problems: Problems, owners: Collection[int] | None, key_files: KeyFiles) -> bytes | None:
    try:
        where = confined_path(path)
        if not isinstance(where, Problem):
            where = git_folder_problem(where.place, path) or where
        if isinstance(where, Problem):
            problems.add(where.diagnostic(path))
            return None
        if not path:
            raise FileNotFoundError(path)
        with os.fdopen(open_beneath(where.top, where.below), "rb") as file:
            key_problem = key_files.problem(file.fileno(), where.place, path)
            if key_problem is not None:
                problems.add(key_problem.diagnostic(path))
                return None
            owner = os.fstat(file.fileno()).st_uid
            raw = file.read(MAX_SPEC_BYTES + 1)
    except OSError as error:
        problems.add(file_problem(path, error).diagnostic(path))
        return None
    except ValueError:
        # A path with a NUL, or one that the file system's encoding can't represent.
        problems.add(file_problem(path, FileNotFoundError(path)).diagnostic(path))
        return None
    if owners is not None and owner not in owners:
        problems.add(_foreign(path, owner))
        return None
    if len(raw) > MAX_SPEC_BYTES:
        problem = f"the file is larger than {MAX_SPEC_BYTES / 1_000_000:g} MB"
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
        # `start` doesn't count the byte order mark, which utf-8-sig removes first.
        raw = raw.removeprefix(codecs.BOM_UTF8)
        before = raw[: error.start].decode("utf-8").replace("\r\n", "\n")
        span = span_on_line(before.count("\n") + 1, len(before) - before.rfind("\n"), 1)
        problem = f"the file is not UTF-8 text: there is the byte 0x{raw[error.start]:02X} here"
        problems.add(Problem("not-utf8", problem, fix).diagnostic(path, span))
        return None


def _forbidden(path: str, text: str, found: re.Match[str]) -> Diagnostic:
    line = text.count("\n", 0, found.start()) + 1
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", begin)
    whole = text[begin : end if end >= 0 else len(text)]
    problem = f"there is an invisible character here, U+{ord(found[0]):04X}, which can't be sent"
    return Problem("forbidden-character", problem, "remove it").diagnostic(
        path,
        span_on_line(line, found.start() - begin + 1, 1),
        excerpt=with_visible_characters(mask_in_place(hide_keys(whole))),
    )


def _foreign(path: str, owner: int) -> Diagnostic:
    problem = Problem(
        "project-foreign",
        f"the project file belongs to another user (number {owner}), and could run commands as this one",
        "make it this user's own with chown, or put a sendspec.yaml of your own beside the spec",
    )
    return problem.diagnostic(path)
