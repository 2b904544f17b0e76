"""The files of a base's commit: which specs it has, and copies of those that are compared, in a private folder."""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.identity import LOCK_FILE
from sendspec.operations.base_commit import BaseCommit
from sendspec.operations.ending_signal import ending_on_signals
from sendspec.operations.git_objects import LINK_MODE, MODULE_MODE, TreeEntry
from sendspec.operations.git_repository import SPEC_LINE
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import MAX_SPEC_BYTES, TextFile
from sendspec.reading.project import PROJECT_FILE_NAME

MAX_FILE_BYTES = 1_000_000_000
"""The largest file that is copied."""
MAX_SPECS = 20_000
"""YAML files of a base that are looked into."""
NOT_CHECKED_OUT = "S"
"""The tag in `git ls-files -t` of a file that a sparse checkout leaves out."""
SPEC_EXTENSIONS = (".yaml", ".yml")
_VERSION = lazy_pattern(rb"""spec["']?\s*:\s*[0-9]""")
"""What every spec has somewhere, and few other files: most of a repository's YAML is not parsed."""
_POINTER = b"version https://git-lfs.github.com/spec/"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotInBase(Exception):
    """A file can't be had from the commit. The text says why, with its path."""


@dataclass(frozen=True, slots=True)
class BaseTree:
    """The YAML files of a commit that may be specs of one project, by their paths from the repository's top. `scope` is its folder there, or empty."""

    base: BaseCommit
    scope: str
    entries: dict[str, TreeEntry]

    def names(self, paths: Iterable[str]) -> dict[str, str]:
        """The names of the specs among these files, by path; empty for a file that can't be read."""
        by_path = {path: self.entries[path].object for path in paths if path in self.entries}
        sizes = self.base.git.sizes(list(dict.fromkeys(by_path.values()))) if by_path else {}
        small = [identity for identity, size in sizes.items() if size <= MAX_SPEC_BYTES]
        found = {identity: spec_name(raw) for identity, raw in self.base.git.contents(small)}
        return {path: name for path, identity in by_path.items() if (name := found.get(identity, "")) is not None}


def base_tree(base: BaseCommit, scope: str, specs: Collection[str] = ()) -> BaseTree:
    """The YAML files below `scope`, and those at the paths `specs` whatever they are called, without those of a project inside it.

    Where the base has no project in `scope`, it may have moved there: then the files of projects that are gone belong to it, too, as far as
    they are gone themselves. Raises `GitUnreadable`.
    """
    found, projects = _documents(base, scope, specs)
    inner = {project for project in projects if project != scope and is_below(project, {scope})}
    own = {path: entry for path, entry in found.items() if not is_below(path, inner)}
    if scope not in projects:
        own |= _moved(base, specs)
    return BaseTree(base, scope, own)


def _documents(base: BaseCommit, folder: str, specs: Collection[str]) -> tuple[dict[str, TreeEntry], set[str]]:
    """The files below a folder that may be specs, by path, and the folders of projects there."""
    found: dict[str, TreeEntry] = {}
    projects: set[str] = set()
    for entry in base.git.entries(base.commit, folder):
        if PurePosixPath(entry.path).name == PROJECT_FILE_NAME:
            projects.add(posixpath.dirname(entry.path))
        elif entry.is_file and (
            entry.path in specs or (entry.path.endswith(SPEC_EXTENSIONS) and len(found) < MAX_SPECS)
        ):
            found[entry.path] = entry
    return found, projects


def _moved(base: BaseCommit, specs: Collection[str]) -> dict[str, TreeEntry]:
    """The files of the whole base that are gone, and whose project is gone as well."""
    found, projects = _documents(base, "", specs)
    left_out: set[str] | None = None
    moved = {}
    for path, entry in found.items():
        project = project_of(path, projects)
        own = [path] if project is None else [path, posixpath.join(project, PROJECT_FILE_NAME)]
        if not any(os.path.lexists(base.top / each) for each in own):
            if left_out is None:
                left_out = {each for each, tag in base.git.work_tree_files("") if tag == NOT_CHECKED_OUT}
            if left_out.isdisjoint(own):
                moved[path] = entry
    return moved


def spec_name(raw: bytes) -> str | None:
    """The name of the spec in a YAML file; empty if it has faults. None: it is no spec."""
    if len(raw) > MAX_SPEC_BYTES or not _VERSION.search(raw):
        return None
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    document = read_document(TextFile("", text), Problems())
    if document is None:
        return "" if SPEC_LINE.search(text) else None
    data = document.data
    if not isinstance(data, dict) or type(data.get("spec")) is not int:
        return None
    name = data.get("name")
    return name if isinstance(name, str) else ""


def project_of(path: str, projects: Collection[str]) -> str | None:
    """The innermost of these folders of projects that a file is in."""
    above = ("" if str(folder) == "." else str(folder) for folder in PurePosixPath(path).parents)
    return next((folder for folder in above if folder in projects), None)


def is_below(path: str, folders: Collection[str]) -> bool:
    """Whether a path is one of these folders, or in one of them. The empty one is the top."""
    return any(not folder or path == folder or path.startswith(f"{folder}/") for folder in folders)


class BaseFolder:
    """A private folder that holds copies of a commit's files, each at its path from the repository's top."""

    def __init__(self, base: BaseCommit, place: Path) -> None:
        self._base = base
        self._refused: dict[str, str] = {}
        self._brought: set[str] = set()
        self.place = place
        (place / ".git").mkdir(mode=0o700)  # nothing above this folder is a part of the project

    def path_of(self, path: str) -> str:
        return str(self.place / path)

    def bring(self, path: str) -> None:
        """Copies a file. Raises `NotInBase`, and `GitUnreadable`."""
        if path in self._brought:
            return
        if path not in self._refused:
            try:
                self._copy(path)
                self._brought.add(path)
                return
            except NotInBase as error:
                self._refused[path] = str(error)
            except OSError as error:
                self._refused[path] = f"'{printable(path)}' can't be copied: {error.strerror}"
        raise NotInBase(self._refused[path])

    def bring_projects(self, path: str) -> None:
        """Copies the project files that a spec at `path` may belong to and the identities of their ledgers, as far as there are any."""
        for file in project_files(path):
            if self._base.git.entry(self._base.commit, file) is not None:
                self.bring(file)

    def bring_named(self, declared_in: str, written: Iterable[str]) -> None:
        """Copies the files that a file at the path `declared_in` names. Paths that lead out of the repository are left to their reader."""
        for name in written:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(declared_in), name))
            if not _leads_out(path):
                self.bring(path)

    def _copy(self, path: str) -> None:
        shown = printable(path)
        if _leads_out(path):
            raise NotInBase(f"'{shown}' is no path of a file")
        entry = self._base.git.entry(self._base.commit, path)
        if entry is None:
            raise NotInBase(f"'{shown}' is not in that commit")
        if not entry.is_file:
            kind = {LINK_MODE: "a link", MODULE_MODE: "a submodule"}.get(entry.mode, "a folder")
            raise NotInBase(f"'{shown}' is {kind} in that commit")
        size = self._base.git.sizes([entry.object]).get(entry.object)
        if size is None:
            raise NotInBase(f"this clone lacks what is in '{shown}'")
        if size > MAX_FILE_BYTES:
            raise NotInBase(f"'{shown}' is larger than {MAX_FILE_BYTES // 1_000_000_000} GB")
        target = self.place / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, _NEW, 0o600), "wb") as file:
            self._base.git.write(entry.object, file)
        if size < 1_000 and target.read_bytes().startswith(_POINTER):
            raise NotInBase(f"'{shown}' is kept in Git LFS, and git itself has only its pointer")


def _leads_out(path: str) -> bool:
    """Whether a path isn't plainly that of a file below the top: git's objects can hold any names."""
    parts: Sequence[str] = path.split("/")
    return any(part in ("", ".", "..") or part.casefold() == ".git" or "\0" in part for part in parts)


def project_files(path: str) -> Iterator[str]:
    """Where the project file of a spec at `path` may be, and the `sendspec.lock` beside it."""
    for folder in PurePosixPath(path).parents:
        above = "" if str(folder) == "." else f"{folder}/"
        yield f"{above}{PROJECT_FILE_NAME}"
        yield f"{above}{LOCK_FILE}"


@contextmanager
def base_folder(base: BaseCommit) -> Iterator[BaseFolder]:
    """A folder that only this user can enter, gone at the end however that comes about."""
    place = tempfile.mkdtemp(prefix="sendspec-base-")
    with ending_on_signals():
        try:
            yield BaseFolder(base, Path(os.path.realpath(place)))
        finally:
            shutil.rmtree(place, ignore_errors=True)
