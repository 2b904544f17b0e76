"""Conditions under `where` that are a text or a number: these are neither true nor false, whatever the row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.documents.unquoted_template import quoted_template

WHERE: KeyPath = ("recipients", "where")
_MAX_SHOWN = 100
_COMPARISON = re.compile(r"[=<>]")


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
            fix=f"write a column and what it should be, \"{{{{ … == '{written}' }}}}\", or true for every row",
        )


def is_number(where: Any) -> bool:
    return isinstance(where, int | float) and not isinstance(where, bool)


def where_problem(document: Document, where: str, meant: str | None = None, columns: str = "") -> Diagnostic:
    """The error for the text `where`. `meant` is the condition in its place; without it, it is put together from the text.

    `columns` lists the table's columns, for a text that is neither a column nor a comparison.
    """
    return document.diagnostic(
        WHERE,
        code="where-not-boolean",
        problem="`where` is a text, which is neither true nor false",
        fix=f"write {meant}" if meant else _fix(where, columns),
    )


def _fix(where: str, columns: str) -> str:
    inner = without_braces(where)
    if not inner or "{%" in where or len(inner) > _MAX_SHOWN:
        return "write one comparison between {{ and }}"
    if _COMPARISON.search(inner) or " " in inner:
        return f"write {quoted_template(f'{{{{ {inner} }}}}')}"
    condition = quoted_template(f"{{{{ … == '{inner}' }}}}")
    listed = f"; the columns are: {columns}" if columns else ""
    return f"write a column and what it should be, {condition}, or true for every row{listed}"
