"""What plans cost by the project's price table, and the limits on it, of specs and of their environment."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sendspec import check, plan
from sendspec.operations.plan_cost import may_cost_more
from sendspec.reading.limits import amount_of
from sendspec.reading.prices import Price
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.plan import plan_document

PROJECT = """{prices}environments:
  test:
    access_key: {{env: KEY}}
    ledger: {{file: .sendspec/test.db}}
    channels: {{sms: {{workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01, channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01}}}}
    limits: {{{limits}}}
"""
SPEC = """spec: 1
name: {name}
channel: sms
recipients: [{recipients}]
message: {{body: {{type: text, text: {{text: Hi}}}}}}
{more}"""
NL, BE, FR = ('{phone: "+31612345678"}', '{phone: "+32470123456"}', '{phone: "+33612345678"}')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.csv").write_text("country,segment,currency\nNL,0.07,EUR\nBE,0.09-0.11,EUR\n")
    return tmp_path


def write(
    folder: Path, *recipients: str, prices: str = "prices: prices.csv\n", limits: str = "", more: str = ""
) -> list[str]:
    """A project with one spec for each of `recipients`; their paths."""
    (folder / "sendspec.yaml").write_text(PROJECT.format(prices=prices, limits=limits))
    for number, listed in enumerate(recipients):
        text = SPEC.format(name=f"spec-{number}", recipients=listed, more=more)
        (folder / f"{number}.yaml").write_text(text)
    return [f"{number}.yaml" for number in range(len(recipients))]


def codes(specs: list[str]) -> list[str]:
    return [each.code for each in check(specs, env="test").diagnostics]


def test_a_plan_has_its_cost_and_the_report_that_of_all(folder: Path) -> None:
    report = plan(write(folder, f"{NL}, {BE}", f"{NL}, {FR}"), env="test")
    first, second = (each.cost for each in report.plans)
    assert first is not None
    assert second is not None
    assert first.totals == (Price("EUR", Decimal("0.16"), Decimal("0.18")),)
    assert (second.totals[0].high, second.unknown_messages) == (Decimal("0.07"), 1)
    assert report.cost is not None
    assert (report.cost.totals[0].low, report.cost.unknown_messages) == (Decimal("0.23"), 1)
    assert load_schema("plan").problems(plan_document(report)) == []
    assert not may_cost_more(report.plans[:1], amount_of("EUR 0.18"))
    assert may_cost_more(report.plans[:1], amount_of("EUR 0.17"))
    assert may_cost_more(report.plans, amount_of("EUR 100"))


def test_without_prices_no_cost_is_told_and_none_counts_as_little(folder: Path) -> None:
    report = plan(write(folder, NL, prices=""), env="test")
    assert (report.cost, report.plans[0].messages_by_country) == (None, {})
    assert "cost" not in plan_document(report)
    assert may_cost_more(report.plans, amount_of("EUR 1000"))


@pytest.mark.parametrize(
    ("limits", "more", "prices", "found"),
    [
        ("cost: EUR 0.18", "", "prices: prices.csv\n", []),
        ("cost: EUR 0.17", "", "prices: prices.csv\n", ["limit-cost"]),
        ("", "limits: {cost: 0.17}\n", "prices: prices.csv\n", ["limit-cost"]),
        ("cost: EUR 1", "limits: {cost: EUR 0.17}\n", "prices: prices.csv\n", ["limit-cost"]),
        ("cost: EUR 1", "", "", ["limit-cost"]),
        ("cost: 17 EUR", "", "prices: prices.csv\n", ["wrong-format"]),
        ("cost: EUR 1", "", "prices: ../prices.csv\n", ["outside-project"]),
        ("cost: EUR 1", "", "prices: nowhere.csv\n", ["file-missing"]),
    ],
)
def test_a_limit_on_the_cost_holds_wherever_it_is_written(
    folder: Path, limits: str, more: str, prices: str, found: list[str]
) -> None:
    assert codes(write(folder, f"{NL}, {BE}", limits=limits, more=more, prices=prices)) == found


def test_a_fault_of_the_price_table_is_the_only_error(folder: Path) -> None:
    (folder / "prices.csv").write_text("country,segment,currency\nNL,free,EUR\n")
    found = check(write(folder, NL, limits="cost: 1"), env="test").diagnostics
    assert [(each.code, each.path, each.span.start.line, each.span.start.column) for each in found] == [
        ("price-amount", "prices.csv", 2, 4)
    ]


def test_specs_that_are_within_the_environments_limit_can_exceed_it_together(folder: Path) -> None:
    specs = write(folder, NL, NL, limits="cost: EUR 0.10")
    assert [each.code for each in plan(specs[:1], env="test").exceeded] == []
    (exceeded,) = plan(specs, env="test").exceeded
    assert (exceeded.code, exceeded.path) == ("limit-cost", "sendspec.yaml")
    assert exceeded.problem == "the plan costs EUR 0.14; the limit is EUR 0.10"
