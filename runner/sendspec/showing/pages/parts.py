"""The records that the macros of `templates/parts.html` take. Their texts are escaped when they are written; `Markup` passes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with what it counts; `more` is said below it. `tone` is one of a chart's, or empty."""

    label: str
    value: str | Markup
    more: str | Markup = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message's text.

    `kind` is empty, or `filled` (from the row), `forcing` (a character that forces UCS-2), both with a blank between them, `shown` (an
    escape of what can't be seen), or `cut` (here a segment ends; the text is no part of the message then). `note` says what it is.
    """

    text: str
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row, named by its first cell. Links lead to its `id`. A filter's buttons choose by its `state`: words, with spaces between."""

    cells: Sequence[str | Markup]
    id: str = ""
    state: str = ""
