"""Warns of values that are used as they are and hardly meant so: spaces around them, words for nothing, numbers that nobody has.

Only the first rows are looked at: what an export does to one value, it does to many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.platforms.address_kind import PHONE_NUMBER
from sendspec.composing.recipient_reader import RecipientReader
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.composing.row_problems import RowProblems, RowRejected
from sendspec.composing.template import Template
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import PlaceholderError, placeholders_of
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.contacts.phone_check import PhoneCheck, why_invalid
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table

MAX_SAMPLED = 1_000
"""Rows that are looked at."""
NO_VALUE = frozenset({"NULL", "null", "None", "NaN", "nan", "\\N"})
"""What programs write where there is no value; `\\N` is that of PostgreSQL and MySQL."""
FILLERS = NO_VALUE | {"n/a", "N/A", "-"}
FICTIONAL = "+447700900"
"""British numbers that are kept free for examples, such as ours."""
_TRIMMED = lazy_pattern(r"[^{}]*\|\s*trim\b")


def warn_of_odd_values(compiled: CompiledSpec, table: Table, problems: Problems) -> None:
    """Adds one warning for each kind of value and its column, with the rows."""
    sample = _Sample(compiled, table)
    rows = table.rows(Problems())
    found: dict[tuple[str, str], tuple[Problem, list[int]]] = {}
    for row in islice(rows, MAX_SAMPLED):
        odd = list(sample.odd_values(row))
        for column, problem in odd if odd and sample.is_kept(row) else ():
            from sendspec.composing.value_words import in_words_of  # needed only after a mistake

            found.setdefault((problem.code, column), (in_words_of(row, column, problem), []))[1].append(row.line)
    if not found:
        return
    more = f"; only the first {MAX_SAMPLED:,} rows were looked at" if next(rows, None) is not None else ""
    for (_, column), (problem, lines) in found.items():
        _warn(problem, more, column, lines, table, problems)


def _warn(problem: Problem, more: str, column: str, lines: list[int], table: Table, problems: Problems) -> None:
    for line in lines:
        problems.add_row(
            (problem.code, table.path, column, Severity.WARNING),
            line,
            lambda: row_diagnostic(
                table,
                lines[0],
                column,
                code=problem.code,
                problem=problem.problem + more,
                fix=problem.fix,
                severity=Severity.WARNING,
            ),
        )


class _Sample:
    """What is odd about a row's values, as far as the spec uses them."""

    def __init__(self, compiled: CompiledSpec, table: Table) -> None:
        spec = compiled.spec
        message = [each.template for each in placeholders_of(compiled.content)]
        where = [] if isinstance(compiled.where, bool) else [each.template for each in placeholders_of(compiled.where)]
        columns = set(table.columns)
        self._shown = _used(message) & columns
        self._untrimmed = _used((*message, *where), but_trimmed=True) & columns
        sources = "\n".join(template.source for template in (*message, *where))
        self._fillers = {
            word for word in FILLERS if not any(f"{quote}{_escaped(word)}{quote}" in sources for quote in "'\"")
        }
        is_national = spec.country is not None and spec.check is PhoneCheck.LENGTH
        has_numbers = is_national and compiled.identifier_key == PHONE_NUMBER.identifier_key
        self._numbers = compiled.address_column if has_numbers else None
        self._constants = {**spec.variables, "generation": spec.generation}
        self._normalise = compiled.normalise
        self._context = compiled.context
        self._reader = RecipientReader(compiled, RowProblems(spec, table, compiled.address_column, Problems()))

    def odd_values(self, row: Row) -> Iterator[tuple[str, Problem]]:
        """Each with its column."""
        values = row.values
        for column in self._untrimmed:
            value = values.get(column)
            if isinstance(value, str) and value != value.strip() and value.strip():
                yield column, _spaced(column)
        for column in self._shown:
            value = values.get(column)
            if isinstance(value, str) and value.strip() in self._fillers:
                yield column, _filler(value.strip(), column)
        number = values.get(self._numbers) if self._numbers is not None else None
        if isinstance(number, str) and (unused := self._unused(number)) is not None:
            yield str(self._numbers), unused

    def is_kept(self, row: Row) -> bool:
        """Whether the row gets a message, as far as its own values tell."""
        try:
            return self._reader.is_kept(row, self._context({**row.values, **self._constants}, row.values))
        except (PlaceholderError, RowRejected):
            return False

    def _unused(self, written: str) -> Problem | None:
        """Only numbers that are written nationally are looked at: for those, the phone library is loaded anyway."""
        number = self._normalise(written) if not written.lstrip().startswith("+") else None
        found = why_invalid(number) if isinstance(number, str) and not number.startswith(FICTIONAL) else None
        if found is None:
            return None
        mended = found.fix.partition(", or write `check")[0]
        fix = f"{mended}, or remove the row; `check: valid` under recipients refuses all such numbers"
        return Problem(found.code, found.problem, fix)


def _used(templates: Iterable[Template], *, but_trimmed: bool = False) -> set[str]:
    """The names that the templates use; `but_trimmed`: those with a use that isn't trimmed in the same tag."""
    return {
        use.name
        for template in templates
        for use in chain(template.names, template.columns)
        if not (but_trimmed and _TRIMMED.match(template.source, use.end))
    }


def _escaped(word: str) -> str:
    """As a template writes it between quotes."""
    return word.replace("\\", "\\\\")


def _spaced(column: str) -> Problem:
    return Problem(
        "value-spaces",
        f"the value of '{quoted(column)}' has spaces around it, and is used with them",
        f"write {quoted(written_name(column))} | trim in the spec, or remove the spaces",
    )


def _filler(value: str, column: str) -> Problem:
    return Problem(
        "value-filler",
        f"the value of '{quoted(column)}' is '{quoted(value)}', and people would read it so",
        f"empty the cell, and write {quoted(written_name(column))} | default('…') as a default",
    )
