"""Schema errors of a spec at their place, in the words of what its author wrote there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.position import Span
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document, dotted
from sendspec.reading.documents.unquoted_template import quoted_template
from sendspec.reading.limit_advice import whole_number_fix
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.spec_advice import a_table, value_at

_TEXTS = (("text",), ("title",), ("subject",), ("description",))
_ROWS = (("recipients",), ("recipients", "list"))
_SUPPRESS_FIX = "name files: [opt-outs.csv]; or write {opt_outs: true} to leave out people who opted out"
_ONE_NAME = lazy_pattern(r"\{\s*([^\W\d]\w{0,63})\s*\}")


def placed(document: Document, fault: SchemaProblem) -> Diagnostic:
    """`fault` at its place."""
    value = value_at(document.data, fault.at)
    special = _commented_out(document, fault, value) or _cut_number(document, fault)
    if special is not None:
        return special
    if (
        fault.code == "wrong-type"
        and fault.problem.partition(", found ")[0].endswith("text")
        and isinstance(value, int | float)
        and fault.at != ("delivery", "within")
    ):
        fault = _unquoted(document, fault, value)
    elif fault.code == "wrong-type" and isinstance(value, float):
        fault = _fraction(document, fault, value)
    elif _is_flow_for_text(document, fault, value):
        fault = _flow_for_text(document, fault)
    elif fault.at == ("spec",):
        fault = replace(fault, code="spec-version")
    elif fault.at == ("recipients",) and fault.code == "wrong-type":
        problem = fault.problem.replace("a mapping", "a list or a mapping", 1)
        fix = f"write {a_table(value)}" if isinstance(value, str) else f"list them, or name a table: {a_table(None)}"
        fault = replace(fault, problem=problem, fix=fix)
    elif fault.at == ("suppress",) and fault.code == "wrong-type" and not isinstance(value, str):
        fault = replace(fault, problem=fault.problem.replace("a list", "a list or a mapping", 1), fix=_SUPPRESS_FIX)
    elif fault.at == ("suppress", "opt_outs") and isinstance(value, dict):
        fault = replace(fault, fix="write true here, and `append` in the environment's `suppress`, in sendspec.yaml")
    elif fault.at in _ROWS and fault.code == "too-many":
        fix = "move them to a .csv file, and name it under `recipients: {file: …}`"
        fault = replace(fault, code="too-many-inline", fix=fix)
    if not fault.with_value:
        return document.place(fault.at, fault, key=fault.at_key)
    span = Span(document.key_span(fault.at).start, document.span(fault.at).end)
    return _at_span(document, fault, fault, span)


def _at_span(document: Document, fault: SchemaProblem, problem: Problem, span: Span) -> Diagnostic:
    excerpt = document.excerpt(span.start.line)
    return problem.diagnostic(document.path, span, excerpt=excerpt, key=dotted(fault.at))


def _commented_out(document: Document, fault: SchemaProblem, value: Any) -> Diagnostic | None:
    """`text: #1 in town`: a comment instead of a value."""
    behind = document.behind(fault.at) if value is None and fault.code == "wrong-type" else ""
    cut = behind.strip()
    if not cut.startswith("#"):
        return None
    start = len(behind) - len(behind.lstrip())
    return document.diagnostic(
        fault.at,
        code=fault.code,
        problem=f"YAML takes '{mask_in_place(printable(cut[:60]))}' for a comment, so there is no value",
        fix=f"put quotes around the text: {quoted_template(cut)}; or write a value before it",
        behind=(start, start + len(cut)),
    )


def _cut_number(document: Document, fault: SchemaProblem) -> Diagnostic | None:
    """`{messages: 5,000}`: YAML reads the rest of the number as a key."""
    if fault.code != "unknown-key" or fault.at[:-1] != ("limits",) or not str(fault.at[-1]).isdigit():
        return None
    keys = list(document.data["limits"])
    index = keys.index(fault.at[-1])
    before = ("limits", keys[index - 1])
    number, rest = document.span(before), document.key_span(fault.at)
    if not index or number.end.line != rest.start.line or number.end.column + 1 != rest.start.column:
        return None
    begin, end = document.written(before), str(fault.at[-1])
    problem = f"YAML takes the comma in {begin},{end} for the end of the value"
    is_whole = before[1] != "cost" and len(end) > 2
    fix = f"write the number without a comma: {begin}{end}" if is_whole else fault.fix
    found = Problem("unknown-key", problem, fix)
    return _at_span(document, fault, found, Span(number.start, rest.end))


def _is_flow_for_text(document: Document, fault: SchemaProblem, value: Any) -> bool:
    """`text: {name}` or `text: [more]`: a text that YAML reads as a mapping or a list."""
    is_text = fault.fix == "write text" and isinstance(value, dict | list) and fault.at[-1:] in _TEXTS
    written = document.written(fault.at) if is_text else ""
    return written[:1] in ("{", "[") and len(written) <= 100 and "\n" not in written


def _flow_for_text(document: Document, fault: SchemaProblem) -> SchemaProblem:
    written = document.written(fault.at)
    name = _ONE_NAME.fullmatch(written)
    if name is None:
        return replace(fault, fix=f"put quotes around it: {quoted_template(written)}")
    fix = f'write "{{{{ {name[1]} }}}}" for a column; if people should read the braces, "{{{{ \'{written}\' }}}}"'
    return replace(fault, problem="expected text, and YAML reads {…} as keys and values", fix=fix)


def _fraction(document: Document, fault: SchemaProblem, value: float) -> SchemaProblem:
    """A number with a point where a whole one is needed, shown as written: its zeros may count."""
    written = mask_in_place(printable(document.written(fault.at)[:40]))
    found = fault.problem.rpartition("the number ")[0]
    fix = whole_number_fix(document.written(fault.at), value)
    return replace(fault, problem=f"{found}the number {written}" if found else fault.problem, fix=fix or fault.fix)


def _unquoted(document: Document, fault: SchemaProblem, value: int | float) -> SchemaProblem:
    """A number or boolean where text is needed, shown as written and with the missing quotes."""
    written = mask_in_place(printable(document.written(fault.at)[:40]))
    fix = f'put it in quotes: "{written}"'
    if isinstance(value, bool):
        return replace(fault, fix=fix)
    problem = f"expected text, found the number {written}"
    return replace(fault, code="unquoted-number", problem=problem, fix=fix)
