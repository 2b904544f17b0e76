"""What was checked, case by case: each spec, and each other file that has problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.showing.reports.check_report import CheckCase


def spec_cases(
    specs: Sequence[str], tables: Mapping[str, str], diagnostics: Sequence[Diagnostic]
) -> Iterator[CheckCase]:
    """A case for each of `specs`, then one for each other file with problems, such as the project file.

    `tables` are the paths of the tables of those specs that could be opened; a table's problems are its spec's. A spec that could
    not, and has no problem of its own, was not checked.
    """
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    elsewhere = [path for path in by_path if path not in specs and path not in tables.values()]
    why = f"not checked, because of the errors in {elsewhere[0]}" if elsewhere else "not checked"
    for path in dict.fromkeys(specs):
        files = dict.fromkeys([path, tables.get(path, path)])
        own = tuple(diagnostic for file in files for diagnostic in by_path.get(file, ()))
        has_failed = any(diagnostic.severity is Severity.ERROR for diagnostic in own)
        yield CheckCase(path, path, own, "" if path in tables or has_failed else why)
    for path in elsewhere:
        yield CheckCase(path, path, tuple(by_path[path]))


def example_cases(path: str, found: Sequence[Sequence[Diagnostic]]) -> Iterator[CheckCase]:
    """A case for each example of the spec at `path`, with what was found in it."""
    for number, diagnostics in enumerate(found, start=1):
        yield CheckCase(path, f"{path}: example {number}", tuple(diagnostics))
