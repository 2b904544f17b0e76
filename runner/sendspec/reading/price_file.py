"""Reads the price table that `prices` of the project file names. Every fault is reported at its cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path, PurePath

from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.exceptions import InputUnreadable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.position import Span
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.contacts.country import is_country, unknown_country
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.files.confined_path import open_in_project, shown_path
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.limit_advice import CURRENCY_BY_SIGN
from sendspec.reading.prices import REST, Price, PriceTable
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvTable
from sendspec.reading.tables.delimiter import first_lines, found_delimiter
from sendspec.reading.tables.file_format import DELIMITER_BY_EXTENSION, HEAD_BYTES, not_text, unknown_format

COUNTRY, CURRENCY, SEGMENT = "country", "currency", "segment"
LOW, HIGH = "segment_low", "segment_high"
_NAME_BY_WORD = (
    dict.fromkeys(("land", "pays", "país", "paese", "country code", "country_code", "iso"), COUNTRY)
    | dict.fromkeys(("price", "preis", "prijs", "prix", "precio", "prezzo", "rate", "cost", "segmentpreis"), SEGMENT)
    | dict.fromkeys(("währung", "waehrung", "valuta", "munt", "devise", "monnaie", "moneda"), CURRENCY)
)
"""Our columns, by their names in other languages and tables."""
MANY = 1
"""The price from which one segment would be dear, in the currencies whose unit is worth about a dollar."""
_LARGE_UNITS = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD")
_CUT_PRICE = lazy_pattern(r"(?<![^,])([0-9]{1,3}),([0-9]{1,6})(?![^,])")
_AMOUNT = lazy_pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_CURRENCY = lazy_pattern(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """The table's path as the project file `declared_in` writes it, at `span`; `excerpt` is that line, masked."""

    written: str
    declared_in: str
    span: Span
    excerpt: str

    @property
    def path(self) -> str:
        """The file's path as shown to the user."""
        return shown_path(self.declared_in, self.written)

    def diagnostic(self, problem: Problem) -> Diagnostic:
        """A problem with opening the file, at the place that names it."""
        return problem.diagnostic(self.declared_in, self.span, excerpt=self.excerpt)


def price_file(document: Document, at: KeyPath, written: str) -> PriceFile:
    """The file that is named at `at` in a valid document."""
    span = document.span(at)
    return PriceFile(written=written, declared_in=document.path, span=span, excerpt=document.excerpt(span.start.line))


def read_prices(
    file: PriceFile, root: Path, problems: Problems, key_files: KeyFiles = NO_KEY_FILES
) -> PriceTable | None:
    """The prices in `file`, inside the project at `root`; None if it has faults, which are added to `problems`."""
    found = Problems()
    table = _read(file, root, found, key_files)
    for diagnostic in found:
        problems.add(diagnostic)
    return None if found.has_errors else table


def _read(file: PriceFile, root: Path, problems: Problems, key_files: KeyFiles) -> PriceTable | None:
    extension = PurePath(file.written).suffix.lower()
    if extension not in DELIMITER_BY_EXTENSION:
        problems.add(file.diagnostic(replace(unknown_format(extension), fix="name a .csv or .tsv file")))
        return None
    opened = open_in_project(root, file.declared_in, file.written, key_files)
    if isinstance(opened, Problem):
        problems.add(file.diagnostic(opened))
        return None
    source = InputFile(opened.descriptor, opened.place)
    try:
        wrong = not_text(source.head(HEAD_BYTES))
        if wrong is not None:
            problems.add(wrong.diagnostic(file.path))
            return None
        digest = sha256(b"".join(source.peek())).hexdigest()
        prices = _Reader(file.path, source, DELIMITER_BY_EXTENSION[extension], problems).prices()
        return PriceTable(prices, file.written, digest)
    except InputUnreadable as error:
        problems.add(Problem(error.code, error.problem, error.fix).diagnostic(file.path))
        return None
    finally:
        source.close()


class _Reader:
    def __init__(self, path: str, source: InputFile, delimiter: str, problems: Problems) -> None:
        self._path = path
        self._source = source
        self._delimiter = delimiter
        self._problems = problems
        self._line_by_country: dict[str, int] = {}

    def prices(self) -> dict[str, Price]:
        delimiter = found_delimiter(first_lines(self._source), self._delimiter)
        header = read_header(self._path, self._source, delimiter, self._problems)
        if header is None or self._problems.has_errors:
            return {}
        columns = {name.lower(): at for at, name in enumerate(header.columns)}
        missing = _missing(columns)
        if missing:
            self._problems.add(_columns_problem(missing, header.columns, delimiter).diagnostic(self._path))
            return {}
        table = CsvTable(self._path, self._source, header)
        unread = Problems()
        found = dict(self._rows(table, columns, unread))
        for diagnostic in unread:
            self._problems.add(_about_comma(diagnostic) if delimiter == "," else diagnostic)
        if not found and not self._problems.has_errors:
            self._problems.add(_empty(delimiter).diagnostic(self._path))
        if not self._problems.has_errors:
            self._warn_of_high_prices(table, found, columns)
        return found

    def _warn_of_high_prices(self, table: CsvTable, found: Mapping[str, Price], columns: Mapping[str, int]) -> None:
        """One warning of prices that may be those of 100 segments, or in cents."""
        high = [country for country, price in found.items() if price.currency in _LARGE_UNITS and price.high >= MANY]
        if not high:
            return
        price, line = found[high[0]], self._line_by_country[high[0]]
        column = table.columns[columns[SEGMENT if SEGMENT in columns else HIGH]]
        span, excerpt = table.locate(line, column)
        more = f"; {len(high) - 1} more are {MANY} or more" if len(high) > 1 else ""
        problem = Problem(
            "price-high",
            f"{price.currency} {price.high} is a high price for one segment{more}",
            f"write the price of one segment, in {price.currency}, unless this is it",
        )
        self._problems.add(problem.diagnostic(self._path, span, excerpt=excerpt, severity=Severity.WARNING))

    def _rows(self, table: CsvTable, columns: dict[str, int], unread: Problems) -> Iterator[tuple[str, Price]]:
        """The prices of valid rows. Rows that are none of the table's go to `unread`."""
        for block in table.blocks(unread):
            for line, cells in zip(*block.read, strict=True):
                if not any(map(str.strip, cells)):
                    continue
                row = {name: cells[at].strip() for name, at in columns.items()}
                faults = list(self._faults(row, line))
                for column, fault in faults:
                    span, excerpt = table.locate(line, table.columns[columns[column]])
                    self._problems.add(fault.diagnostic(self._path, span, excerpt=excerpt))
                if not faults:
                    yield row[COUNTRY], _price(row)

    def _faults(self, row: dict[str, str], line: int) -> Iterator[tuple[str, Problem]]:
        """What is wrong with a row, by column."""
        country = row[COUNTRY]
        if country != REST and not is_country(country):
            near = unknown_country(country)
            yield COUNTRY, replace(near, fix=f"{near.fix}, or * for all other countries")
        elif (first := self._line_by_country.setdefault(country, line)) != line:
            yield (
                COUNTRY,
                Problem("price-repeated", f"line {first} has a price for '{country}' too", "remove one of them"),
            )
        yield from _amount_faults(row)
        if not _CURRENCY.fullmatch(row[CURRENCY]):
            yield CURRENCY, _currency_problem(row[CURRENCY])


def _about_comma(found: Diagnostic) -> Diagnostic:
    """A row with a cell too many, where the comma of a price made two cells of it."""
    cut = _CUT_PRICE.search(found.excerpt) if found.code == "ragged-row" else None
    if cut is None:
        return found
    problem = f"the price '{cut[0]}' has a decimal comma, which makes two cells of it"
    return replace(found, code="price-amount", problem=problem, fix=f"write {cut[1]}.{cut[2]}")


def _empty(delimiter: str) -> Problem:
    return Problem(
        "price-columns", "the table has no prices", f"add a row such as {delimiter.join(('NL', '0.07', 'EUR'))}"
    )


def _missing(columns: dict[str, int]) -> list[str]:
    wanted = [COUNTRY, CURRENCY] if SEGMENT in columns or {LOW, HIGH} & columns.keys() else [COUNTRY, SEGMENT, CURRENCY]
    if SEGMENT not in columns and {LOW, HIGH} & columns.keys():
        wanted += [LOW, HIGH]
    return [name for name in wanted if name not in columns]


def _columns_problem(missing: Sequence[str], columns: Sequence[str], delimiter: str) -> Problem:
    found = quoted(", ".join(columns)) or "none"
    named = {name: _NAME_BY_WORD[name.lower()] for name in columns if _NAME_BY_WORD.get(name.lower()) in missing}
    others = ", ".join(f"'{quoted(name)}' to '{ours}'" for name, ours in named.items())
    whole = f"begin it with the line {delimiter.join((COUNTRY, SEGMENT, CURRENCY))}"
    return Problem(
        "price-columns",
        f"the price table has no column '{missing[0]}'; columns found are: {found}",
        f"rename {others}" if set(named.values()) == set(missing) else whole,
    )


def _price(row: dict[str, str]) -> Price:
    low, high = _range(row)
    return Price(row[CURRENCY], low, high)


def _range(row: dict[str, str]) -> tuple[Decimal, Decimal]:
    """The lower and the upper price of a row whose amounts are valid."""
    if SEGMENT not in row:
        return Decimal(row[LOW]), Decimal(row[HIGH])
    low, _, high = row[SEGMENT].partition("-")
    return Decimal(low.strip()), Decimal((high or low).strip())


def _amount_faults(row: dict[str, str]) -> Iterator[tuple[str, Problem]]:
    names = (SEGMENT,) if SEGMENT in row else (LOW, HIGH)
    faults = [(name, fault) for name in names if (fault := _amount_problem(row[name], ranged=name == SEGMENT))]
    yield from faults
    if not faults:
        low, high = _range(row)
        if low > high:
            problem = f"the range begins with {low}, which is more than {high}"
            yield names[-1], Problem("price-amount", problem, "write the lower price first")


def _amount_problem(text: str, *, ranged: bool) -> Problem | None:
    parts = [part.strip() for part in text.split("-", 1)] if ranged else [text]
    if all(_AMOUNT.fullmatch(part) for part in parts):
        return None
    if not text:
        return Problem("price-amount", "the row has no price", "write the price of a segment, such as 0.07")
    corrected = text.replace(",", ".")
    near = all(_AMOUNT.fullmatch(part.strip()) for part in (corrected.split("-", 1) if ranged else [corrected]))
    fix = f"write {corrected}" if near else "write digits, with a point before decimals, such as 0.07"
    what = "has a decimal comma" if near else "is not a price"
    return Problem("price-amount", f"'{quoted(text)}' {what}", fix)


def _currency_problem(text: str) -> Problem:
    letters = CURRENCY_BY_SIGN.get(text, text.upper())
    fix = f"write {letters}" if _CURRENCY.fullmatch(letters) else "write its three capital letters, such as EUR"
    return Problem("price-currency", f"'{quoted(text)}' is not a currency's code", fix)
