"""The price table: what it may look like, and each fault at its cell."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.diagnostics.position import FILE_START
from sendspec.reading.contacts.number_country import UNKNOWN
from sendspec.reading.price_file import PriceFile, read_prices
from sendspec.reading.prices import Price, PriceTable


def read(folder: Path, text: str, name: str = "prices.csv") -> tuple[PriceTable | None, list[Diagnostic]]:
    (folder / name).write_text(text, encoding="utf-8")
    problems = Problems()
    file = PriceFile(written=name, declared_in=str(folder / "sendspec.yaml"), span=FILE_START, excerpt="")
    return read_prices(file, folder, problems), list(problems)


def price(low: str, high: str | None = None, currency: str = "EUR") -> Price:
    return Price(currency, Decimal(low), Decimal(high or low))


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("country,segment,currency\nNL,0.07,EUR\n*,0.1234567,USD\n", {"NL": price("0.07"), "*": price("0.1234567", currency="USD")}),
        ("currency,note,Country,segment\nEUR,our own,NL,0.07 - 0.09\n\n,,,\n", {"NL": price("0.07", "0.09")}),
        ("country,segment_low,segment_high,currency\nNL,0,0.10,EUR\n", {"NL": price("0", "0.10")}),
        ('country,segment,currency\r\n" NL ","0.070",EUR\r\n', {"NL": price("0.070")}),
    ],
)  # fmt: skip
def test_a_table_of_prices_is_read_exactly(tmp_path: Path, text: str, prices: dict[str, Price]) -> None:
    table, problems = read(tmp_path, text)
    assert problems == []
    assert (
        table == PriceTable(prices, "prices.csv", sha256(text.replace("\r", "").encode()).hexdigest()) or "\r" in text
    )
    assert table is not None
    assert table.by_country == prices


@pytest.mark.parametrize(
    ("text", "code", "at", "fix"),
    [
        ("country,segment,currency\nNL,0.07,EUR\nUK,0.05,GBP\n", "unknown-country", (3, 1), "write GB, or * for all other countries"),
        ("country,segment,currency\nNL,0.07,EUR\nBE,1,EUR\nNL,0.08,EUR\n", "price-repeated", (4, 1), "remove one of them"),
        ("country\tsegment\tcurrency\nNL\t0,07\tEUR\n", "price-amount", (2, 4), "write 0.07"),
        ("country,segment,currency\nNL,0.07,EUR,x\n", "ragged-row", (2, 13), "put quotes around a cell that has a ',' in it, or remove the extra cells"),
        ("country,segment,currency\nNL,,EUR\n", "price-amount", (2, 4), "write the price of a segment, such as 0.07"),
        ("country,segment,currency\nNL,€0.07,EUR\n", "price-amount", (2, 4), "write digits, with a point before decimals, such as 0.07"),
        ("country,segment,currency\nNL,-1,EUR\n", "price-amount", (2, 4), "write digits, with a point before decimals, such as 0.07"),
        ("country,segment,currency\nNL,0.09-0.07,EUR\n", "price-amount", (2, 4), "write the lower price first"),
        ("country,segment_low,segment_high,currency\nNL,2,1,EUR\n", "price-amount", (2, 6), "write the lower price first"),
        ("country,segment,currency\nNL,0.07,€\n", "price-currency", (2, 9), "write EUR"),
        ("country,segment,currency\nNL,0.07,eur\n", "price-currency", (2, 9), "write EUR"),
        ("country,segment,currency\nNL,0.07,\n", "price-currency", (2, 9), "write its three capital letters, such as EUR"),
        ("land,segment,currency\nNL,0.07,EUR\n", "price-columns", (1, 1), "rename 'land' to 'country'"),
        ("country,segment_low,currency\nNL,0.07,EUR\n", "price-columns", (1, 1), "begin it with the line country,segment,currency"),
        ("country,segment,currency\n", "price-columns", (1, 1), "add a row such as NL,0.07,EUR"),
        ("", "price-columns", (1, 1), "begin it with the line country,segment,currency"),
        ("country,segment,currency\nNL,0,07,EUR\n", "price-amount", (2, 9), "write 0.07"),
        ("PK\x03\x04", "not-text", (1, 1), None),
    ],
)  # fmt: skip
def test_a_fault_is_reported_at_its_cell(
    tmp_path: Path, text: str, code: str, at: tuple[int, int], fix: str | None
) -> None:
    table, problems = read(tmp_path, text, "prices.tsv" if "\t" in text else "prices.csv")
    assert table is None
    assert [(each.code, each.span.start.line, each.span.start.column) for each in problems] == [(code, *at)]
    assert fix in (None, problems[0].fix)
    assert problems[0].path.endswith(("prices.csv", "prices.tsv"))


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Land;Segment;Währung\nDE;0,075;EUR\n", "rename 'Land' to 'country', 'Währung' to 'currency'"),
        ("Land;b;c\nDE;0,075;EUR\n", "begin it with the line country;segment;currency"),
        ("Country;Segment;Currency\nDE;0,075;EUR\n", "write 0.075"),
        ("country;segment;currency\n", "add a row such as NL;0.07;EUR"),
    ],
)
def test_a_table_of_a_spreadsheet_is_told_what_to_change_in_its_own_form(tmp_path: Path, text: str, fix: str) -> None:
    table, problems = read(tmp_path, text)
    assert table is None
    assert [each.fix for each in problems] == [fix]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("NL,0.99,EUR\nDE,7.50,EUR\nFR,1,USD\n", "EUR 7.50 is a high price for one segment; 1 more are 1 or more"),
        ("NL,0.5-1.0,GBP\n", "GBP 1.0 is a high price for one segment"),
        ("JP,9,JPY\nSE,1,SEK\n", None),
    ],
)
def test_a_price_that_is_hardly_that_of_a_segment_is_warned_of(tmp_path: Path, rows: str, problem: str | None) -> None:
    table, problems = read(tmp_path, "country,segment,currency\n" + rows)
    assert table is not None
    assert [(each.severity, each.code, each.problem) for each in problems] == (
        [] if problem is None else [(Severity.WARNING, "price-high", problem)]
    )


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "country,segment,currency\nXX,a,b\nNL,1,EUR\n")
    assert [each.code for each in problems] == ["unknown-country", "price-amount", "price-currency"]


@pytest.mark.parametrize(
    ("name", "code"), [("prices.xlsx", "unknown-table-format"), ("missing.csv", "file-missing"), ("../p.csv", "outside-project")]
)  # fmt: skip
def test_a_file_that_can_not_be_opened_is_reported_where_it_is_named(tmp_path: Path, name: str, code: str) -> None:
    problems = Problems()
    file = PriceFile(written=name, declared_in=str(tmp_path / "sendspec.yaml"), span=FILE_START, excerpt="")
    assert read_prices(file, tmp_path, problems) is None
    assert [(each.code, Path(each.path).name) for each in problems] == [(code, "sendspec.yaml")]


@pytest.mark.parametrize(
    ("prices", "country", "expected"),
    [
        ({"NL": price("1"), "*": price("2", "3")}, "NL", price("1")),
        ({"NL": price("1"), "*": price("2", "3")}, "BE", price("2", "3")),
        ({"NL": price("1")}, "BE", None),
        ({"NL": price("1"), "*": price("2", "3")}, UNKNOWN, price("1", "3")),
        ({"NL": price("1")}, UNKNOWN, None),
        ({"NL": price("1"), "*": price("2", currency="USD")}, UNKNOWN, None),
    ],
)
def test_a_price_that_the_table_does_not_tell_is_unknown(
    prices: dict[str, Price], country: str, expected: Price | None
) -> None:
    assert PriceTable(prices, "prices.csv", "").price_of(country) == expected
