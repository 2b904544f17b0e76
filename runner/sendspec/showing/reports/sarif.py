"""SARIF 2.1.0, which code scanning services read: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sendspec import __version__
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.showing.explanations import EXPLANATIONS, Explanation
from sendspec.showing.json_text import json_document
from sendspec.showing.reports.check_report import (
    CheckReport,
    fingerprints,
    full_text,
    more_text,
    shortened,
    worst_first,
)
from sendspec.showing.reports.region import is_on_one_line, replacement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 5_000
"""GitHub shows no more of one run."""


def report_bytes(report: CheckReport) -> bytes:
    found = worst_first(report.diagnostics)
    shown = found[:MAX_RESULTS]
    codes = sorted({diagnostic.code for diagnostic in shown})
    results = [
        _result(diagnostic, codes.index(diagnostic.code), name)
        for diagnostic, name in zip(shown, fingerprints(shown), strict=True)
    ]
    run = {
        "tool": {"driver": {"name": "sendspec", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "automationDetails": {"id": f"sendspec/{report.command}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, **_left_out(found)}],
        "results": results,
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_document(document)


def _left_out(found: Sequence[Diagnostic]) -> dict[str, Any]:
    if len(found) <= MAX_RESULTS:
        return {}
    message = {"text": more_text(len(found) - MAX_RESULTS)}
    return {"toolExecutionNotifications": [{"level": "warning", "message": message}]}


def _rule(code: str) -> dict[str, Any]:
    """A rule of an error code, with the explanation of `sendspec explain`."""
    it = EXPLANATIONS.get(code, Explanation(summary=code))
    summary = f"{it.summary[0].upper()}{it.summary[1:]}."
    examples = [(word, example) for word, example in (("Wrong", it.wrong), ("Right", it.right)) if example]
    plain = [it.text or summary, *(f"{word}:\n\n{example}" for word, example in examples)]
    marked = [it.text or summary, *(f"{word}:\n\n```text\n{example}\n```" for word, example in examples)]
    return {
        "id": code,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": shortened(it.text or summary)},
        "help": {"text": "\n\n".join(plain), "markdown": "\n\n".join(marked)},
    }


def _result(diagnostic: Diagnostic, rule: int, fingerprint: str) -> dict[str, Any]:
    artifact, region = {"uri": _uri(diagnostic.path)}, _region(diagnostic)
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": "error" if diagnostic.severity is Severity.ERROR else "warning",
        "message": {"text": full_text(diagnostic)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {"sendspec/v1": fingerprint},
    }
    text = replacement(diagnostic)
    if text is not None:
        change = {"deletedRegion": region, "insertedContent": {"text": text}}
        result["fixes"] = [{"artifactChanges": [{"artifactLocation": artifact, "replacements": [change]}]}]
    return result


def _region(diagnostic: Diagnostic) -> dict[str, int]:
    start, end = diagnostic.span.start, diagnostic.span.end
    if is_on_one_line(diagnostic) and end.column <= start.column:
        return {"startLine": start.line, "startColumn": start.column}
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _uri(path: str) -> str:
    """A relative reference, without a colon that would make its first part a scheme (RFC 3986, 4.2)."""
    quoted = quote(path, safe="/", errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted
