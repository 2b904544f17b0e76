"""Prints what a check found in a form that CI services read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sendspec.cli.console import Console
from sendspec.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    from sendspec.showing.reports.check_report import CheckCase, Notice

CI_FORMS = ("github", "junit", "rdjson", "gitlab", "sarif")


def print_report(
    console: Console,
    command: str,
    diagnostics: Sequence[Diagnostic],
    cases: Callable[[], Iterable[CheckCase]],
    notices: Sequence[Notice] = (),
) -> None:
    """The command's result, if the format is one of `CI_FORMS`. `cases` is what was checked; only one form asks for it."""
    if console.format not in CI_FORMS or console.state.is_printed:
        return
    from sendspec.showing.reports.check_report import CheckReport, relocated  # for these forms alone

    form = import_module(f"sendspec.showing.reports.{console.format}")
    report = CheckReport(
        command, tuple(diagnostics), tuple(cases()) if console.format == "junit" else (), tuple(notices)
    )
    folder = Path.cwd()
    console.state.is_printed = True
    console.lines([form.report_bytes(relocated(report, str(folder), str(_checkout(folder))))])


def print_failure(console: Console, diagnostic: Diagnostic) -> None:
    """The result of a command that failed, if the format is one of `CI_FORMS`: so a service never reads an empty report as good."""

    def cases() -> Iterator[CheckCase]:
        from sendspec.showing.reports.check_report import CheckCase

        yield CheckCase(diagnostic.path, console.state.command, (diagnostic,))

    print_report(console, console.state.command, [diagnostic], cases)


def _checkout(folder: Path) -> Path:
    """The top of the work tree that `folder` is in; the folder itself where it is in none."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
