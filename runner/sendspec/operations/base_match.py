"""Which spec of a base each spec of today was, and which of the base's are gone."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.base_files import NOT_CHECKED_OUT, SPEC_EXTENSIONS, BaseTree, spec_name
from sendspec.planning.base_change import RemovedSpec
from sendspec.reading.files.nofollow_open import read_beneath
from sendspec.reading.files.text_file import MAX_SPEC_BYTES
from sendspec.reading.spec import Spec


@dataclass(frozen=True, slots=True)
class Matches:
    """The base's path of each spec, by its present name; a spec that is not in `path_by_name` is new."""

    path_by_name: Mapping[str, str]
    removed: tuple[RemovedSpec, ...]


def match_specs(tree: BaseTree, specs: Sequence[tuple[Spec, str]]) -> Matches:
    """Matches specs, each with its present path from the repository's top: by name, then by `moved_from`, then by path.

    Raises `GitUnreadable`.
    """
    gone = _gone(tree)
    known = tree.names([path for _, path in specs])
    known |= tree.names(gone)
    wanted = {name for spec, path in specs if known.get(path) != spec.name for name in (spec.name, spec.moved_from)}
    if not (wanted - {None, False}) <= set(known.values()):
        known |= tree.names(tree.entries)
    here = {spec.name for spec, _ in specs}
    path_by_name = {name: path for path, name in sorted(known.items(), reverse=True)}
    found: dict[str, str] = {}
    for spec, path in specs:
        was = known.get(path)
        if was == spec.name:
            found[spec.name] = path
        elif spec.name in path_by_name:
            found[spec.name] = path_by_name[spec.name]
        elif isinstance(spec.moved_from, str) and spec.moved_from in path_by_name:
            found[spec.name] = path_by_name[spec.moved_from]
        elif spec.moved_from is not False and was is not None and was not in here and was not in set(_new_names(tree)):
            found[spec.name] = path
    former = {spec.moved_from for spec, _ in specs}
    lost = {path: name for path in gone if (name := known.get(path)) and name not in here and name not in former}
    elsewhere = set(_new_names(tree)) if lost else set()
    return Matches(
        found,
        tuple(
            RemovedSpec(name=name, path=posixpath.relpath(path, tree.scope or "."))
            for path, name in lost.items()
            if name not in elsewhere
        ),
    )


def _gone(tree: BaseTree) -> list[str]:
    """The base's files that the work tree no longer has."""
    missing = [path for path in tree.entries if not os.path.lexists(tree.base.top / path)]
    if not missing:
        return []
    left_out = {path for path, tag in _work_tree(tree) if tag == NOT_CHECKED_OUT}
    return [path for path in missing if path not in left_out]


def _new_names(tree: BaseTree) -> Iterator[str]:
    """The names of the specs whose files the base doesn't have."""
    for path, _ in _work_tree(tree):
        if path.endswith(SPEC_EXTENSIONS) and path not in tree.entries:
            with suppress(OSError):
                name = spec_name(read_beneath(tree.base.top, path, MAX_SPEC_BYTES))
                if name:
                    yield name


def _work_tree(tree: BaseTree) -> Iterator[tuple[str, str]]:
    return tree.base.git.work_tree_files(tree.scope)
