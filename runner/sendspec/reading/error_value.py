"""What a spreadsheet writes into a cell that it can't compute or show, in the languages of its users."""

from __future__ import annotations

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable

_NAMES = frozenset({
    "#N/A", "#N/B", "#N/D", "#N/V", "#NV", "#VALUE!", "#WAARDE!", "#WERT!", "#VALEUR!", "#VALORE!", "#VALOR!",
    "#¡VALOR!", "#REF!", "#VERW!", "#BEZUG!", "#RIF!", "#¡REF!", "#DIV/0!", "#DEEL/0!", "#¡DIV/0!", "#NAME?",
    "#NAAM?", "#NOM?", "#NOME?", "#NOMBRE?", "#¿NOMBRE?", "#NUM!", "#GETAL!", "#ZAHL!", "#NOMBRE!", "#NÚM!", "#¡NUM!",
    "#NULL!", "#LEEG!", "#NUL!", "#NULO!", "#¡NULO!", "#ERROR!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
    "#BUSY!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA",
})  # fmt: skip
MIN_SIGNS = 3
"""So many `#` and nothing else are a value that was wider than its column."""


def is_error_value(text: str) -> bool:
    written = text.strip().upper()
    return written in _NAMES or (len(written) >= MIN_SIGNS and not written.strip("#"))


def error_value_problem(text: str, column: str | None = None) -> Problem:
    where = f" in '{printable(column)}'" if column else ""
    if not text.strip("# "):
        problem = f"'{printable(text.strip()[:24])}'{where} is what a spreadsheet shows where a value is wider than its column"
        return Problem("spreadsheet-error", problem, "widen the column in the spreadsheet, and export the table again")
    return Problem(
        "spreadsheet-error",
        f"'{printable(text.strip()[:24])}'{where} is a spreadsheet's error value",
        "correct the cell in the spreadsheet, and export the table again",
    )
