"""What git tracks of the projects that specs belong to: the index's own content, read as objects.

The work tree is not read. So nothing in it that isn't tracked, no link and no device can be reached, and no filter of
`.gitattributes` runs. Git itself runs nothing that the repository configures, and fetches nothing.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.base_files import SPEC_EXTENSIONS, is_below, project_of
from sendspec.operations.git_command import Git, GitUnreadable
from sendspec.operations.git_objects import TreeEntry
from sendspec.reading.project import PROJECT_FILE_NAME

EXTENSIONS = (".yaml", ".yml", ".lock", ".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
"""Of specs, project files, tables, price tables, and lists of addresses."""
ATTRIBUTES_FILE = ".gitattributes"
_REGULAR = (b"100644", b"100755")
_LINK, _SUBMODULE = b"120000", b"160000"


class LeftOut(StrEnum):
    """Why something that git tracks isn't copied. The words complete "it is …"."""

    LINK = "a link"
    SUBMODULE = "a submodule"
    UNMERGED = "in a merge conflict"
    LARGE = "too large"
    LFS = "in Git LFS"
    ODD = "a name that no file can have"
    FILTER = "changed by a `filter` of .gitattributes when it is checked out"
    IDENT = "changed by `ident` in .gitattributes when it is checked out"
    LINE_ENDS = "changed by `eol=crlf` in .gitattributes when it is checked out, inside of its quoted cells"
    ENCODING = "changed by a `working-tree-encoding` of .gitattributes when it is checked out"


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """`path` is relative to the top of the repository; `size` is -1 before it is known."""

    path: str
    identity: bytes
    size: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFiles:
    """The files to copy, and what is left out, with the reason, by path. `entries` has the mode and object of everything, copied or not.

    `attributes` are the `.gitattributes` that say something of the files.
    `paths` are all that git tracks in the repository, also of other projects.
    """

    files: tuple[TrackedFile, ...]
    left_out: Mapping[str, LeftOut]
    entries: Mapping[str, tuple[bytes, bytes]]
    attributes: tuple[TrackedFile, ...] = ()
    paths: frozenset[str] = frozenset()


def working_prefix(git: Git) -> str:
    """Where the folder is in its repository: "" or a path that ends with a slash. Raises `GitUnreadable`."""
    prefix = git.prefix
    if prefix != git.way:
        raise GitUnreadable("its work tree is elsewhere")
    return prefix


def tracked_files(git: Git, specs: Sequence[str]) -> TrackedFiles:
    """What git tracks of the projects of `specs`, which are paths from the top of the repository. Raises `GitUnreadable`."""
    entries: dict[str, tuple[bytes, bytes]] = {}
    unmerged = set()
    for path, mode, identity, stage in _index(git.asked("ls-files", "-z", "--stage", "--full-name")):
        entries[path] = (mode, identity)
        if stage != b"0":
            unmerged.add(path)
    roots = {_root_of(spec, entries) for spec in specs}
    own = {path: each for path, each in entries.items() if is_below(path, roots)}
    chosen = _chosen(git, own, specs, unmerged)
    attributes = [
        TrackedFile(path, identity)
        for path, (mode, identity) in entries.items()
        if PurePosixPath(path).name == ATTRIBUTES_FILE
        and mode in _REGULAR
        and path not in unmerged
        and _is_plain(path)
        and (is_below(path, roots) or any(is_below(root, [posixpath.dirname(path)]) for root in roots))
    ]
    return replace(chosen, attributes=tuple(_with_sizes(git, attributes)), paths=frozenset(entries))


def committed_files(git: Git, committed: Iterable[TreeEntry], specs: Sequence[str], now: TrackedFiles) -> TrackedFiles:
    """As `tracked_files`, of the files of a commit; also of projects that are gone `now`, if those of the specs are new: they may have moved."""
    entries = {each.path: (each.mode.encode(), each.object.encode()) for each in committed}
    roots = {_root_of(spec, entries) for spec in specs}
    own = {path: each for path, each in entries.items() if is_below(path, roots)}
    here = {_root_of(spec, now.paths) for spec in specs}
    if any(file in now.paths and file not in entries for file in map(_project_file, here)):
        moved = set(_moved(entries, now.paths))
        kept = (path for path in own if is_below(path, here) or not _may_be_spec(path))
        own = {path: entries[path] for path in (*kept, *moved)}
    return _chosen(git, own, specs)


def _moved(then: Collection[str], now: Collection[str]) -> Iterator[str]:
    """The files of projects that are gone, but for the documents that are still there, and gone files of no project."""
    projects = {posixpath.dirname(path) for path in then if PurePosixPath(path).name == PROJECT_FILE_NAME}
    for path in then:
        project = project_of(path, projects)
        is_needed = path not in now or (project is not None and not path.endswith(SPEC_EXTENSIONS))
        if is_needed and (project is None or _project_file(project) not in now):
            yield path


def _may_be_spec(path: str) -> bool:
    return path.endswith(SPEC_EXTENSIONS) and PurePosixPath(path).name != PROJECT_FILE_NAME


def _project_file(folder: str) -> str:
    return posixpath.join(folder, PROJECT_FILE_NAME)


def _chosen(
    git: Git,
    entries: Mapping[str, tuple[bytes, bytes]],
    specs: Collection[str],
    unmerged: Collection[str] = (),
) -> TrackedFiles:
    """The files with an ending of `EXTENSIONS`, and the specs whatever theirs is."""
    left_out, files = {}, []
    for path, (mode, identity) in entries.items():
        if path in unmerged:
            left_out[path] = LeftOut.UNMERGED
        elif not _is_plain(path):
            left_out[path] = LeftOut.ODD
        elif mode == _LINK:
            left_out[path] = LeftOut.LINK
        elif mode == _SUBMODULE:
            left_out[path] = LeftOut.SUBMODULE
        elif mode in _REGULAR and (path in specs or path.lower().endswith(EXTENSIONS)):
            files.append(TrackedFile(path, identity))
    return TrackedFiles(files=tuple(_with_sizes(git, files)), left_out=left_out, entries=entries)


def contents(git: Git, files: Sequence[TrackedFile]) -> Iterator[tuple[TrackedFile, IO[bytes]]]:
    """Each file with a stream that holds its content next. The stream has to be read to the content's end. Raises `GitUnreadable`."""
    with git.running("cat-file", "--batch", stdin=b"".join(each.identity + b"\n" for each in files)) as answer:
        for each in files:
            head = answer.stream.readline(200).split()
            if head != [each.identity, b"blob", b"%d" % each.size]:
                raise GitUnreadable("an object is missing: is this a partial clone?")
            yield each, answer.stream
            answer.stream.read(1)


def _with_sizes(git: Git, files: Sequence[TrackedFile]) -> Iterator[TrackedFile]:
    answer = git.asked("cat-file", "--batch-check", stdin=b"".join(each.identity + b"\n" for each in files))
    for each, line in zip(files, answer.splitlines(), strict=True):
        words = line.split()
        if len(words) != 3 or words[1] != b"blob":
            raise GitUnreadable("an object is missing: is this a partial clone?")
        yield TrackedFile(each.path, each.identity, int(words[2]))


def _index(listing: bytes) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, identity, stage = about.split(b" ")
        yield os.fsdecode(path), mode, identity, stage


def _root_of(spec: str, tracked: Collection[str]) -> str:
    """The folder of the nearest project file above the spec, or the spec's own."""
    above = PurePosixPath(spec).parents
    root = next((each for each in above if str(each / PROJECT_FILE_NAME) in tracked), above[0])
    return "" if str(root) == "." else str(root)


def _is_plain(path: str) -> bool:
    """Whether the path leads down. Git writes no other into an index; somebody else can."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and part.casefold() != ".git" and "\0" not in part for part in parts)
