"""Finds the spec that a word or a path on the command line was meant for, where there is no such file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePath

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.near_file import SPEC_EXTENSIONS, files_in, folders_in, near_file

MAX_UP = 3
"""Folders above the current one from which a path may have been counted."""
MAX_FILES = 200
"""Files whose names are looked up in them."""
_HEAD_BYTES = 4_096
_SPEC_NAME = lazy_pattern(rb"[a-z0-9][a-z0-9-]{0,62}")


def near_spec(written: str) -> str | None:
    """What to write for a spec that the current folder has: its path counted from here, or that of one called so, or nearly so."""
    called = _called(written)
    near = _counted_from_elsewhere(written) or called or near_file(written, written, SPEC_EXTENSIONS)
    if near is None:
        return None
    is_name = near == called and PurePath(near).stem != written
    return f"write '{near}', the file of the spec with this name" if is_name else f"write '{near}'"


def _counted_from_elsewhere(written: str) -> str | None:
    """`x.yaml` for `specs/x.yaml` in specs/, and `../specs/x.yaml` for it beside specs/."""
    path = PurePath(written)
    if path.is_absolute() or ".." in path.parts:
        return None
    tails = (str(PurePath(*path.parts[cut:])) for cut in range(1, len(path.parts)))
    above = (os.path.join(*[os.pardir] * levels, path) for levels in range(1, MAX_UP + 1))  # noqa: PTH118 - `..` stays
    return next((printable(place) for place in (*tails, *above) if _is_file(place)), None)


def _called(word: str) -> str | None:
    """The file with this name below the current folder, or the spec with this name in it."""
    name = word.encode(errors="surrogateescape")
    if not _SPEC_NAME.fullmatch(name):
        return None
    paths = list(islice(_specs_below(), MAX_FILES))
    named = re.compile(rb"^name:[ ]*[\"']?" + re.escape(name) + rb"[\"']?[ ]*(?:#.*)?\r?$", re.MULTILINE)
    found = [path for path in paths if PurePath(path).stem == word] or [p for p in paths if named.search(_head(p))]
    return printable(found[0]) if len(found) == 1 else None


def _specs_below() -> Iterator[str]:
    yield from files_in(".", SPEC_EXTENSIONS)
    for folder in sorted(folders_in(Path())):
        yield from (os.path.join(folder, name) for name in files_in(folder, SPEC_EXTENSIONS))  # noqa: PTH118 - as text


def _head(path: str) -> bytes:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return os.read(descriptor, _HEAD_BYTES)
        finally:
            os.close(descriptor)
    return b""


def _is_file(path: str) -> bool:
    with suppress(OSError, ValueError):
        return os.path.isfile(path)  # noqa: PTH113 - a path as typed
    return False
