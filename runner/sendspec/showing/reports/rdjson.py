"""The Reviewdog Diagnostic Format, as one JSON document. Columns count bytes of UTF-8.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.showing.json_text import json_document
from sendspec.showing.reports.check_report import CheckReport, full_text, more_text, worst_first
from sendspec.showing.reports.region import byte_columns, replacement

MAX_DIAGNOSTICS = 1_000


def report_bytes(report: CheckReport) -> bytes:
    found = worst_first(report.diagnostics)
    shown = found if len(found) <= MAX_DIAGNOSTICS else found[: MAX_DIAGNOSTICS - 1]
    listed = [_diagnostic(diagnostic) for diagnostic in shown]
    if len(shown) < len(found):
        listed.append({"message": more_text(len(found) - len(shown)), "location": {"path": shown[0].path}})
    document = {"source": {"name": "sendspec"}, "diagnostics": listed}
    return json_document(document)


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    place = _range(diagnostic)
    shown: dict[str, Any] = {
        "message": full_text(diagnostic),
        "location": {"path": diagnostic.path, "range": place},
        "severity": diagnostic.severity.value.upper(),
        "code": {"value": diagnostic.code},
    }
    text = replacement(diagnostic)
    if text is not None:
        shown["suggestions"] = [{"range": place, "text": text}]
    return shown


def _range(diagnostic: Diagnostic) -> dict[str, Any]:
    """Whole lines where the columns aren't known."""
    columns, span = byte_columns(diagnostic), diagnostic.span
    if columns is None:
        return {"start": {"line": span.start.line}, "end": {"line": span.end.line}}
    return {
        "start": {"line": span.start.line, "column": columns[0]},
        "end": {"line": span.end.line, "column": columns[1]},
    }
