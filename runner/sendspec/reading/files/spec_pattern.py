"""What to write instead of a pattern such as `specs/*.yml` that came to us as it was written: the shell found no file for it."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.files.near_file import SPEC_EXTENSIONS, files_around, files_in, folders_in

_PROJECT_FILE = "sendspec.yaml"


def pattern_problem(pattern: str) -> Problem:
    """A pattern that is in quotes where it should not be, ends otherwise than the files, or counts from another folder."""
    shown, (folder, name) = printable(pattern[:200]), os.path.split(pattern)
    problem = f"no file matches '{shown}'"
    if folder and "*" not in folder and not Path(folder).is_dir():
        problem += f": there is no folder '{printable(folder[:200])}'"
    elif _matches(folder, name):
        return Problem(
            "file-missing", problem, "write it without quotes, so that the shell puts the names in its place"
        )
    stem = name.rpartition(".")[0] or name
    names = (name, *(stem + extension for extension in SPEC_EXTENSIONS))
    elsewhere = ("", *sorted(folders_in(Path()))) if stem.strip("*") else ()  # all of another folder are others
    folders = dict.fromkeys((folder, *elsewhere))
    meant = next((os.path.join(f, n) for f in folders for n in names if _matches(f, n)), None)  # noqa: PTH118 - as typed
    if meant is not None:
        return Problem("file-missing", problem, f"write {printable(meant)}, without quotes")
    found = files_around("", SPEC_EXTENSIONS, but=(_PROJECT_FILE,))
    fix = f"name the files; there are: {', '.join(found)}" if found else "name a spec; `sendspec init` writes one"
    return Problem("file-missing", problem, fix)


def _matches(folder: str, pattern: str) -> bool:
    """Whether a spec in the folder is called so."""
    names = files_in(folder or ".", SPEC_EXTENSIONS)
    return any(fnmatch(name, pattern) for name in names if name != _PROJECT_FILE)
