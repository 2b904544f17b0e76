"""The key `delivery` of a spec, and the forms of its shares and durations, which the command line takes too."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.delivery_terms import DeliveryTerms, seconds_of, share_of
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import read_spec

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{{phone: "+447700900001"}}]
message: {{body: {{type: text, text: {{text: Hi}}}}}}
{0}
"""


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("95%", "0.95"), ("100%", "1"), ("0%", "0"), ("99.5%", "0.995"), ("0.95", "0.95"), (".5", "0.5"), ("1", "1"), ("1.0", "1"),
        (0.95, "0.95"), (1, "1"), (0, "0"), (0.02, "0.02"),
        ("95", None), ("101%", None), ("-1%", None), ("95 %", None), ("1.5", None), (95, None), (-0.1, None), (True, None), ("", None),
        ("nan", None), ("1e-1", None), ("٩٥%", None), ("95%\n", None), (None, None), (float("nan"), None),
    ],
)  # fmt: skip
def test_a_share_is_a_percentage_or_a_number_up_to_one(written: object, share: str | None) -> None:
    assert share_of(written) == (None if share is None else Fraction(share))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90), ("15m", 900), ("2h", 7_200), ("31d", 2_678_400), ("99999s", 99_999),
        ("0s", None), ("15", None), ("32d", None), ("15 m", None), ("1w", None), ("15m\n", None), ("", None), ("-1m", None),
    ],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(written: str, seconds: int | None) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    ("line", "terms"),
    [
        ("delivery: {need: 95%, max_failed: 0.02, within: 15m}",
         DeliveryTerms(need=Fraction(19, 20), max_failed=Fraction(1, 50), within_seconds=900)),
        ("delivery: {max_failed: 0}", DeliveryTerms(max_failed=Fraction(0))),
        ("delivery: {need: 1.0}", DeliveryTerms(need=Fraction(1))),
        ("delivery: {}", DeliveryTerms()),
        ("description: none", None),
    ],
)  # fmt: skip
def test_a_spec_says_what_its_deliveries_are_held_against(
    tmp_path: Path, line: str, terms: DeliveryTerms | None
) -> None:
    (tmp_path / "a.yaml").write_text(SPEC.format(line), encoding="utf-8")
    problems = Problems()
    spec = read_spec(str(tmp_path / "a.yaml"), problems)
    assert spec is not None, list(problems)
    assert spec.delivery == terms


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        ("need: 95", "write 95%"), ("need: 2 %", "write 2%"), ("need: '97,5 %'", "write 97.5%"), ("need: all", "write a share such as 95% or 0.95"),
        ("max_failed: 150", "write a share such as 95% or 0.95"), ("max_failed: [2]", "write a share such as 95% or 0.95"),
        ("within: 15 minutes", "write 15m"), ("within: 40d", "write a duration such as 90s, 15m, 2h or 1d, at most 31d"),
        ("within: 900", "write a duration such as 90s, 15m, 2h or 1d, at most 31d"),
        ("until: 15m", "remove it; keys allowed here: need, max_failed, within"),
    ],
)  # fmt: skip
def test_what_was_meant_is_proposed(tmp_path: Path, value: str, fix: str) -> None:
    (tmp_path / "a.yaml").write_text(SPEC.format(f"delivery: {{{value}}}"), encoding="utf-8")
    problems = Problems()
    assert read_spec(str(tmp_path / "a.yaml"), problems) is None
    assert [each.fix for each in problems] == [fix]


def test_the_schema_is_as_strict_as_the_reader() -> None:
    base = {
        "spec": 1,
        "name": "a",
        "channel": "sms",
        "recipients": [{}],
        "message": {"body": {"type": "text", "text": {"text": "x"}}},
    }
    for need in ("95%", "100.00%", "0.95", "95", 0.5, 2, "95%\n"):
        accepted = load_schema("spec").accepts({**base, "delivery": {"need": need}})
        assert accepted == (share_of(need) is not None and not (isinstance(need, str) and "%" not in need))
