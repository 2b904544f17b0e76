"""Workflow commands, which GitHub Actions shows as annotations.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.showing.diagnostics import clean
from sendspec.showing.reports.check_report import CheckReport, Notice, full_text, more_text, shortened
from sendspec.showing.reports.region import is_on_one_line

MAX_SHOWN = 10
"""Annotations of one kind that GitHub shows of a step."""


def report_bytes(report: CheckReport) -> bytes:
    lines = [line for severity in Severity for line in _commands(report.diagnostics, severity)]
    lines += _notices(report.notices)
    return "".join(f"{line}\n" for line in lines).encode()


def _commands(diagnostics: Sequence[Diagnostic], severity: Severity) -> Iterator[str]:
    """The annotations of one kind. Of too many, those with the most rows are shown, and the last one says how many are left."""
    found = [diagnostic for diagnostic in diagnostics if diagnostic.severity is severity]
    shown = found
    if len(found) > MAX_SHOWN:
        worst = sorted(range(len(found)), key=lambda index: -max(1, found[index].row_count))[: MAX_SHOWN - 1]
        shown = [found[index] for index in sorted(worst)]
    for diagnostic in shown:
        yield f"::{severity.value} {_properties(diagnostic)}::{_data(full_text(diagnostic))}"
    if len(shown) < len(found):
        yield f"::{severity.value} title=sendspec::{_data(more_text(len(found) - len(shown)))}"


def _notices(notices: Sequence[Notice]) -> Iterator[str]:
    shown = notices if len(notices) <= MAX_SHOWN else notices[: MAX_SHOWN - 1]
    for notice in shown:
        where = f"file={_property(clean(notice.path))},line=1,title={_property(clean(notice.title))}"
        yield f"::notice {where}::{_data(shortened(clean(notice.text)))}"
    if len(shown) < len(notices):
        yield f"::notice title=sendspec::and {len(notices) - len(shown)} more of this kind"


def _properties(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties: dict[str, object] = {"file": clean(diagnostic.path), "line": span.start.line, "endLine": span.end.line}
    if is_on_one_line(diagnostic):
        properties |= {"col": span.start.column, "endColumn": max(span.start.column, span.end.column)}
    properties["title"] = diagnostic.code
    return ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
