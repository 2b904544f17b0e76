"""The base of `plan --base` as the child has it: a copy that is there already, and no git to ask."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sendspec.diagnostics.redaction import printable
from sendspec.operations.base_commit import BaseCommit
from sendspec.operations.base_files import BaseFolder, NotInBase, project_files
from sendspec.operations.git_objects import GitObjects, TreeEntry
from sendspec.operations.untrusted.report import CopiedBase


class CopiedObjects(GitObjects):
    """The objects of the base's copy. Their ids are their paths."""

    def __init__(self, base: CopiedBase, work_tree: Path) -> None:
        self._base = base
        self._work_tree = work_tree

    def seconds_of(self, commit: str) -> int:
        return self._base.seconds

    def entries(self, commit: str, folder: str = "") -> Iterator[TreeEntry]:
        for path, mode in self._base.modes.items():
            if not folder or path.startswith(f"{folder}/"):
                yield TreeEntry(path, mode, path)

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        mode = self._base.modes.get(path)
        return None if mode is None else TreeEntry(path, mode, path)

    def sizes(self, objects: Sequence[str]) -> dict[str, int]:
        places = {each: Path(self._base.top, each) for each in objects}
        return {each: place.stat().st_size for each, place in places.items() if place.is_file()}

    def contents(self, objects: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for each in objects:
            yield each, Path(self._base.top, each).read_bytes()

    def write(self, identity: str, file: IO[bytes]) -> None:
        raise AssertionError("the copy is there already")

    def work_tree_files(self, folder: str) -> Iterator[tuple[str, str]]:
        """The files of the copy that is checked: git tracks them all."""
        for above, _, names in os.walk(self._work_tree / folder):
            for name in names:
                yield str(Path(above, name).relative_to(self._work_tree)), "H"


class CopiedFolder(BaseFolder):
    """The base's copy. Nothing has to be brought to it."""

    def __init__(self, base: CopiedBase) -> None:
        self._copied = base
        self.place = Path(base.top)

    def bring(self, path: str) -> None:
        if (self.place / path).is_file():
            return
        shown, reason = printable(path), self._copied.left_out.get(path)
        raise NotInBase(f"'{shown}' is {reason.value} in that commit" if reason else f"'{shown}' is not in that commit")

    def bring_projects(self, path: str) -> None:
        """They are there, or none is. One that was left out is refused."""
        for file in project_files(path):
            if file in self._copied.modes:
                self.bring(file)


@contextmanager
def copied_folder(base: CopiedBase) -> Iterator[BaseFolder]:
    yield CopiedFolder(base)


def copied_commit(base: CopiedBase, work_tree: str) -> BaseCommit:
    top = Path(work_tree)
    return BaseCommit(base.ref, base.commit, top, CopiedObjects(base, top))
