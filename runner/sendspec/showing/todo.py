"""What is left to do about rejected input, counted: "fix 3 numbers, fill 2 names, shorten 5 texts"."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import quoted
from sendspec.diagnostics.wording import counted


@dataclass(frozen=True, slots=True)
class Task:
    """What is done, to what: one of them, and several."""

    action: str
    one: str
    several: str

    def text(self, count: int, *, at_least: bool = False) -> str:
        return f"{self.action} {'at least ' if at_least else ''}{counted(count, self.one, self.several)}"


_FIX_NUMBERS = Task("fix", "number", "numbers")
_SHORTEN_TEXTS = Task("shorten", "text", "texts")
_REPAIR_ROWS = Task("repair", "row", "rows")
_LOOK = Task("look at", "row", "rows")
_OF_THE_TEMPLATE = frozenset({"no-items", "empty-compared"})
"""Faults that are mended once, in the template, whatever the number of rows."""
_TASK_BY_CODE = {
    "phone-letters": _FIX_NUMBERS,
    "phone-digits": _FIX_NUMBERS,
    "phone-extension": _FIX_NUMBERS,
    "phone-several": _FIX_NUMBERS,
    "phone-length": _FIX_NUMBERS,
    "phone-invalid": _FIX_NUMBERS,
    "phone-unassigned": _FIX_NUMBERS,
    "phone-number": _FIX_NUMBERS,
    "phone-trunk-zero": _FIX_NUMBERS,
    "phone-spelling": _FIX_NUMBERS,
    "not-a-number": Task("correct", "value", "values"),
    "text-order": Task("rewrite", "compared value", "compared values"),
    "total-row": Task("delete", "row with a total", "rows with a total"),
    "spreadsheet-number": _FIX_NUMBERS,
    "phone-country": Task("say the country of", "number", "numbers"),
    "phone-empty": Task("fill", "number", "numbers"),
    "email-address": Task("fix", "e-mail address", "e-mail addresses"),
    "limit-segments": _SHORTEN_TEXTS,
    "too-long": _SHORTEN_TEXTS,
    "text-too-long": _SHORTEN_TEXTS,
    "limit-encoding": Task("rewrite", "text", "texts"),
    "empty-text": Task("fill", "text", "texts"),
    "key-not-text": Task("fill", "key", "keys"),
    "ragged-row": _REPAIR_ROWS,
    "unclosed-quote": _REPAIR_ROWS,
    "stray-quote": _REPAIR_ROWS,
    "cell-too-long": _REPAIR_ROWS,
    "forbidden-character": _REPAIR_ROWS,
    "not-utf8": _REPAIR_ROWS,
    "empty-column-name": _REPAIR_ROWS,
    "json-syntax": _REPAIR_ROWS,
    "json-too-deep": _REPAIR_ROWS,
    "not-an-object": _REPAIR_ROWS,
    "repeated-key": _REPAIR_ROWS,
    "conflicting-rows": Task("decide on", "repeated recipient", "repeated recipients"),
    "sender-name": Task("correct the sender of", "message", "messages"),
    "reference-repeated": Task("change", "reference", "references"),
    "suppress-entry": Task("fix", "suppressed address", "suppressed addresses"),
}


def todos(diagnostics: Sequence[Diagnostic]) -> dict[Task, tuple[int, bool]]:
    """The tasks that the errors leave, with their counts and whether these are the least; empty if no row is wrong. Errors outside of rows come first."""
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    if not any(each.rows for each in errors):
        return {}
    by_task: dict[Task, list[Diagnostic]] = {}
    for each in sorted(errors, key=lambda error: bool(error.rows) and not error.mended_once):
        by_task.setdefault(_task(each), []).append(each)
    return {task: (_count(found), any(each.at_least for each in found)) for task, found in by_task.items()}


def _count(errors: Sequence[Diagnostic]) -> int:
    """How often a task is to be done. A cell that several errors are about is one cell."""
    counts: dict[tuple[str, str], int] = {}
    rows: dict[tuple[str, str], set[int]] = {}
    for number, each in enumerate(errors):
        cell = (each.column, each.code) if each.column else ("", str(number))
        seen = rows.setdefault(cell, set())
        known = len(seen.intersection(each.rows))
        seen.update(each.rows)
        count = 1 if _is_mended_once(each) else max(each.row_count, 1)
        counts[cell] = counts.get(cell, 0) + max(count - known, 0)
    return sum(counts.values())


def in_todo_order(errors: Sequence[Diagnostic], diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """These errors of `diagnostics` in the order of the tasks that they leave, those of most rows first."""
    place = {task: at for at, task in enumerate(todos(diagnostics))}
    return sorted(errors, key=lambda error: (place.get(_task(error), len(place)), -error.row_count))


def todo_text(diagnostics: Sequence[Diagnostic]) -> str:
    return ", ".join(task.text(count, at_least=least) for task, (count, least) in todos(diagnostics).items())


def todo_json(diagnostics: Sequence[Diagnostic]) -> list[dict[str, object]]:
    return [
        {"action": task.action, "count": count, "thing": task.one, "text": task.text(count, at_least=least)}
        for task, (count, least) in todos(diagnostics).items()
    ]


def _task(error: Diagnostic) -> Task:
    if error.code == "table-delimiter":
        return Task("set", "delimiter", "delimiters")
    if not error.rows or _is_mended_once(error):
        place = quoted(error.path)
        return Task("correct", f"error in {place}", f"errors in {place}")
    if error.code == "empty-value":
        return _fill_in(error.column)
    if error.code == "spreadsheet-error":
        return _cells("correct", error.column)
    return _TASK_BY_CODE.get(error.code, _LOOK)


def _is_mended_once(error: Diagnostic) -> bool:
    return error.mended_once or error.code in _OF_THE_TEMPLATE


def _fill_in(column: str) -> Task:
    if column.lower().endswith("name"):
        return Task("fill", "name", "names")
    return _cells("fill", column)


def _cells(action: str, column: str) -> Task:
    """A value that is an item of another one, such as `person.last`, has no cell of its own."""
    where = f"of '{quoted(column)}'" if column else ""
    what = "value" if "." in column else "cell"
    return Task(action, f"{what} {where}".rstrip(), f"{what}s {where}".rstrip())
