"""Reports come from a process that isn't trusted: only values of the types that they name are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest
from long_rows import holds_for
from plan_reports import reports
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.plan_report import PlanReport
from sendspec.operations.untrusted.report import UntrustedReport
from sendspec.operations.untrusted.value_codec import NotOfType, decoded, encoded
from sendspec.showing.plan import plan_document, plan_text
from sendspec.showing.terminal_style import PLAIN


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    amount: Decimal
    code: str = "a-b"


@dataclass(frozen=True, slots=True)
class Everything:
    text: str
    number: int
    share: float
    is_so: bool
    raw: bytes
    when: datetime
    day: date
    ahead: timedelta
    colour: Colour
    inner: Inner | None
    several: tuple[Inner, ...]
    pair: tuple[int, str]
    by_colour: Mapping[Colour, int]
    policy: Mapping[str, Any] = field(default_factory=dict)
    moved: str | Literal[False] | None = None


VALUE = Everything(
    text="‮ \x1b \ud800", number=1 << 2_000, share=0.5, is_so=True, raw=b"\0\xff", when=datetime(2026, 1, 2, tzinfo=UTC),
    day=date(2026, 1, 2), ahead=timedelta(days=-1, seconds=2), colour=Colour.RED, inner=None,
    several=(Inner(Decimal("0.10")), Inner(Decimal(2), "c")), pair=(1, "x"), by_colour={Colour.RED: 3},
    policy={"limits": {"messages": 1}, "retry": None}, moved=False,
)  # fmt: skip


def test_a_value_comes_back_as_it_was() -> None:
    assert decoded(Everything, encoded(VALUE)) == VALUE
    assert decoded(Everything, encoded(replace(VALUE, inner=Inner(Decimal(1)), moved="x"))).moved == "x"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"is_so":true', b'"is_so":1'),
        (b'"number":', b'"number":"1","ignored":'),
        (b'"share":0.5', b'"share":"0.5"'),
        (b'"colour":"red"', b'"colour":"blue"'),
        (b'"colour":"red"', b'"colour":["red"]'),
        (b'"pair":[1,"x"]', b'"pair":[1]'),
        (b'"inner":null', b'"inner":{"amount":"1"}'),
        (b'"inner":null', b'"inner":{"amount":"NaN1","code":"x"}'),
        (b'"inner":null', b'"inner":{"amount":"1","code":"::error::x"}'),
        (b'"inner":null', b'"inner":{"amount":"1","code":"a\\nb"}'),
        (b'"inner":null', b'"inner":{"amount":"1e999999999","code":"x"}'),
        (b'"share":0.5', b'"share":NaN'),
        (b'"share":0.5', b'"share":1e999'),
        (b'"raw":"00ff"', b'"raw":"zz"'),
        (b'"day":"2026-01-02"', b'"day":"soon"'),
        (b'"ahead":[-1,2,0]', b'"ahead":[99999999999999,0,0]'),
        (b'"by_colour":{"red":3}', b'"by_colour":{"blue":3}'),
        (b'"moved":false', b'"moved":true'),
        (b'"text":', b'"text":0,"__class__":'),
        (b"{", b""),
    ],
)
def test_a_value_of_another_type_is_refused(old: bytes, new: bytes) -> None:
    data = encoded(VALUE)
    assert old in data
    with pytest.raises(NotOfType):
        decoded(Everything, data.replace(old, new, 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b"9" * 1_000_000,
        b"\xff\xfe",
        b"NaN",
        b"1e999999",
    ],
)
def test_bytes_that_are_no_report_are_refused(data: bytes) -> None:
    with pytest.raises(NotOfType):
        decoded(UntrustedReport, data)


def test_a_code_that_acts_on_a_log_is_refused() -> None:
    found = Diagnostic(code="x\n::stop-commands::", path="a", span=FILE_START, problem="b", fix="c")
    with pytest.raises(NotOfType):
        decoded(UntrustedReport, encoded(UntrustedReport(diagnostics=(found,))))
    fine = UntrustedReport(diagnostics=(replace(found, code="fine"),))
    assert decoded(UntrustedReport, encoded(fine)) == fine


@holds_for(4, 20, reports())
def test_a_report_comes_back_as_it_was_whatever_is_in_it(made: tuple[PlanReport, list[str]]) -> None:
    """The law of the codec: what the parent shows is what the child has."""
    report = replace(made[0], untrusted=True, told_digests=("v1:aa", "v1:bb"))
    back = decoded(UntrustedReport, encoded(UntrustedReport(plan=report))).plan
    assert back is not None
    assert plan_document(back) == plan_document(report)
    assert plan_text(back.plans, PLAIN, back.details, full=True, base=back.base) == plan_text(
        report.plans, PLAIN, report.details, full=True, base=report.base
    )
