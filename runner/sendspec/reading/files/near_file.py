"""Finds the file that a path was meant for, where it names none."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable

MAX_ENTRIES = 2_000
MAX_FOLDERS = 50
MAX_LISTED = 4
CHECK = "check the path"
"""How a fix begins where there is no file to offer."""
SPEC_EXTENSIONS = (".yaml", ".yml")
TABLE_EXTENSIONS = (".csv", ".tsv", ".jsonl", ".ndjson")


def near_file(place: str, written: str, extensions: Sequence[str]) -> str | None:
    """`written` with the name of a file that it may be meant for; never a folder.

    In the same folder, one of the same name but for `extensions`; then one of the same name in a folder below; then one in the same
    folder that is called nearly so.
    """
    folder, name = Path(place).parent, Path(place).name
    beside = os.path.dirname(written)  # noqa: PTH120 - pathlib would drop a typed './'
    usual = files_in(str(folder), extensions)
    near = _same_stem(name, usual)
    if near is None:
        below = next((sub for sub in sorted(folders_in(folder)) if _is_file(folder / sub / name)), None)
        near = os.path.join(below, name) if below else _near_stem(name, usual)  # noqa: PTH118
    return None if near is None else printable(os.path.join(beside, near))  # noqa: PTH118


def files_in(folder: str, extensions: Sequence[str]) -> list[str]:
    """The names of the files in a folder that end so."""
    return sorted(name for name in _files(Path(folder)) if name.lower().endswith(tuple(extensions)))


def files_around(path: str, extensions: Sequence[str], *, but: Collection[str] = ()) -> list[str]:
    """Up to `MAX_LISTED` files in the folder of `path` and in those right below it, as `path` would be written; none that is called like one of `but`."""
    beside = os.path.dirname(path)  # noqa: PTH120 - pathlib would drop a typed './'
    folder = Path(beside or ".")
    names = files_in(str(folder), extensions)
    for sub in sorted(folders_in(folder)):
        names += (os.path.join(sub, name) for name in files_in(str(folder / sub), extensions))  # noqa: PTH118
        if len(names) > MAX_LISTED + len(but):
            break
    kept = [name for name in names if os.path.basename(name) not in but][:MAX_LISTED]  # noqa: PTH119
    return [printable(os.path.join(beside, name)) for name in kept]  # noqa: PTH118


def there_is(place: str, extensions: Sequence[str], counts_from: str, written: str | None = None) -> str:
    """The fix for a path that names nothing, and nothing nearly: the files that are there. `written` is how `place` is written."""
    beside = os.path.dirname(place if written is None else written)  # noqa: PTH120
    folder = os.path.dirname(place) or "."  # noqa: PTH120
    around = files_around(place, extensions, but=("sendspec.yaml",))
    found = [os.path.join(beside, os.path.relpath(each, folder)) for each in around]  # noqa: PTH118
    if not found:
        return f"{CHECK}; it counts from {counts_from}"
    return one_of(found, counts_from)


def one_of(found: Sequence[str], counts_from: str) -> str:
    """The fix for a path in place of which one of those `found` may be meant."""
    meant = f"one of: {', '.join(found)}" if len(found) > 1 else f"{found[0]}, if that is meant"
    return f"write {meant}; the path counts from {counts_from}"


def _same_stem(name: str, names: Sequence[str]) -> str | None:
    """`hello.yaml` for `hello` and `hello.yml`."""
    stem = Path(name).stem if Path(name).suffix else name
    found = [each for each in names if Path(each).stem == stem]
    return found[0] if len(found) == 1 else None


def _near_stem(name: str, names: Sequence[str]) -> str | None:
    """By the names without their extensions, which are all alike."""
    by_stem = {Path(each).stem: each for each in names}
    near = near_miss(Path(name).stem, by_stem)
    return None if near is None else by_stem[near]


def _files(folder: Path) -> Iterator[str]:
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        yield from (entry.name for entry in islice(entries, MAX_ENTRIES) if _is_plain(entry) and entry.is_file())


def folders_in(folder: Path) -> Iterator[str]:
    """The names of the first `MAX_FOLDERS` folders in a folder."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        folders = (entry.name for entry in islice(entries, MAX_ENTRIES) if _is_plain(entry) and entry.is_dir())
        yield from islice(folders, MAX_FOLDERS)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".")


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return path.is_file()
    return False
