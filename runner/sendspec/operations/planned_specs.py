"""Finds the specs that a plan file names, also after a file was moved: a spec is known by its name, not by its path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sendspec.diagnostics.redaction import printable
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.renamed_spec import name_in
from sendspec.reading.files.text_file import MAX_SPEC_BYTES
from sendspec.reading.project import find_project

MAX_SEARCHED = 20_000
"""Files of a project that are looked at for a spec that was moved."""
_NOT_SEARCHED = {"node_modules", "__pycache__", "venv"}


def planned_specs(plan_file: PlanFile, path: Path) -> list[str]:
    """The specs' paths, relative to the working directory: in its project, else in the project around the plan at `path`.

    A spec of another project is none of the plan's: that project's file may say otherwise who is reached, and who has to approve it.
    Raises `PlanUnreadable` where a spec isn't found, or two files hold a spec of its name.
    """
    folders = _folders(plan_file, Path(os.path.realpath(path)).parent)
    for folder in folders:
        found = [_place_of(folder, spec) for spec in plan_file.specs]
        if all(found):
            return [os.path.relpath(each) for each in found if each is not None]
    missing = next(spec for spec in plan_file.specs if _place_of(folders[0], spec) is None)
    places = [folders[0] / str(spec["path"]) for spec in plan_file.specs]
    if all(_is_in(folders[0], place) and _is_file(place) for place in places):
        return [os.path.relpath(place) for place in places]  # one has another name now: what would be sent says more
    raise PlanUnreadable(
        f"the project in '{printable(os.path.relpath(folders[0]))}' has no spec '{missing['name']}' ({printable(missing['path'])})",
        "run it in the project that the plan was made in, or restore the spec",
        "file-missing",
    )


def _folders(plan_file: PlanFile, beside: Path) -> list[Path]:
    """Where the specs may be. Without any project file, the plan says where they are from its own folder, `beside`."""
    found = [find_project(Path.cwd()), find_project(beside)]
    folders = [each.parent for each in found if each is not None] or [Path.cwd(), beside]
    root = plan_file.header.get("root")
    if root is not None and not any(found):
        folders.append(Path(os.path.normpath(beside / root)))
    return list(dict.fromkeys(folders))


def _place_of(folder: Path, spec: Mapping[str, Any]) -> Path | None:
    place = folder / str(spec["path"])
    if _is_in(folder, place) and has_name(place, spec["name"]):
        return place
    if find_project(folder) is None:
        return None  # without a project file, nothing says how far to search
    found = [each for each in yaml_files(folder) if has_name(each, spec["name"])]
    if len(found) > 1:
        places = " and ".join(printable(os.path.relpath(each, folder)) for each in found[:2])
        raise PlanUnreadable(
            f"{printable(spec['path'])} was moved, and the spec '{spec['name']}' is now in {places}",
            "remove one of them, or give it a name of its own",
        )
    return found[0] if found else None


def _is_in(folder: Path, place: Path) -> bool:
    """Whether the file is in the project of the folder, and not in another one inside or outside it."""
    real = Path(os.path.realpath(place))
    return real.is_relative_to(os.path.realpath(folder)) and find_project(real.parent) == find_project(folder)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name too long
        return False


def has_name(path: Path, name: str) -> bool:
    """Whether the file is a spec of that name, as far as it can be read."""
    try:
        if not _is_file(path) or path.stat().st_size > MAX_SPEC_BYTES or name.encode() not in path.read_bytes():
            return False
        return name_in(path) == name
    except OSError:  # such as a name too long
        return False


def yaml_files(folder: Path) -> Iterator[Path]:
    """The YAML files of a project, without hidden folders and those of a project inside it."""
    return islice(_walked(folder), MAX_SEARCHED)


def _walked(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        if find_project(Path(place)) != find_project(folder):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_SEARCHED)
        yield from (Path(place) / name for name in sorted(files) if name.endswith((".yaml", ".yml")))
