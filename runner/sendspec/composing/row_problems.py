"""Records a row's problems, at the line of the spec or the cell of the table that causes them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import NoReturn

from sendspec.composing.render_failure import RenderError
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_tree import PlaceholderError
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask
from sendspec.diagnostics.wording import counted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.error_value import error_value_problem
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.spec import Spec
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

TOLD_BY_FIX = frozenset(
    {"email-address", "not-a-number", "phone-empty", "phone-length", "phone-letters", "phone-number"}
)
"""Codes of several mistakes: rows with another fix are another problem."""
MAX_SAMPLED = 2_000
"""Rows whose numbers are looked at to propose their country."""

MAX_AMOUNTS = 100_000
"""Rows whose amounts are looked at."""


class RowRejected(Exception):
    """The row can't become a message, because of what is at `at` in the spec. Its problem is already recorded."""

    def __init__(self, at: KeyPath) -> None:
        super().__init__(at)
        self.at = at


class RowProblems:
    """Problems of one spec's rows. A problem that many rows share is recorded once, with the number of rows."""

    def __init__(self, spec: Spec, table: Table, address_column: str | None, problems: Problems) -> None:
        """`address_column` is the one column that the address comes from, if there is one."""
        self._spec = spec
        self._table = table
        self._address_column = address_column
        self._problems = problems
        self._constant_by_path: dict[KeyPath, bool] = {}
        self._needless_by_path: dict[KeyPath, str | None] = {}
        self._amounts_fix_by_column: dict[str, str | None] = {}
        self._recorded: list[Hashable] | None = None

    @contextmanager
    def recorded(self) -> Iterator[list[Hashable]]:
        """The groups that rows are added to meanwhile, in order; None for a problem that is recorded once."""
        recorded: list[Hashable] = []
        self._recorded = recorded
        try:
            yield recorded
        finally:
            self._recorded = None

    def add_again(self, groups: Iterable[Hashable], line: int) -> None:
        """Records problems of an earlier row for another row."""
        for group in groups:
            self._problems.add_row_again(group, line)

    def _note(self, group: Hashable) -> None:
        if self._recorded is not None:
            self._recorded.append(group)

    def _add_row(self, group: Hashable, line: int, describe: Callable[[], Diagnostic]) -> None:
        self._note(group)
        self._problems.add_row(group, line, describe)

    def reject(self, row: Row, at: KeyPath, code: str, problem: str, fix: str) -> NoReturn:
        """Records a problem at `at` in the spec. Raises `RowRejected`."""
        self._add_at_spec(
            row, at, code, lambda: self._spec.document.diagnostic(at, code=code, problem=problem, fix=fix), at_key=False
        )
        raise RowRejected(at)

    def reject_address(self, row: Row, problem: Problem) -> NoReturn:
        """Records a problem at the row's address. Raises `RowRejected`."""
        self._add_at_address(row, problem, Severity.ERROR)
        raise RowRejected(("recipients", "to"))

    def reject_cells(self, row: Row, columns: Sequence[str], at: KeyPath) -> None:
        """Records the error value in each of the row's `columns`. Raises `RowRejected` if there are any."""
        for column in columns:
            self._add_at_cell(row, column, error_value_problem(str(row.values[column]), column), Severity.ERROR)
        if columns:
            raise RowRejected(at)

    def reject_total(self, row: Row) -> NoReturn:
        """Records that the row adds up the others, instead of all else that is wrong with it. Raises `RowRejected`."""
        problem = f"line {row.line} looks like a total, not like a recipient"
        self._add_at_cell(row, None, Problem("total-row", problem, "delete it"), Severity.ERROR)
        raise RowRejected(("recipients", "where"))

    def warn_of_landline(self, row: Row, number: str, fix: str) -> None:
        """Records a warning; the message is composed and sent all the same."""
        problem = f"'{mask(number)}' is a landline, and most landlines get no SMS"
        self._add_at_address(row, Problem("phone-landline", problem, fix), Severity.WARNING)

    def note_unseen(self) -> None:
        """Says that from now on rows are not looked at to their end: more of them may have the faults that are placed in the spec."""
        self._problems.note_unseen(self._spec.path)

    def warn_of_unchecked(self, row: Row, failed: int) -> None:
        """Records that the rows behind this one were not looked at."""
        self._problems.add(
            row_diagnostic(
                self._table,
                row.line,
                None,
                code="rows-unchecked",
                problem=f"the rows after this one were not checked: the template was too costly for {counted(failed, 'row')}",
                fix="simplify the template, then check again",
                severity=Severity.WARNING,
            )
        )

    def _add_at_address(self, row: Row, problem: Problem, severity: Severity) -> None:
        self._add_at_cell(row, self._address_column, problem, severity)

    def _add_at_cell(self, row: Row, column: str | None, problem: Problem, severity: Severity) -> None:
        from sendspec.composing.value_words import in_words_of  # needed only after a mistake

        problem = in_words_of(row, column, problem)
        is_country = problem.code == "phone-country"
        self._add_row(
            (problem.code, self._table.path, column, problem.fix if problem.code in TOLD_BY_FIX else ""),
            row.line,
            lambda: row_diagnostic(
                self._table,
                row.line,
                column,
                code=problem.code,
                problem=problem.problem,
                fix=self._country_fix if is_country else problem.fix,
                severity=severity,
            ),
        )

    @cached_property
    def _country_fix(self) -> str:
        """What the numbers of this table without a country code need."""
        cells = (row.values.get(self._address_column or "") for row in self._table.rows(Problems()))
        texts = (cell.strip() for cell in islice(cells, MAX_SAMPLED) if isinstance(cell, str))
        numbers = ("".join(filter(str.isdigit, text)) for text in texts if not text.startswith("+"))
        from sendspec.reading.contacts.likely_country import country_advice  # the same

        return country_advice(filter(None, numbers))

    def add_problem(self, row: Row, at: KeyPath, problem: SchemaProblem) -> None:
        """Records a problem of the payload. `at` is the place in the spec that it comes from."""
        if problem.code == "wrong-format" and not self._is_constant(at):
            problem = replace(problem, fix=problem.fix.replace("write one", "write it into the table", 1))
        self._add_at_spec(
            row,
            at,
            problem.code,
            lambda: self._placed(at, problem),
            at_key=problem.at_key,
            beside=problem.beside,
        )

    def _placed(self, at: KeyPath, problem: SchemaProblem) -> Diagnostic:
        """The problem at its place; for a number where a text is needed, with what to write if a template alone gives it."""
        document = self._spec.document
        expected, _, found = problem.problem.partition(", found ")
        if problem.code != "wrong-type" or not expected.endswith("text"):
            return document.place(at, problem, key=problem.at_key)
        from sendspec.composing.lone_value import text_instead  # needed only after a mistake

        fix = text_instead(document.value(at), found)
        diagnostic = document.place(at, problem if fix is None else replace(problem, fix=fix), key=problem.at_key)
        return replace(diagnostic, mended_once=fix is not None)

    def _add_at_spec(
        self,
        row: Row,
        at: KeyPath,
        code: str,
        describe: Callable[[], Diagnostic],
        *,
        at_key: bool,
        beside: str | None = None,
    ) -> None:
        """A value that no row influences is at fault once, not once a row. A fault of a key may depend on its neighbours.

        `beside` is the only one of them, if it is known.
        """
        group = (code, self._spec.path, at)
        decisive = [at] if not at_key else [("message",)] if beside is None else [at, (*at[:-1], beside)]
        if at[:1] == ("message",) and all(map(self._is_constant, decisive)):
            self._note(None)
            self._problems.add_once(group, describe)
        else:
            self._add_row(group, row.line, describe)

    def _without_number(self, at: KeyPath) -> str | None:
        """What to write where a template asks for a number without need, looked up once a place."""
        if at not in self._needless_by_path:
            from sendspec.composing.lone_value import without_number  # needed only after a mistake

            self._needless_by_path[at] = without_number(self._spec.document.value(at), at)
        return self._needless_by_path[at]

    def _amounts_fix(self, row: Row, problem: RenderError) -> str | None:
        """What to do with an amount, which must suit the other amounts of its column, looked up once a column."""
        from sendspec.composing.amount_column import column_fix  # needed only after a mistake
        from sendspec.composing.number_fault import amount_of, number_fix

        text = None if problem.name is None else row.values.get(problem.name)
        if (
            problem.name is None
            or not isinstance(text, str)
            or amount_of(text) is None
            or problem.fix != number_fix(text)
        ):
            return None
        if problem.name not in self._amounts_fix_by_column:
            cells = (row.values.get(problem.name) for row in islice(self._table.rows(Problems()), MAX_AMOUNTS))
            texts = (cell for cell in cells if isinstance(cell, str))
            self._amounts_fix_by_column[problem.name] = column_fix(problem.name, texts)
        return self._amounts_fix_by_column[problem.name]

    def _is_constant(self, at: KeyPath) -> bool:
        if at not in self._constant_by_path:
            texts = (value for _, value in walk(self._spec.document.value(at)) if isinstance(value, str))
            self._constant_by_path[at] = not any("{{" in text or "{%" in text for text in texts)
        return self._constant_by_path[at]

    def add_placeholder(self, row: Row, error: PlaceholderError) -> None:
        problem, in_cells = error.error, False
        is_of_spec = problem.code == "text-compared" or problem.fix.startswith("remove the filter:")
        if problem.code == "not-a-number":
            from sendspec.composing.number_fault import is_of_template  # needed only after a mistake

            needless = self._without_number(error.at)
            fix = needless or self._amounts_fix(row, problem)
            problem = problem if fix is None else problem.with_fix(fix)
            in_cells = needless is None and is_of_template(problem.fix)
            is_of_spec = is_of_spec or needless is not None or in_cells
        self._add_row(
            (
                problem.code,
                self._spec.path,
                error.at,
                problem.start,
                problem.fix if problem.code in TOLD_BY_FIX else "",
            ),
            row.line,
            lambda: replace(
                self._spec.document.diagnostic(
                    error.at,
                    code=problem.code,
                    problem=problem.problem,
                    fix=with_requoted_code(problem.fix, self._spec.document.written(error.at)),
                    within=(problem.start, problem.end),
                ),
                column=problem.name or "" if problem.item is None else f"{problem.name}.{problem.item}",
                mended_once=is_of_spec,
                in_cells=in_cells,
            ),
        )
