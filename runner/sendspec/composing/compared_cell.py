"""Finds columns of a table that are compared with a number, or with true, false or none: a cell is text, which equals none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath

from sendspec.composing.first_rows import FirstRows
from sendspec.composing.known_names import KnownNames
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_scan import tags_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import FileRecipients, Spec
from sendspec.reading.tables.file_format import JSON_LINES_EXTENSIONS

MAX_FOUND = 20
_OTHER = r"(?P<number>\d{1,30}(?:\.\d{1,30})?)|(?P<word>[Tt]rue|[Ff]alse|[Nn]one)"
_COMPARISON = lazy_pattern(
    rf"""(?<![\w.|])(?P<cell>(?P<name>[^\W\d]\w{{0,63}})|row\[(?:"(?P<double>[^"]{{1,64}})"|'(?P<single>[^']{{1,64}})')\])"""
    rf"(?:[ ]?(?P<sign>[=!]=)[ ]?(?:{_OTHER})(?![\w.]|,\d)|[ ]is[ ](?P<no>not[ ])?(?P<none>none)(?!\w))"
)
_AFTER_FILTER = lazy_pattern(r"[|.]\s*\Z")


def cells_are_text(spec: Spec) -> bool:
    """Whether the recipients come from a table: the values of JSON lines and of the spec's own list have types."""
    source = spec.recipients
    return isinstance(source, FileRecipients) and PurePath(source.file).suffix.lower() not in JSON_LINES_EXTENSIONS


def cells_compared_with_others(spec: Spec, known: KnownNames, rows: FirstRows) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`; an error for true, false and none, with the words of `rows` for them."""
    return islice(_found(spec, known, rows), MAX_FOUND) if cells_are_text(spec) else iter(())


def _found(spec: Spec, known: KnownNames, rows: FirstRows) -> Iterator[Diagnostic]:
    for at, value in (*walk(spec.message, ("message",)), (("recipients", "where"), spec.where)):
        if not isinstance(value, str) or "{" not in value or not ("=" in value or "none" in value):
            continue
        for tag in tags_of(value):
            for match in _COMPARISON.finditer(value, tag.start, tag.end):
                name = match["name"] or match["double"] or match["single"]
                if name in known.columns and _AFTER_FILTER.search(value, tag.start, match.start()) is None:
                    cells = dict.fromkeys(str(row.values.get(name) or "") for row in rows) if match["word"] else {}
                    yield _diagnostic(spec, at, match, [cell for cell in cells if cell])


def _diagnostic(spec: Spec, at: KeyPath, match: re.Match[str], cells: Sequence[str]) -> Diagnostic:
    is_equal = match["no"] is None if match["none"] else match["sign"] == "=="
    if match["none"] or match["word"] in ("none", "None"):
        meant = "is not defined" if is_equal else "is defined"
    else:
        meant = _with_words(match, cells) if match["word"] else f"{match['sign']} '{match['number']}'"
    is_number = match["number"] is not None
    fix = quoted(f"write `{match['cell']} {meant}`")
    return spec.document.diagnostic(
        at,
        code="compared-with-number" if is_number else "compared-with-boolean",
        problem=f"a cell of a table is text, so `{quoted(match[0])}` is {'never' if is_equal else 'always'} true",
        fix=with_requoted_code(fix, spec.document.written(at)),
        within=match.span(),
        severity=Severity.WARNING if is_number else Severity.ERROR,
    )


def _with_words(match: re.Match[str], cells: Sequence[str]) -> str:
    """The comparison with the column's own words for true or false; without such words, with those for the opposite."""
    from sendspec.composing.yes_no import denying, truthy  # needed only after a mistake

    word, is_equal = match["word"].lower(), match["sign"] == "=="
    words = [truthy(cells), denying(cells)]
    same, opposite = words if word == "true" else words[::-1]
    meant = same or opposite or [word]
    is_in = is_equal == bool(same or not opposite)
    texts = [f"'{text}'" for text in meant]
    if len(texts) == 1:
        return f"{'==' if is_in else '!='} {texts[0]}"
    return f"{'in' if is_in else 'not in'} [{', '.join(texts)}]"
