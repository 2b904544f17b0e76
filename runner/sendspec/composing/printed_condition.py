"""Finds conditions between {{ and }} in the middle of a text: people would read `true` or `false`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sendspec.composing.compared_cell import cells_are_text
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_scan import Tag, tags_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import Spec

MAX_FOUND = 20
MAX_SHOWN = 60
_NEGATED = lazy_pattern(r"not ([^\W\d]\w*)")
"""Of a cell, this is never true: where it is empty, the row is refused."""
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})


def printed_conditions(spec: Spec) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`."""
    return islice(_found(spec), MAX_FOUND)


def is_printed(value: str, tag: Tag) -> bool:
    """Whether `tag` is a condition that is a part of the text `value`; alone, it may be meant as the value itself."""
    if tag.opening != "{{" or not tag.is_closed or value.strip() == value[tag.start : tag.end]:
        return False
    outside = [piece.text for piece in tag.pieces if not piece.depth and piece.kind in ("sign", "name")]
    is_condition = not _COMPARISONS.isdisjoint(outside) or outside[:1] == ["not"] or "is" in outside
    return is_condition and {"if", "|", "~"}.isdisjoint(outside)


def _found(spec: Spec) -> Iterator[Diagnostic]:
    for at, value in walk(spec.message.get("body"), ("message", "body")):
        if isinstance(value, str) and "{{" in value:
            yield from (_diagnostic(spec, at, value, tag) for tag in tags_of(value) if is_printed(value, tag))


def _diagnostic(spec: Spec, at: KeyPath, value: str, tag: Tag) -> Diagnostic:
    condition = quoted(value[tag.pieces[0].start : tag.pieces[-1].end])
    if cells_are_text(spec) and (negated := _NEGATED.fullmatch(condition)) and negated[1] not in spec.variables:
        condition = f"{negated[1]} is not defined"
    shown = condition if len(condition) <= MAX_SHOWN else "…"
    return spec.document.diagnostic(
        at,
        code="printed-condition",
        problem="{{ }} prints a value, and that of a condition is `true` or `false`",
        fix=with_requoted_code(f"write {{% if {shown} %}}…{{% endif %}}", spec.document.written(at)),
        within=(tag.start, tag.end),
        severity=Severity.WARNING,
    )
