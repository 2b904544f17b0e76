"""Kinds of tables that differ in how their rows are written, each with the messages of `benchmarks/material.py`.

Every kind is a function that writes a spec and a table into a project. Some tables are harder to read than a plain CSV; a plan of
them is measured against a plan of the plain one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.material import COLUMNS, DAYS, NAMES, SPEC, Project

REPEATED_EVERY = 3
"""Of so many rows, the last repeats the recipient of the one before."""
LONG_CELL = "Deliver to the neighbours if nobody is at home. " * 40
MANY_COLUMNS = 40
INLINE_ROWS = 1_000
"""As many recipients as a spec may list (`reading/schema`)."""

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Written:
    """A spec, its table, and how many rows it has. `table` is None where the spec lists the recipients itself."""

    spec: Path
    table: Path | None
    rows: int


def plain(project: Project, rows: int) -> Written:
    """The tuned case."""
    return Written(project.spec, project.table(rows), rows)


def quoted_everywhere(project: Project, rows: int) -> Written:
    return _csv(project, "quoted-everywhere", _rows(rows), rows, quoting=csv.QUOTE_ALL)


def quoted_line_ends(project: Project, rows: int) -> Written:
    """Each row has a cell of two lines, so that a line is no row."""
    return _csv(project, "quoted-line-ends", _with_note(rows, "leave it\nat the door"), rows)


def quoted_commas(project: Project, rows: int) -> Written:
    return _csv(project, "quoted-commas", _with_note(rows, "ring twice, then wait"), rows)


def semicolons(project: Project, rows: int) -> Written:
    return _csv(project, "semicolons", _rows(rows), rows, delimiter=";", option=", delimiter: ';'")


def carriage_returns(project: Project, rows: int) -> Written:
    return _csv(project, "crlf", _rows(rows), rows, line_end="\r\n")


def many_columns(project: Project, rows: int) -> Written:
    more = {f"unused_{number}": f"value {number}" for number in range(MANY_COLUMNS - len(COLUMNS))}
    return _csv(project, "many-columns", ({**values, **more} for values in _rows(rows)), rows)


def long_cells(project: Project, rows: int) -> Written:
    return _csv(project, "long-cells", _with_note(rows, LONG_CELL), rows)


def repeated_recipients(project: Project, rows: int) -> Written:
    numbers = (n - (n % REPEATED_EVERY == REPEATED_EVERY - 1) for n in range(rows))
    return _csv(project, "repeated", map(_values, numbers), rows)


def broken_rows(project: Project, rows: int, *, every: int) -> Written:
    """Every so many rows, one has an empty cell or no usable number, in turn."""
    return Written(project.spec, project.table(rows, broken=every), rows)


def json_lines(project: Project, rows: int) -> Written:
    return _json_lines(project, "json-lines", _rows(rows), rows)


def json_with_numbers(project: Project, rows: int) -> Written:
    """Integers, decimals, booleans and nulls beside the texts."""
    lines = ({**v, "ttl": 3600 + n % 7, "price": n / 4, "paid": n % 2 == 0, "note": None} for n, v in _numbered(rows))
    return _json_lines(project, "json-numbers", lines, rows)


def json_with_colons(project: Project, rows: int) -> Written:
    """Times and addresses of pages: texts that hold what separates keys from values."""
    lines = ({**values, "from": "09:00", "page": f"https://acme.example/{n}"} for n, values in _numbered(rows))
    return _json_lines(project, "json-colons", lines, rows)


def json_nested(project: Project, rows: int) -> Written:
    lines = ({**v, "items": [{"sku": f"S{n}", "count": 2}], "address": {"city": "Delft"}} for n, v in _numbered(rows))
    return _json_lines(project, "json-nested", lines, rows)


def json_with_escapes(project: Project, rows: int) -> Written:
    """Every character beyond ASCII is escaped, as many exports do."""
    lines = ({**values, "note": f"Café n° {n}"} for n, values in _numbered(rows))
    return _json_lines(project, "json-escapes", lines, rows, ensure_ascii=True)


def listed_in_spec(project: Project, rows: int) -> Written:
    """As many recipients as a spec can list, `rows` at most."""
    count = min(rows, INLINE_ROWS)
    lines = [f"  - {json.dumps(values, ensure_ascii=False)}\n" for values in _rows(count)]
    spec = SPEC.replace("recipients: {file: few.csv}\n", "recipients:\n" + "".join(lines))
    return Written(_write_spec(project, "inline", spec), None, count)


KINDS: Mapping[str, Callable[[Project, int], Written]] = {
    "plain CSV": plain,
    "every cell quoted": quoted_everywhere,
    "quoted line ends": quoted_line_ends,
    "quoted commas": quoted_commas,
    "semicolons": semicolons,
    "CRLF": carriage_returns,
    f"{MANY_COLUMNS} columns": many_columns,
    "long cells": long_cells,
    "repeated recipients": repeated_recipients,
    "1 % of the rows broken": partial(broken_rows, every=100),
    "10 % of the rows broken": partial(broken_rows, every=10),
    "every row broken": partial(broken_rows, every=1),
    "JSON lines": json_lines,
    "JSON lines, numbers": json_with_numbers,
    "JSON lines, colons in texts": json_with_colons,
    "JSON lines, nested": json_nested,
    "JSON lines, escapes": json_with_escapes,
    "listed in the spec": listed_in_spec,
}


def _values(n: int) -> Values:
    """Row `n` as `material.write_table` writes it."""
    name, day = NAMES[n % len(NAMES)], DAYS[n % len(DAYS)]
    cells = (
        f"+316{10_000_000 + n}",
        name,
        f"A{n:07d}",
        day,
        "shipping",
        str(3600 + n % 7),
        f"r{n}@acme.example",
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _rows(rows: int) -> Iterator[Values]:
    return map(_values, range(rows))


def _numbered(rows: int) -> Iterator[tuple[int, Values]]:
    return enumerate(_rows(rows))


def _with_note(rows: int, note: str) -> Iterator[Values]:
    return ({**values, "note": note} for values in _rows(rows))


def _csv(
    project: Project,
    name: str,
    rows: Iterator[Values],
    count: int,
    *,
    delimiter: str = ",",
    line_end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
    option: str = "",
) -> Written:
    path = project.folder / f"{name}-{count}.csv"
    if not path.exists():
        with path.open("w", encoding="utf-8", newline="") as out:
            first = next(rows)
            writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
            writer.writerows((first, first.values()))
            writer.writerows(values.values() for values in rows)
    spec = SPEC.replace("{file: few.csv}", f"{{file: {path.name}{option}}}")
    return Written(_write_spec(project, name, spec), path, count)


def _json_lines(
    project: Project, name: str, rows: Iterator[Values], count: int, *, ensure_ascii: bool = False
) -> Written:
    path = project.folder / f"{name}-{count}.jsonl"
    if not path.exists():
        encode = json.JSONEncoder(ensure_ascii=ensure_ascii).encode
        with path.open("w", encoding="utf-8") as out:
            out.writelines(f"{encode(values)}\n" for values in rows)
    return Written(_write_spec(project, name, SPEC.replace("few.csv", path.name)), path, count)


def _write_spec(project: Project, name: str, text: str) -> Path:
    path = project.folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path
