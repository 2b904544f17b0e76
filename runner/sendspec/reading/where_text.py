"""Conditions under `where` that are a text or a number: these are neither true nor false, whatever the row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.documents.unquoted_template import quoted_template
from sendspec.reading.schema.schema_problem import BOOLEANS

WHERE: KeyPath = ("recipients", "where")
_MAX_SHOWN = 100
_COMPARISON = lazy_pattern(r"[=<>]")
_SHOWN = 40
_EVERY_OR_NONE = {0: "false for no row"}
UNKNOWN_VALUE = """ == '…' }}\""""
"""The end of a condition that compares a column with a value that isn't known."""


def is_expression(where: str) -> bool:
    """Whether the text is one template, so that it gives something else than text."""
    return where.startswith("{{") and where.endswith("}}")


def without_braces(where: str) -> str:
    """What is between the braces, if there are any."""
    return re.sub(r"\{\{\s*|\s*\}\}", "", where.strip())


def where_problems(document: Document) -> Iterator[Diagnostic]:
    """An error for a condition that is a text, as far as it can be understood without the table's columns."""
    recipients = document.data.get("recipients") if isinstance(document.data, dict) else None
    where = recipients.get("where") if isinstance(recipients, dict) else None
    if isinstance(where, str) and not is_expression(where):
        yield where_problem(document, where)


def number_problems(document: Document, where: Any) -> Iterator[Diagnostic]:
    """An error for a number as the condition."""
    if is_number(where):
        written = mask_in_place(printable(document.written(WHERE)[:40]))
        yield document.diagnostic(
            WHERE,
            code="where-not-boolean",
            problem=f"`where` is the number {written}, which is neither true nor false",
            fix=f"write {_EVERY_OR_NONE.get(where, 'true for every row')}, or a column and what it should be, \"{{{{ … == '{written}' }}}}\"",
        )


def is_number(where: Any) -> bool:
    return isinstance(where, int | float) and not isinstance(where, bool)


def is_truth_word(where: str) -> bool:
    """Whether the text is a word for true or false, such as `Yes`, which is a text to YAML."""
    return where.strip().lower() in BOOLEANS


def where_problem(
    document: Document, where: str, meant: str | None = None, columns: str = "", *, is_readable: bool = False
) -> Diagnostic:
    """The error for the text `where`. `meant` is the condition in its place; without it, it is put together from the text.

    `columns` lists the table's columns, for a text that is neither a column nor a comparison. `is_readable`: between braces, the text
    is a condition of known names.
    """
    cut = printable(where[:_SHOWN]) + "…" * (len(where) > _SHOWN)
    problem = f"'{mask_in_place(cut)}' has no {{{{ }}}} around it, so it is text, which is neither true nor false"
    within, opened = None, where.rfind("{{")
    if is_truth_word(where):
        problem = f"YAML reads {cut} as text, which is neither true nor false"
    elif opened >= 0 and "}}" not in where[opened:]:
        problem, within = "this {{ is never closed, so `where` is text", (opened, opened + 2)
    elif opened >= 0:
        problem = "there is text beside the {{ }}, so `where` is text, which is neither true nor false"
    if meant is not None and meant.endswith(UNKNOWN_VALUE):
        present = f"{meant.removesuffix(UNKNOWN_VALUE)} is defined }}}}{meant[-1]}"
        fix = f"write {meant} with what it should be, or {present} for every row that has one"
    else:
        fix = f"write {meant}" if meant else _fix(where, columns, is_readable=is_readable)
    return document.diagnostic(WHERE, code="where-not-boolean", problem=problem, fix=fix, within=within)


def _fix(where: str, columns: str, *, is_readable: bool) -> str:
    inner = without_braces(where)
    listed = f"; the columns are: {columns}" if columns else ""
    if is_truth_word(where):
        condition = quoted_template(f"{{{{ … == '{inner}' }}}}")
        return f"write true for every row, false for none, or a column and what it should be, {condition}{listed}"
    if not inner or "{%" in where or len(inner) > _MAX_SHOWN:
        return "write one comparison between {{ and }}"
    if _COMPARISON.search(inner) or is_readable:
        return f"write {quoted_template(f'{{{{ {inner} }}}}')}"
    condition = quoted_template(f"{{{{ … == '{'…' if ' ' in inner else inner}' }}}}")
    return f"write a column and what it should be, {condition}, or true for every row{listed}"
