"""Which of the files that a spec names are in the copy, and what becomes of the spec where one isn't."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path, PurePath
from typing import assert_never

from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.untrusted.tracked_files import LeftOut
from sendspec.reading.files.confined_path import resolve_in_project
from sendspec.reading.files.near_file import TABLE_EXTENSIONS, near_file
from sendspec.reading.price_file import PriceFile
from sendspec.reading.spec import FileRecipients, Spec, StandardInput
from sendspec.reading.suppression_file import SuppressionFile

NOT_HERE = "not in this repository"


@dataclass(frozen=True, slots=True)
class AbsentTable:
    """A spec without its recipients; `file` and `why` as in `AbsentAudience`."""

    spec: Spec
    file: str
    why: str


@dataclass(slots=True)
class PresentInput:
    """Looks at each spec before its files are opened, and keeps those without recipients."""

    context: ProjectContext
    top: Path
    left_out: Mapping[str, LeftOut]
    absent: list[AbsentTable] = field(default_factory=list)

    def choose(self, spec: Spec, problems: Problems) -> Spec | None:
        """The spec with the files that are here; None where it has no recipients, or where a file is one that isn't read."""
        suppress = tuple(file for file in spec.suppress if self._has(file, problems, "nobody is suppressed by it"))
        chosen = replace(spec, suppress=suppress)
        match spec.recipients:
            case StandardInput():
                self.absent.append(AbsentTable(chosen, "-", "on standard input"))
                return None
            case FileRecipients(file=file):
                return chosen if self._has_table(chosen, file, problems) else None
        return chosen

    def with_present_files(self, problems: Problems) -> ProjectContext:
        """The context without the lists and prices that aren't here."""
        environment, project = self.context.environment, self.context.project
        suppress = tuple(
            file for file in environment.suppress if self._has(file, problems, "nobody is suppressed by it")
        )
        prices = project.prices
        if prices is not None and not self._has(prices, problems, "no cost is shown"):
            prices = None
        return replace(
            self.context, environment=replace(environment, suppress=suppress), project=replace(project, prices=prices)
        )

    def reason(self, place: str) -> LeftOut | None:
        """Why the file at this place of the copy, or a folder above it, isn't here though git tracks it."""
        path = PurePath(os.path.relpath(place, self.top))
        return next((self.left_out[str(each)] for each in (path, *path.parents) if str(each) in self.left_out), None)

    def _has_table(self, spec: Spec, file: str, problems: Problems) -> bool:
        place = resolve_in_project(self.context.root, spec.path, file)
        if isinstance(place, Problem) or os.path.lexists(place):
            return True  # opening it says what is wrong
        reason = self.reason(place)
        at = ("recipients", "file")
        if reason is not None and reason is not LeftOut.LFS:
            problems.add(spec.document.place(at, left_out_problem(file, reason)))
            return False
        why = NOT_HERE if reason is None else f"{NOT_HERE}: its table is {reason.value}"
        near = None if reason is not None else near_file(place, file, TABLE_EXTENSIONS)
        fix = "check the spec where the table is"
        found = Problem("audience-absent", f"'{printable(file)}' is {NOT_HERE}, so no recipient is checked", fix)
        found = found if near is None else replace(found, fix=f"write '{near}', or {fix}")
        problems.add(replace(spec.document.place(at, found), severity=Severity.WARNING))
        self.absent.append(AbsentTable(spec, file, why))
        return False

    def _has(self, file: SuppressionFile | PriceFile, problems: Problems, effect: str) -> bool:
        place = resolve_in_project(self.context.root, file.declared_in, file.written)
        if isinstance(place, Problem) or os.path.lexists(place):
            return True
        reason = self.reason(place)
        if reason is not None and reason is not LeftOut.LFS:
            problems.add(file.diagnostic(left_out_problem(file.written, reason)))
            return False
        shown = printable(file.written)
        found = Problem("list-absent", f"'{shown}' is {NOT_HERE}, so {effect}", "check the spec where the file is")
        problems.add(replace(file.diagnostic(found), severity=Severity.WARNING))
        return False


def left_out_problem(written: str, reason: LeftOut) -> Problem:
    """What is wrong with a file that git tracks and that isn't copied."""
    shown = printable(written[:200])
    match reason:
        case LeftOut.LINK:
            fix = "put the file itself into git"
        case LeftOut.SUBMODULE:
            fix = "put the file into this repository, or check it where the submodule is"
        case LeftOut.UNMERGED:
            fix = "resolve the conflict, then `git add` the file"
        case LeftOut.LARGE:
            fix = "keep the table out of the repository"
        case LeftOut.LFS:
            fix = "put the file itself into git"
        case LeftOut.ODD:
            fix = "rename it"
        case LeftOut.FILTER | LeftOut.IDENT | LeftOut.ENCODING | LeftOut.LINE_ENDS:
            fix = "take that attribute off it, so that the file that is checked is the one that is sent from"
        case _:
            assert_never(reason)
    return Problem("untrusted-left-out", f"'{shown}' is {reason.value}, which an untrusted check doesn't read", fix)
