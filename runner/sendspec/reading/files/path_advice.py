"""What to write instead of a path that leads out of the project, or to a file that lies elsewhere in it."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.leaked_key import holds_credentials
from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.near_file import MAX_LISTED, TABLE_EXTENSIONS, files_in, folders_in

_TABLES = "data"
"""The folder that `sendspec init` makes for tables."""
_USUAL = "name a file inside the project, relative to the spec"
_MAX_NAME = 100
_SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")
_ADDRESS = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PLAIN_NAME = lazy_pattern(r"\w[\w.-]{0,59}")
_SOME_TABLE = "people.csv"


def fix_for_path(root: Path, spec_path: str, written: str) -> str:
    """What to do about a path with backslashes, or one that is absolute or leads out of the project at `root`."""
    path = written.replace("\\", "/")
    name = path.rpartition("/")[2]
    here, top = Path(os.path.realpath(spec_path)).parent, Path(os.path.realpath(root))
    if holds_credentials(written):
        return f"remove the password, and change it; {_USUAL}"
    if _ADDRESS.match(path):
        stem = name.partition("?")[0]
        table = stem if stem.lower().endswith(TABLE_EXTENSIONS) else f"{stem.partition('.')[0]}.csv"
        return _brought("download it as a CSV", top, here, table if _PLAIN_NAME.fullmatch(table) else _SOME_TABLE)
    if name.lower().endswith(_SPREADSHEETS) and len(path) <= _MAX_NAME and "\0" not in path:
        return _brought("export the sheet as CSV (in a spreadsheet: CSV UTF-8)", top, here, f"{Path(name).stem}.csv")
    if not name or len(path) > _MAX_NAME or not name.lower().endswith(TABLE_EXTENSIONS) or "%" in path or "\0" in path:
        return _USUAL
    place = Path(os.path.realpath(here / path))
    is_absolute = path.startswith(("/", "~")) or ":" in path
    if place.is_relative_to(top) and not path.startswith("~") and ":" not in path:
        return f"write '{_relative(place, here) if is_absolute else printable(path)}'"
    return _brought("copy it", top, here, name)


def _brought(how: str, top: Path, here: Path, name: str) -> str:
    """How to bring a table into the project, and what to write for it."""
    folder = top / _TABLES if (top / _TABLES).is_dir() else here
    where = f"{_TABLES}/" if folder.name == _TABLES and folder != here else "the folder of the spec"
    return f"{how} into {where} and write '{_relative(folder / name, here)}'"


def tables_in_project(root: Path, spec_path: str) -> list[str]:
    """Some tables of the project, in its own folder and those right below it, as the spec writes them."""
    top, here = Path(os.path.realpath(root)), Path(os.path.realpath(spec_path)).parent
    folders = (top, *(top / folder for folder in sorted(folders_in(top))))
    found = (folder / name for folder in folders for name in files_in(str(folder), TABLE_EXTENSIONS))
    return [_relative(place, here) for place in islice(found, MAX_LISTED)]


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
