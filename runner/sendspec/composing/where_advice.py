"""Writes out the comparison that was meant by a condition under `where` that is a text or can't be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from sendspec.composing.filters import TESTS
from sendspec.composing.first_rows import FirstRows
from sendspec.composing.known_names import BUILT_IN, KnownNames
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_compiler import compile_template
from sendspec.composing.template_name import KEYWORDS, written_name
from sendspec.composing.template_problem import TemplateProblem
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.unquoted_template import quoted_template
from sendspec.reading.spec import Spec
from sendspec.reading.where_text import is_expression, is_truth_word, where_problem, without_braces

MAX_COLUMNS = 1_000
_MAX_VALUE = 60
_COMPARED = lazy_pattern(r"\s*(===|==|!==|!=|<>|=|:)\s*(\S.*)", re.DOTALL)
_IN_WORDS = lazy_pattern(r"\s+(?P<verb>is\s+not|isn't|is|equals|not)\s+(?P<value>\S.*)", re.DOTALL)
_EMPTY = frozenset({"empty", "blank", "missing"})
_SIGNS = {"!=": "!=", "!==": "!=", "<>": "!="}
_AS_ITEM = lazy_pattern(r"row\s*(?:\[\s*(['\"])(?P<item>[^'\"]*)\1\s*\]|\.(?P<attribute>\w+))")
_QUOTED = lazy_pattern(r"""(?P<quote>['"])([^'"]*)(?P=quote)|[‘’“”„]([^'"‘’“”„]*)[‘’“”]""")
_PLAIN = lazy_pattern(r"[^'\"|()\[\]{}=<>&]*")
_JOINED = lazy_pattern(r"\b(?:and|or|not|if|in)\b")
_NUMBER = lazy_pattern(r"-?\d+(?:\.\d+)?")

Values = Sequence[Mapping[str, object]]


def text_for_condition(spec: Spec, known: KnownNames, rows: FirstRows) -> Diagnostic | None:
    """An error for a `where` that is a text, with the comparison that it is meant for."""
    if isinstance(spec.where, bool) or is_expression(spec.where):
        return None
    inner = without_braces(spec.where)
    values = [row.values for row in rows]
    meant = None
    if not is_truth_word(spec.where):
        meant = _comparison(inner, known, values) or _column_with(inner, known, values) or _spelled(inner, known)
    shown = None if meant is None else _shown(meant)
    listed = with_requoted_code(known.listed(), '"') if known.columns else ""
    return where_problem(spec.document, spec.where, shown, listed, is_readable=_is_readable(inner, known))


def _is_readable(inner: str, known: KnownNames) -> bool:
    """Whether the text is a condition of known names, such as `order_id is defined`."""
    template = compile_template(f"{{{{ {inner} }}}}")
    if isinstance(template, list) or not template.is_expression:
        return False
    used = {use.name for use in (*template.names, *template.columns)} - BUILT_IN
    return bool(used) and used <= {*known.columns, *known.variables}


def _spelled(inner: str, known: KnownNames) -> str | None:
    """A text that is a column's name, but for signs and spaces."""
    name = known.same(inner) if inner else None
    return None if name is None else f"{written_name(name)} == '…'"


def _is_negated(in_words: re.Match[str]) -> bool:
    return in_words["verb"].endswith(("not", "n't"))


def about_condition(problem: TemplateProblem, source: object, known: KnownNames, rows: FirstRows) -> TemplateProblem:
    """`problem` itself, or with the whole comparison that `where` is meant for as its fix."""
    if problem.code != "template-syntax" or not isinstance(source, str) or not is_expression(source):
        return problem
    meant = _comparison(without_braces(source), known, [row.values for row in rows])
    return problem if meant is None else replace(problem, fix=f"write {_shown(meant)}")


def _shown(condition: str) -> str:
    return quoted_template(with_requoted_code(f"{{{{ {condition} }}}}", '"'))


def _comparison(inner: str, known: KnownNames, values: Values) -> str | None:
    """`Opt-in = Ja` as `row["Opt-in"] == 'Ja'`; None if it doesn't begin with a column, or is more than one comparison."""
    name, rest = _first_column(inner, known)
    if name is None:
        return None
    if not rest.strip():
        return f"{written_name(name)} == '…'"
    in_words = _IN_WORDS.fullmatch(rest)
    if in_words is not None and in_words["value"].lower() in _EMPTY:
        return f"{written_name(name)} is {'' if _is_negated(in_words) else 'not '}defined"
    if in_words is not None and in_words["value"].lower() not in TESTS:
        compared_with = _value(in_words["value"], name, known, values)
        sign = "!=" if _is_negated(in_words) else "=="
        return None if compared_with is None else f"{written_name(name)} {sign} {compared_with}"
    compared = _COMPARED.fullmatch(rest)
    value = None if compared is None else _value(compared[2].strip(), name, known, values)
    if compared is None or value is None:
        return None
    return f"{written_name(name)} {_SIGNS.get(compared[1], '==')} {value}"


def _first_column(inner: str, known: KnownNames) -> tuple[str | None, str]:
    """The column that the condition begins with, and what follows it."""
    item = _AS_ITEM.match(inner)
    if item is not None:
        return item["item"] or item["attribute"], inner[item.end() :]
    names = [name for name in islice(known.listed_columns, MAX_COLUMNS) if name]
    for name in sorted(names, key=len, reverse=True):
        behind = inner[len(name) :]
        if inner[: len(name)].lower() == name.lower() and not re.match(r"[\w-]", behind):
            return name, behind
    return None, inner


def _value(written: str, name: str, known: KnownNames, values: Values) -> str | None:
    """The right side of a comparison as a template writes it; None if it is an expression."""
    found = _QUOTED.fullmatch(written)
    if found is not None:
        return f"'{found[2] or found[3] or ''}'"
    if written in known.columns or written in known.variables:
        return written_name(written)
    if len(written) > _MAX_VALUE or not _PLAIN.fullmatch(written) or _JOINED.search(written):
        return None
    is_text = all(isinstance(row.get(name, ""), str) for row in values)
    if written in KEYWORDS or (_NUMBER.fullmatch(written) and not is_text):
        return written
    return f"'{quoted(written)}'"


def _column_with(word: str, known: KnownNames, values: Values) -> str | None:
    """For a value alone, the comparison with a column that has it in one of the first rows."""
    if not word or not _PLAIN.fullmatch(word) or len(word) > _MAX_VALUE:
        return None
    for row in values:
        for name, value in islice(row.items(), MAX_COLUMNS):
            if isinstance(value, str) and value.strip().lower() == word.lower() and name in known.columns:
                return f"{written_name(name)} == '{quoted(value.strip())}'"
    return None
