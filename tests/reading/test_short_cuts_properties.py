"""Laws of the short cuts in reading: where no expression is searched for, none would match."""

from __future__ import annotations

import string

import pytest
from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.diagnostics.problem import Problem
from sendspec.reading import unexpanded
from sendspec.reading.documents import scalar
from sendspec.reading.tables import unclosed_quote

VARIABLES = [
    "$", "${", "NAME", "name", "}", "{{", "}}", " ", "env.", "secrets.", "${{ vars.A }}", "%", "API_KEY", "_", "A", "1", ":-x", "\u017f", "\n",
]  # fmt: skip
CELLS = ["+", "(", "31612345678", "0", ")", "-", " ", "a", "@", "b.example", "\u0661", "12/05/2026", "\n"]
SCALARS = ["+", "-", ".", "inf", ".Inf", ".nan", "NaN", "1", "x", "e5", "0x1f", " "]
SURROGATES = ["a", "\ud83d", "\ude00", "\u00e9", "\n", "\U0001f600"]


def texts_of(chunks: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(chunks), max_size=6).map("".join)


@pytest.mark.parametrize(
    "text", ["${A}", "$A", "{{ env.A }}", "%A%", "${{ vars.A }}", *(f" {each}_A" for each in string.ascii_uppercase)]
)
def test_each_form_of_a_variable_is_looked_for(text: str) -> None:
    assert unexpanded.variable_in(text) is not None


@holds_for(200, 3_000, texts_of(VARIABLES))
def test_a_text_that_begins_otherwise_is_no_variable(text: str) -> None:
    found = unexpanded._VARIABLE.fullmatch(text.strip())
    assert (unexpanded.variable_in(text) is None) == (found is None)


@pytest.mark.parametrize(
    "cell", ["(31612345678", "a@b", *(f"{sign}{digit}12345678" for sign in ("", "+") for digit in range(10))]
)
def test_each_form_of_an_address_is_looked_for(cell: str) -> None:
    assert unclosed_quote.is_address(cell)


@holds_for(200, 3_000, texts_of(CELLS))
def test_a_cell_is_an_address_as_the_expressions_say(cell: str) -> None:
    found = unclosed_quote._SURELY_PHONE.fullmatch(cell) or unclosed_quote._EMAIL.fullmatch(cell)
    assert unclosed_quote.is_address(cell) == bool(found)


@pytest.mark.parametrize("text", [".inf", "+.inf", "-.Inf", ".nan", "+.INF"])
def test_each_form_of_a_number_that_is_not_finite_is_looked_for(text: str) -> None:
    assert isinstance(scalar.resolve_plain(text), Problem)


@holds_for(200, 3_000, texts_of(SCALARS).filter(bool))
def test_no_number_that_is_not_finite_is_a_plain_text(text: str) -> None:
    if scalar._NOT_FINITE.fullmatch(text):
        assert scalar.resolve_plain(text) != text


@holds_for(100, 1_000, texts_of(SURROGATES))
def test_pairs_are_joined_as_the_expression_finds_them(text: str) -> None:
    whole = scalar._PAIR.sub(
        lambda pair: chr(0x10000 + ((ord(pair[0][0]) - 0xD800) << 10) + ord(pair[0][1]) - 0xDC00), text
    )
    assert scalar.joined_surrogates(text) == whole
