"""Distinguishes a multi-line cell from rows swallowed by an unclosed quote.

Both are well-formed CSV. In `+316…1,"Ann⏎+316…2,Bob⏎+316…3,Carl"` three people are one row. Swallowed rows are
recognised by a later line that would be a row of its own: it has as many cells as the header, and a phone number, e-mail address
or order number in the same column as the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sendspec.diagnostics.lazy_pattern import lazy_pattern

_PHONE = lazy_pattern(r"[+(]?[0-9](?:[ ./()-]{0,2}[0-9]){6,}")
_SURELY_PHONE = lazy_pattern(r"[+(]?[0-9](?:[ ./()-]{0,2}[0-9]){8,}")
_EMAIL = lazy_pattern(r"[^\s@]+@[^\s@]+")
_TOKEN = lazy_pattern(r"(?=\S*[0-9])\S{4,}")
_PHONE_FIRST = frozenset("+(0123456789")
_DIGITS = lazy_pattern(r"[0-9]+")
_LETTERS = lazy_pattern(r"[^\W\d_]")


def rows_swallowed(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether a line after the first of a multi-line record looks like a row of `width` cells."""
    likely = [_cells(line, delimiter) for line in lines[1:] if line.count(delimiter) == width - 1]
    likely = [cells for cells in likely if any(cells)]
    if not likely:
        return False
    first = _cells(lines[0], delimiter)
    if width == 1:
        return bool(likely)
    kinds = [kind for kind in (_PHONE, _EMAIL) if any(kind.fullmatch(cell) for cell in first)]
    if kinds:
        return any(_same_column(first, cells, kind) for cells in likely for kind in kinds)
    return len(first) == width and any(_alike(first, cells) for cells in likely)


def header_swallowed(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a line after the first of a multi-line header has a phone number or an e-mail address."""
    return any(is_address(cell) for line in lines[1:] for cell in _cells(line, delimiter))


def is_address(cell: str) -> bool:
    """Whether it looks like a phone number or an e-mail address, and not like a date; no column has such a name."""
    return bool(
        (cell[:1] in _PHONE_FIRST and _SURELY_PHONE.fullmatch(cell)) or ("@" in cell and _EMAIL.fullmatch(cell))
    )


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in line.replace('"', "").split(delimiter)]


def _same_column(first: list[str], other: list[str], kind: re.Pattern[str]) -> bool:
    """Compares columns from the left and from the right, as the first line may have a delimiter inside a cell."""
    return any(kind.fullmatch(a) and kind.fullmatch(b) for a, b in zip(first, other, strict=False)) or any(
        kind.fullmatch(a) and kind.fullmatch(b) for a, b in zip(reversed(first), reversed(other), strict=False)
    )


def _alike(first: list[str], other: list[str]) -> bool:
    return any(
        _TOKEN.fullmatch(a) and _TOKEN.fullmatch(b) and _shape(a) == _shape(b)
        for a, b in zip(first, other, strict=True)
    )


def _shape(token: str) -> str:
    """`A-1017` becomes `a-9`: order numbers share a shape, a postcode and an order number usually don't."""
    return _DIGITS.sub("9", _LETTERS.sub("a", token))
