"""What a check found, ready for a CI service: paths that it can follow, and texts within its limits."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.showing.diagnostics import clean, remarks

MAX_TEXT = 1_000
"""Characters of one text in a report. Longer ones end with `…`; a report itself is never cut."""


@dataclass(frozen=True, slots=True)
class CheckCase:
    """One thing that was checked: a spec, or an example of a spec. `file` is the spec's path.

    `not_checked` says why it was not; empty for one that was.
    """

    file: str
    name: str
    diagnostics: tuple[Diagnostic, ...] = ()
    not_checked: str = ""

    @property
    def has_failed(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the file at `path` that is no mistake."""

    path: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """`command` is the command that checked, such as `validate`. `notices` are shown by services that have a kind for them."""

    command: str
    diagnostics: tuple[Diagnostic, ...]
    cases: tuple[CheckCase, ...]
    notices: tuple[Notice, ...] = ()


def relocated(report: CheckReport, folder: str, root: str) -> CheckReport:
    """`report` with paths relative to `root`, the top of the checkout. Paths in it are relative to `folder`.

    CI services follow no other paths. A path outside `root` stays as it is.
    """

    def moved(path: str) -> str:
        place = os.path.relpath(Path(folder, path), root)
        return path if place.startswith("..") else Path(place).as_posix()

    def all_moved(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        return tuple(replace(diagnostic, path=moved(diagnostic.path)) for diagnostic in diagnostics)

    return CheckReport(
        report.command,
        all_moved(report.diagnostics),
        tuple(
            replace(
                case,
                file=moved(case.file),
                name=case.name.replace(case.file, moved(case.file), 1),
                diagnostics=all_moved(case.diagnostics),
            )
            for case in report.cases
        ),
        tuple(replace(notice, path=moved(notice.path)) for notice in report.notices),
    )


def worst_first(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors before warnings, each in their order."""
    return sorted(diagnostics, key=lambda diagnostic: diagnostic.severity is not Severity.ERROR)


def full_text(diagnostic: Diagnostic) -> str:
    """The problem, its fix and what else there is to say, a line each."""
    lines = [diagnostic.problem, f"fix: {diagnostic.fix}", *(f"also: {remark}" for remark in remarks(diagnostic))]
    return shortened("\n".join(clean(line) for line in lines))


def shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def more_text(left: int) -> str:
    """Names the problems that a report has no room for."""
    return f"and {left} more; `--format json` lists up to 1,000"


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """A name for each problem that stays the same if the file changes elsewhere: from its code, its file and the key or column
    that it is about, and from no line. Where several have these in common, they are counted.
    """
    counts: dict[tuple[str, str, str], int] = {}
    for diagnostic in diagnostics:
        about = (diagnostic.code, diagnostic.path, diagnostic.key or diagnostic.column)
        counts[about] = counts.get(about, 0) + 1
        yield hashlib.sha256(json.dumps([*about, counts[about]]).encode()).hexdigest()[:40]
