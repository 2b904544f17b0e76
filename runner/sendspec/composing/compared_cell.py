"""Finds columns of a table that are compared with a number: a cell is text, which equals no number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath

from sendspec.composing.known_names import KnownNames
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_scan import tags_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import FileRecipients, Spec
from sendspec.reading.tables.file_format import JSON_LINES_EXTENSIONS

MAX_FOUND = 20
_NUMBER = r"\d{1,30}(?:\.\d{1,30})?"
_COMPARISON = re.compile(
    rf"""(?<![\w.|])(?P<cell>(?P<name>[^\W\d]\w{{0,63}})|row\[(?:"(?P<double>[^"]{{1,64}})"|'(?P<single>[^']{{1,64}})')\])"""
    rf"[ ]?(?P<sign>[=!]=)[ ]?(?P<number>{_NUMBER})(?![\w.]|,\d)"
)
_AFTER_FILTER = re.compile(r"[|.]\s*\Z")


def cells_are_text(spec: Spec) -> bool:
    """Whether the recipients come from a table: the values of JSON lines and of the spec's own list have types."""
    source = spec.recipients
    return isinstance(source, FileRecipients) and PurePath(source.file).suffix.lower() not in JSON_LINES_EXTENSIONS


def cells_compared_with_numbers(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`."""
    return islice(_found(spec, known), MAX_FOUND) if cells_are_text(spec) else iter(())


def _found(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    for at, value in (*walk(spec.message, ("message",)), (("recipients", "where"), spec.where)):
        if not isinstance(value, str) or "=" not in value or "{" not in value:
            continue
        for tag in tags_of(value):
            for match in _COMPARISON.finditer(value, tag.start, tag.end):
                name = match["name"] or match["double"] or match["single"]
                if name in known.columns and _AFTER_FILTER.search(value, tag.start, match.start()) is None:
                    yield _diagnostic(spec, at, match)


def _diagnostic(spec: Spec, at: KeyPath, match: re.Match[str]) -> Diagnostic:
    always = "never" if match["sign"] == "==" else "always"
    fix = quoted(f"write `{match['cell']} {match['sign']} '{match['number']}'`")
    return spec.document.diagnostic(
        at,
        code="compared-with-number",
        problem=f"a cell of a table is text, so `{quoted(match[0])}` is {always} true",
        fix=with_requoted_code(fix, spec.document.written(at)),
        within=match.span(),
        severity=Severity.WARNING,
    )
