"""A code quality report, which GitLab shows in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.showing.json_text import json_document
from sendspec.showing.reports.check_report import CheckReport, fingerprints, full_text, more_text, worst_first

MAX_ISSUES = 1_000
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def report_bytes(report: CheckReport) -> bytes:
    found = worst_first(report.diagnostics)
    shown = found if len(found) <= MAX_ISSUES else found[: MAX_ISSUES - 1]
    issues = [_issue(diagnostic, name) for diagnostic, name in zip(shown, fingerprints(shown), strict=True)]
    if len(shown) < len(found):
        issues.append({**issues[0], "check_name": "sendspec", "fingerprint": "0" * 40,
                       "description": more_text(len(found) - len(shown))})  # fmt: skip
    return json_document(issues)


def _issue(diagnostic: Diagnostic, fingerprint: str) -> dict[str, Any]:
    """A description is one line, without markup."""
    span = diagnostic.span
    return {
        "description": full_text(diagnostic).replace("\n", "; "),
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": diagnostic.path, "lines": {"begin": span.start.line, "end": span.end.line}},
    }
