"""The page of `validate --html`: the wrong rows alone, each fault in its cell, and first what there is to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import field

from markupsafe import Markup

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask_in_row
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.row_errors import RowError
from sendspec.operations.wrong_rows import WrongRow, WrongTable
from sendspec.reading.files.confined_path import without_detour
from sendspec.reading.tables.opening import STANDARD_INPUT
from sendspec.showing.diagnostics import remarks
from sendspec.showing.explanations import EXPLANATIONS
from sendspec.showing.pages.page import environment, page_html
from sendspec.showing.todo import in_todo_order, todos

MAX_ROWS_BYTES = 640_000
"""Of all tables' rows: with all else at its most, the page stays below a megabyte."""
MAX_LISTED, MAX_COLUMNS, SINGLES_LISTED = 60, 40, 10
"""Faults of a list, columns of a table; those at fault are always there. Of the faults of a single row, so many are listed."""
CELL_SHOWN, TEXT_SHOWN = 200, 400
ROWS_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    problem: str
    fix: str
    place: str = ""
    also: str = ""
    excerpt: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class _Link:
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class _Group:
    """`example` is the row that the problem is quoted from, where other rows have it in other words."""

    code: str
    column: str
    problem: str
    fix: str
    count: str
    links: Sequence[_Link]
    has_more: bool
    example: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    errors: Sequence[_Fault] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """`whole` is wrong with the row itself; `text` is all of a row without cells."""

    id: str
    name: str
    note: str
    state: str
    whole: Sequence[_Fault]
    cells: Sequence[_Cell]
    text: str | None


@dataclass(slots=True)
class _Shown:
    path: str
    prefix: str
    columns: Sequence[str]
    has_whole: bool
    caption: str = ""
    left_out: str = ""
    rows: Markup = field(default_factory=Markup)
    row_by_line: dict[int, _Row] = field(default_factory=dict)


def wrong_rows_page(
    specs: Sequence[str], found: Sequence[Diagnostic], tables: Sequence[WrongTable], *, checked: str, is_ci: bool
) -> str:
    """`checked` says what was checked, for a page without faults. With `is_ci` it holds nothing that recipients' cells hold."""
    errors = [each for each in found if each.severity is Severity.ERROR]
    in_tables = {path for table in tables for path in (table.path, *table.specs)}
    outside = [each for each in errors if not each.rows or each.mended_once or each.path not in in_tables]
    warnings = [each for each in found if each.severity is Severity.WARNING]
    shown = list(_shown(tables[:MAX_LISTED], is_ci))
    groups = [each for each in errors if each.is_of_rows and (each.row_count > 1 or each not in outside)]
    listed = [] if len(groups) == 1 and groups[0].row_count == 1 else in_todo_order(_listed(groups), found)
    various = _various(tables)
    return page_html(
        "wrong_rows",
        {
            "title": _title(outside, tables),
            "specs": [_cut(without_detour(spec)) for spec in specs[:MAX_LISTED]],
            "is_ci": is_ci,
            "counts": _counts(tables),
            "outside_title": _outside_title(outside, tables),
            "outside": [_placed(each, is_ci) for each in outside[:MAX_LISTED]],
            "outside_left": max(len(outside) - MAX_LISTED, 0),
            "todos": [task.text(count, at_least=least) for task, (count, least) in todos(found).items()][:MAX_LISTED],
            "nothing_wrong": checked,
            "groups": [_group(each, shown, various, is_ci) for each in listed],
            "groups_left": len(groups) - len(listed) if listed else 0,
            "tables": shown,
            "tables_left": max(len(tables) - MAX_LISTED, 0),
            "warnings": [_placed(each, is_ci) for each in warnings[:MAX_LISTED]],
            "warnings_title": counted(len(warnings), "warning") + (f"; the first {MAX_LISTED}" if len(warnings) > MAX_LISTED else ""),
        },
        scripts=("filter",),
    )  # fmt: skip


def _title(outside: Sequence[Diagnostic], tables: Sequence[WrongTable]) -> str:
    wrong = sum(table.wrong_count for table in tables)
    if wrong:
        where = f" of {_name(tables[0].path)}" if len(tables) == 1 else f" in {counted(len(tables), 'table')}"
        return f"{counted(wrong, 'row')}{where} {'is' if wrong == 1 else 'are'} wrong"
    return f"{counted(len(outside), 'error')} to correct" if outside else "Nothing is wrong"


def _listed(groups: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The faults of most rows, and a few of those of one row: their rows say the same."""
    several = sorted((each for each in groups if each.row_count > 1), key=lambda each: -each.row_count)
    return [*several[:MAX_LISTED], *[each for each in groups if each.row_count == 1][:SINGLES_LISTED]]


def _counts(tables: Sequence[WrongTable]) -> str:
    """`213 rows checked, 15 of them wrong`; empty where no row is wrong."""
    rows, wrong = sum(table.row_count for table in tables), sum(table.wrong_count for table in tables)
    return f"{counted(rows, 'row')} checked, {grouped(wrong)} of them wrong" if wrong else ""


def _various(tables: Sequence[WrongTable]) -> set[tuple[str, str]]:
    """The faults, by code and column, that are not said in the same words of all of their rows: they quote what is in them."""
    words: dict[tuple[str, str], set[str]] = {}
    for error in (error for table in tables for row in table.rows for error in row.errors if error.problem):
        words.setdefault((error.code, error.column), set()).add(error.problem)
    return {fault for fault, said in words.items() if len(said) > 1}


def _name(path: str) -> str:
    return "standard input" if path == STANDARD_INPUT else _cut(without_detour(path))


def _outside_title(outside: Sequence[Diagnostic], tables: Sequence[WrongTable]) -> str:
    what = counted(len(outside), "error")
    return f"First, correct {what}" if tables else f"Correct {what}"


def _shown(tables: Sequence[WrongTable], is_ci: bool) -> Iterator[_Shown]:
    """Each table with as many rows as its share of the page has room for; what one leaves over, the next may use."""
    left = MAX_ROWS_BYTES
    for number, table in enumerate(tables):
        kept = [] if is_ci else _kept_columns(table)
        columns = [_cut(mask_in_row(table.columns[at])) if at < len(table.columns) else "" for at in kept]
        has_whole = is_ci or any(not row.cells or None in _columns_of(row, table) for row in table.rows)
        shown = _Shown(_name(table.path), f"{number + 1}-" if number else "", columns, has_whole)
        rows = _drawn_rows(shown, table, kept, left // (len(tables) - number), is_ci)
        left -= sum(len(row.encode()) for row in rows)
        shown.rows, shown.caption = Markup("").join(rows), counted(len(rows), "wrong row")
        shown.left_out = _left_out(table, len(rows), 0 if is_ci else _width(table) - len(kept))
        yield shown


def _drawn_rows(shown: _Shown, table: WrongTable, kept: Sequence[int], room: int, is_ci: bool) -> list[Markup]:
    drawn: list[Markup] = []
    count_by_line: Counter[int] = Counter()  # several rows can be on one line of a spec
    for row in table.rows:
        count_by_line[row.line] += 1
        again = count_by_line[row.line]
        id_ = f"{shown.prefix}row-{row.line}" + (f"-{again}" if again > 1 else "")
        filled = _row(id_, row, table, kept, is_ci)
        markup = _drawn(shown, filled)
        if (size := len(markup.encode())) <= room:
            room -= size
            drawn.append(markup)
            shown.row_by_line.setdefault(row.line, filled)
    return drawn


def _left_out(table: WrongTable, rows: int, columns: int) -> str:
    said = []
    if rows < table.wrong_count:
        said.append(
            f"Shown are {grouped(rows)} of {grouped(table.wrong_count)} wrong rows, of every fault the first ones; `--rejects FILE.csv` writes all of them."
        )
    if columns > 0:
        said.append(f"{counted(columns, 'column')} without a fault {'is' if columns == 1 else 'are'} left out.")
    return " ".join(said)


def _width(table: WrongTable) -> int:
    """The columns of the table up to the last that has a name or a cell."""
    named = max((n for n, name in enumerate(table.columns, 1) if name.strip()), default=0)
    return max([named, *(n for row in table.rows for n, cell in enumerate(row.cells, 1) if cell.strip())])


def _kept_columns(table: WrongTable) -> list[int]:
    width = _width(table)
    faulty = {at for row in table.rows for at in _columns_of(row, table) if at is not None}
    few = [at for at in range(width) if at not in faulty][: max(MAX_COLUMNS - len(faulty), 0)]
    return sorted({*few, *faulty})


def _columns_of(row: WrongRow, table: WrongTable) -> set[int | None]:
    return {_column_of(error, table) for error in row.errors}


def _column_of(error: RowError, table: WrongTable) -> int | None:
    """Which column an error is in. An item of a value, such as `person.last`, is in the column of that value."""
    for name in (error.column, error.column.partition(".")[0]):
        if name and name in table.columns:
            return table.columns.index(name)
    return None


def _row(id_: str, row: WrongRow, table: WrongTable, kept: Sequence[int], is_ci: bool) -> _Row:
    by_column: dict[int | None, list[_Fault]] = {}
    for error in row.errors:
        at = None if is_ci or not row.cells else _column_of(error, table)
        by_column.setdefault(at, []).append(_fault(error, is_ci))
    is_other = row.sheet_row != row.line
    cells = [_Cell(_cell(row.cells[at] if at < len(row.cells) else ""), by_column.get(at, ())) for at in kept]
    return _Row(
        id_, grouped(row.sheet_row), f"line {grouped(row.line)}" if is_other else "", row.errors[0].code,
        by_column.get(None, ()), () if is_ci else cells, _cell(row.text) if not row.cells and not is_ci else None,
    )  # fmt: skip


def _drawn(shown: _Shown, row: _Row) -> Markup:
    module = environment().get_template("wrong_row.html").module
    drawn: Markup = module.row(shown, row)  # type: ignore[attr-defined]  # a macro of the template
    return drawn


def _fault(error: RowError, is_ci: bool) -> _Fault:
    if error.problem and not is_ci:
        return _Fault(error.code, _cut(error.problem), _cut(error.fix))
    where = f"{_cut(error.column)}: " if error.column else ""
    return _Fault(error.code, where + EXPLANATIONS[error.code].summary, "")


def _group(each: Diagnostic, shown: Iterable[_Shown], various: Container[tuple[str, str]], is_ci: bool) -> _Group:
    problem, fix = (EXPLANATIONS[each.code].summary, "") if is_ci else (_cut(each.problem), _cut(each.fix))
    links = [_link(line, shown) for line in each.rows[:ROWS_NAMED]]
    count = f"{'at least ' if each.at_least else ''}{grouped(each.row_count)}"
    column = "" if f"'{each.column}'" in problem else _cut(each.column)
    is_example = not is_ci and each.row_count > 1 and (each.code, each.column) in various
    example = f"row {links[0].text.removeprefix('line ')}" if is_example else ""
    return _Group(each.code, column, problem, fix, count, links, each.row_count > ROWS_NAMED, example)


def _link(line: int, shown: Iterable[_Shown]) -> _Link:
    """A row that is on the page is called there as a spreadsheet numbers it."""
    row = next((each.row_by_line[line] for each in shown if line in each.row_by_line), None)
    return _Link(f"line {grouped(line)}", "") if row is None else _Link(row.name, f"#{row.id}")


def _is_of_recipients(each: Diagnostic) -> bool:
    """Whether it may quote what a recipient's cell holds: a table's header may be a row in truth."""
    of_rows = each.rows or each.column or each.key.startswith(("recipients.", "recipients["))
    return bool(of_rows) or not each.path.lower().endswith((".yaml", ".yml"))


def _placed(each: Diagnostic, is_ci: bool) -> _Fault:
    start = each.span.start
    place = f"{_cut(without_detour(each.path))}:{start.line}:{start.column}"
    also = _cut("; ".join(remarks(each)))
    if is_ci and _is_of_recipients(each):
        said = EXPLANATIONS[each.code]
        return _Fault(each.code, said.summary, said.text, place, "" if each.also else also)
    excerpt = "" if is_ci else _cut(each.excerpt.strip())
    return _Fault(each.code, _cut(each.problem), _cut(each.fix), place, also, excerpt)


def _cell(text: str) -> str:
    masked = mask_in_row(text)
    return masked if len(masked) <= CELL_SHOWN else f"{masked[:CELL_SHOWN]}…"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"
