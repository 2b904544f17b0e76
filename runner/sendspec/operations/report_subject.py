"""Which send a word of the command line means, if its spec is there, broken, gone or renamed."""

from __future__ import annotations

import os
from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.protocol import Facts
from sendspec.operations.planned_specs import has_name, yaml_files
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import name_in, other_names
from sendspec.reading.spec import Spec, read_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSubject:
    """`spec` is None if it can't be read, and `note` says why; or `note` says under which name it was sent. `path` is its file's.

    `is_known`: there is a spec of that name in the ledger, or a file. If not, `near` is a name in the ledger that may have been meant.
    """

    name: str
    is_known: bool = True
    near: str | None = None
    spec: Spec | None = None
    path: str | None = None
    note: str = ""


def find_subject(context: ProjectContext, ledger: Facts | None, word: str, *, is_name: bool) -> ReportSubject:
    """The send that a path or a name means. A path whose spec can't be read is looked up among those that the ledger noted."""
    if not is_name:
        return _of_path(context, ledger, word)
    noted = None if ledger is None else ledger.spec_path(word)
    if noted is None:
        return _unsent(context, word) or _unknown(ledger, word)
    path = os.path.relpath(context.root / noted)
    spec, note = _read(context, path)
    if spec is not None and word not in (spec.name, *other_names(spec, ledger)):
        return ReportSubject(name=word, note=f"{printable(path)} is the spec '{spec.name}' now")
    return ReportSubject(name=word, spec=spec, path=path, note=note)


def _unsent(context: ProjectContext, name: str) -> ReportSubject | None:
    """The spec of that name among the project's files. Without a project file, nothing says how far to search: the root alone is."""
    files = yaml_files(context.root) if context.project.path is not None else context.root.glob("*.yaml")
    found = next((each for each in files if has_name(each, name)), None)
    if found is None:
        return None
    path = os.path.relpath(found)
    spec, note = _read(context, path)
    return ReportSubject(name=name, spec=spec, path=path, note=note)


def _unknown(ledger: Facts | None, name: str, note: str = "") -> ReportSubject:
    names = {} if ledger is None else {each: send.name for send in ledger.sends() for each in (send.name, send.path)}
    near = near_miss(name, filter(None, names))
    return ReportSubject(name=name, note=note, is_known=False, near=None if near is None else names[near])


def _of_path(context: ProjectContext, ledger: Facts | None, path: str) -> ReportSubject:
    spec, note = _read(context, path)
    here = None if ledger is None else _sent_from(context, ledger, path)
    if spec is None and here is None and not Path(path).is_file():
        return _unknown(ledger, printable(path), f"there is no file '{printable(path)}'")
    if spec is None:
        written = name_in(Path(path)) if Path(path).is_file() else None
        known = written if written and ledger is not None and ledger.sends(written) else here
        return ReportSubject(name=known or written or printable(path), path=path, note=note)
    if ledger is None or ledger.sends(spec.name):
        return ReportSubject(name=spec.name, spec=spec, path=path)
    others = other_names(spec, ledger)
    if others:
        return ReportSubject(name=others[-1], spec=spec, path=path, note=f"it was sent as '{others[-1]}'")
    hint = "" if here is None else f"this file was sent as '{here}': name that for its report"
    return ReportSubject(name=spec.name, spec=spec, path=path, note=hint)


def _read(context: ProjectContext, path: str) -> tuple[Spec | None, str]:
    shown = printable(path)
    if not Path(path).is_file():
        return None, f"{shown} is gone"
    problems = Problems()
    spec = read_spec(path, problems, context.key_files)
    first = problems.first_error
    if spec is not None and first is None:
        return spec, ""
    place = shown if first is None else f"{printable(first.path)}:{first.span.start.line}"
    return None, f"{place}: {'it is no spec' if first is None else first.problem}"


def _sent_from(context: ProjectContext, ledger: Facts, path: str) -> str | None:
    """The spec whose newest generation was read from this path."""
    relative = context.relative(path)
    return next((send.name for send in reversed(ledger.sends()) if send.path == relative), None)
