"""What to write instead of a path that leads out of the project, or to a file that lies elsewhere in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.near_file import TABLE_EXTENSIONS, folders_in

_TABLES = "data"
"""The folder that `sendspec init` makes for tables."""
_USUAL = "name a file inside the project, relative to the spec"
_MAX_NAME = 100


def fix_for_path(root: Path, spec_path: str, written: str) -> str:
    """What to do about a path with backslashes, or one that is absolute or leads out of the project at `root`."""
    path = written.replace("\\", "/")
    name = path.rpartition("/")[2]
    if not name or len(path) > _MAX_NAME or not name.lower().endswith(TABLE_EXTENSIONS) or "%" in path or "\0" in path:
        return _USUAL
    here = Path(os.path.realpath(spec_path)).parent
    top = Path(os.path.realpath(root))
    place = Path(os.path.realpath(here / path))
    is_absolute = path.startswith(("/", "~")) or ":" in path
    if place.is_relative_to(top) and not path.startswith("~") and ":" not in path:
        return f"write '{_relative(place, here) if is_absolute else printable(path)}'"
    folder = top / _TABLES if (top / _TABLES).is_dir() else here
    where = f"{_TABLES}/" if folder.name == _TABLES and folder != here else "the folder of the spec"
    return f"copy it into {where} and write '{_relative(folder / name, here)}'"


def place_in_project(root: Path, spec_path: str, written: str) -> str | None:
    """How the spec writes a file that is not where `written` leads, but there from `root`, or in one of its folders."""
    top, here = Path(os.path.realpath(root)), Path(os.path.realpath(spec_path)).parent
    places = [top / written, *(top / folder / Path(written).name for folder in folders_in(top))]
    for place in places:
        with suppress(OSError, ValueError):
            real = Path(os.path.realpath(place))
            if real.is_relative_to(top) and real.is_file():
                return _relative(place, here)
    return None


def _relative(place: Path, folder: Path) -> str:
    return printable(os.path.relpath(place, folder))
