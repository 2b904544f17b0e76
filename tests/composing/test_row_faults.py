"""What else is wrong with a row that was rejected."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.reading.limits import Limits
from spec_composer import ANN, SpecComposer

TWO = 'body: {type: text, text: {text: "Hi {{ first_name }}, {{ order }}"}}'
TAGGED = TWO + '\n  tags: ["{{ tag }}"]'
CONDITION = "body: {type: text, text: {text: \"{% if first_name == 'Ann' %}{{ order }}{% else %}Hi{% endif %}\"}}"
OWN = f"receiver: {{contacts: [{{identifierValue: '{ANN}'}}]}}\n  {TWO}"
COSTLY = 'body: {type: text, text: {text: "{% for c in big %}{% endfor %}Hi"}}'


@pytest.mark.parametrize(
    ("message", "row", "codes"),
    [
        (TWO, {"phone": "n/a", "first_name": "Ann"}, ["phone-empty", "empty-value"]),
        (TWO, {"phone": "0612345678"}, ["phone-country", "empty-value", "empty-value"]),
        (TWO, {"first_name": "Ann", "order": "x" * 200}, ["phone-empty", "limit-segments"]),
        (TWO, {"phone": ANN}, ["empty-value", "empty-value"]),
        (TAGGED, {"phone": "+31 nobody", "order": "A1"}, ["phone-letters", "empty-value", "empty-value"]),
        (CONDITION, {"phone": ANN}, ["empty-value"]),
        (OWN, {"phone": "nonsense"}, ["empty-value", "empty-value"]),
    ],
    ids=["address and value", "address and two values", "no address and a long text", "two values of a text",
         "several texts", "a value that a condition asks for", "a receiver of its own"],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_row_is_reported(
    composer: SpecComposer, message: str, row: dict[str, Any], codes: list[str]
) -> None:
    columns = {"phone": ANN, "first_name": "Bob", "order": "A2", "tag": "t"}
    assert sorted(composer.codes(message, rows=[row, columns], limits=Limits(segments=1))) == sorted(codes)


def test_a_key_is_looked_at_behind_a_bad_address_and_a_text_behind_a_bad_key(composer: SpecComposer) -> None:
    rows = [{"phone": "x", "first_name": "Ann"}, {"phone": ANN, "n": "7"}, {"phone": ANN, "n": " "}]
    assert sorted(composer.codes(to='key: "{{ n }}"', rows=rows)) == [
        "empty-value", "empty-value", "key-not-text", "phone-empty",
    ]  # fmt: skip
    assert [problem.row_count for problem in composer.problems if problem.code == "empty-value"] == [1, 2]


def test_nothing_is_known_of_a_row_that_where_fails_on(composer: SpecComposer) -> None:
    rows = [{"phone": "nonsense", "use": "yes"}, {"phone": ANN, "first_name": "Ann", "use": True}]
    assert composer.codes(to='where: "{{ use }}"', rows=rows) == ["where-not-boolean"]


def test_mistakes_with_other_fixes_are_other_problems_and_a_missing_country_is_one(composer: SpecComposer) -> None:
    numbers = ["nobody", "+31O612345678", "+316123", "+31612345678999", "07911123456", "447911123457", "00447911123457"]
    composer(rows=[{"phone": number, "first_name": "Ann"} for number in numbers])
    assert [problem.fix for problem in composer.problems if problem.code == "phone-country"] == [
        "write + in front of each country code, in place of 00 where it begins so; or, if they are all of one country, "
        "add `country:` with the country of these numbers under recipients"
    ]
    assert sorted(problem.code for problem in composer.problems) == [
        "phone-country", "phone-length", "phone-length", "phone-letters", "phone-letters",
    ]  # fmt: skip


def test_a_costly_template_behind_a_bad_address_stops_composing_too(composer: SpecComposer) -> None:
    rows = [{"phone": "nonsense", "big": "x" * 10_001}] * 7
    assert "rows-unchecked" in composer.codes(COSTLY, rows=rows)
