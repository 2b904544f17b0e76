"""A row of a table where many people can read it: the cell in question, and nothing of the others."""

from __future__ import annotations

import re
from dataclasses import replace

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.redaction import DOTS

OTHERS = "…"
MOST_SHOWN = 110
"""Characters of the cell."""
_BETWEEN = ",;|\t"
_IN_NUMBER = r"[0-9OoIl•. /()\-]*"
_NUMBER = rf"(?P<begin>\+?[0-9OoIl]{{2}}){_IN_NUMBER}•{_IN_NUMBER}(?P<end>[0-9OoIl]{{2}})"
"""A number that is masked at its own length, wholly or in part."""
_DOCUMENTS = (".yaml", ".yml")


def is_of_row(diagnostic: Diagnostic) -> bool:
    """Whether its excerpt is a row of recipients, or of another list: also one that is written in a spec."""
    in_spec = bool(diagnostic.column or diagnostic.rows) or diagnostic.key.startswith(("recipients.", "recipients["))
    return bool(diagnostic.excerpt) and (in_spec or not diagnostic.path.lower().endswith(_DOCUMENTS))


def cell_parts(diagnostic: Diagnostic) -> tuple[str, str, str]:
    """What is shown before the cell in question, of it, and behind it. A problem of the whole row has no such cell."""
    line, span = diagnostic.excerpt, diagnostic.span
    first = min(span.start.column - 1, len(line))
    last = span.end.column - 1 if span.end.line == span.start.line else len(line)
    cell = line[first : max(last, first)]
    if not _is_one(cell):
        return "", OTHERS, ""
    before, after = line[:first], line[max(last, first) :]
    shown = _masked_alike(cell if len(cell) <= MOST_SHOWN else cell[:MOST_SHOWN] + OTHERS)
    return f"{OTHERS}{_sign(before[-1:])}" if before else "", shown, f"{_sign(after[:1])}{OTHERS}" if after else ""


def with_cell_alone(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic as many people may read it."""
    if not is_of_row(diagnostic):
        return diagnostic
    return replace(diagnostic, excerpt="".join(cell_parts(diagnostic)))


def _is_one(cell: str) -> bool:
    """Whether no other cell can be in it. In quotes, the signs between cells are part of it."""
    inner = cell[1:-1].replace('""', "") if len(cell) > 1 and cell[0] == cell[-1] == '"' else None
    if inner is not None and '"' not in inner:
        return True
    return not any(sign in cell for sign in _BETWEEN)


def _masked_alike(cell: str) -> str:
    """The cell with its number masked as `mask` does it: nothing has to stay in its column here, so no length has to show."""
    return re.sub(_NUMBER, rf"\g<begin>{DOTS}\g<end>", cell)


def _sign(character: str) -> str:
    return character if character and character in _BETWEEN else ""
