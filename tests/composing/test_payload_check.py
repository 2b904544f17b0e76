"""What is refused of a row's payload besides the request model and the rules: an empty text, its size, its reference."""

from __future__ import annotations

import pytest
from sendspec.reading.limits import Limits
from spec_composer import ANN, BODY, SpecComposer


@pytest.mark.parametrize(
    ("name", "limits", "codes"),
    [
        ("Ann", Limits(segments=1, encoding="gsm7"), []),
        ("Zoë", Limits(segments=1), []),
        ("Zoë", Limits(encoding="gsm7"), ["limit-encoding"]),
        ("x" * 160, Limits(segments=1), ["limit-segments"]),
        ("x" * 157, Limits(segments=1), []),
        ("ë" * 68, Limits(segments=1), ["limit-segments"]),
    ],
)
def test_the_size_of_a_text_is_limited(composer: SpecComposer, name: str, limits: Limits, codes: list[str]) -> None:
    assert composer.codes(rows=[{"phone": ANN, "first_name": name}], limits=limits) == codes


def test_the_fix_names_plainer_characters(composer: SpecComposer) -> None:
    composer(rows=[{"phone": ANN, "first_name": "O’Hara"}], limits=Limits(encoding="gsm7"))
    [problem] = composer.problems
    assert problem.fix == "write ''' for '’'"


def test_an_empty_text_is_refused_at_its_template(composer: SpecComposer) -> None:
    message = 'body: {type: text, text: {text: "{{ first_name }}"}}'
    assert composer.codes(message, rows=[{"phone": ANN, "first_name": " "}]) == ["empty-text"]


@pytest.mark.parametrize(("reference", "codes"), [("to-447700900001", ["reference-holds-number"]), ("order-7", [])])
def test_a_reference_must_not_contain_the_address(composer: SpecComposer, reference: str, codes: list[str]) -> None:
    assert composer.codes(f"reference: {reference}\n  {BODY}") == codes
