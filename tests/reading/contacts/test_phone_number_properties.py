"""Laws of phone numbers: a result is E.164, stays what it is, and doesn't depend on how the number was spelled."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.country_codes import CODES, ZERO_MAY_FOLLOW
from sendspec.reading.contacts.phone_number import normalise_phone
from sendspec.reading.contacts.unreadable_phone import is_date

CHUNKS = ["+", "00", "0", "31", "6", "1234", "5678", " ", "-", ".", "(", ")", "/", "x", "ext", ";ext=", "E+10", ".0"]
CHUNKS += ["٣", "\u202c", "\u00a0", "A", "\n", "1", "7", "20", "555", "9", "'"]
E164 = re.compile(r"\+(?:[1-9][0-9]{7,14}|(?:290|683|690)[0-9]{4})")


@given(
    st.lists(st.sampled_from(CHUNKS), max_size=12).map("".join), st.sampled_from([None, "NL", "US", "IT", "CI", "XX"])
)
@example("+" + "0" * 40, None)
def test_a_result_is_e164_and_normalising_it_again_changes_nothing(text: str, country: str | None) -> None:
    result = normalise_phone(text, country)
    if isinstance(result, str):
        assert E164.fullmatch(result)
        assert normalise_phone(result, country) == result
        assert normalise_phone(result, None) == result
    else:
        assert result.code
        assert result.fix


@given(
    st.sampled_from(sorted(CODES)),
    st.from_regex(r"\A[1-9][0-9]{8,10}\Z"),
    st.lists(st.sampled_from(["", " ", "-", ".", "  "]), min_size=11, max_size=11),
    st.booleans(),
)
def test_every_spelling_with_plus_gives_the_same_number(code: str, rest: str, gaps: list[str], trunk: bool) -> None:
    expected = f"+{code}{rest}"
    zero = "(0)" if trunk and code not in ZERO_MAY_FOLLOW else ""
    spelled = f" +{code} {zero}" + "".join(a + b for a, b in zip(rest, gaps, strict=False))
    result, plain = normalise_phone(spelled, None), normalise_phone(expected, None)
    if isinstance(result, Problem):  # which quotes the number as it is spelled
        assert isinstance(plain, Problem)
        assert (result.code, result.fix) == (plain.code, plain.fix)
    else:
        assert result == plain == expected


@given(st.text(max_size=30))
def test_no_fault_tells_a_whole_number(text: str) -> None:
    result = normalise_phone(text + "31612345678", None)
    if isinstance(result, Problem):
        assert "31612345678" not in result.problem + result.fix


@given(
    st.lists(
        st.sampled_from([*"0123456789", "00", "31", "12", " ", "-", " (", ") ", " - ", "(0)", ".12", "612345678"]),
        max_size=12,
    ).map("".join),
    st.sampled_from(["", "+", "(", "(+"]),
    st.sampled_from([None, "NL", "US", "FR"]),
)
@example("2024-01-02", "", "NL")
@example("06.12.34.56.78", "", "FR")
@example("01.12.2024", "", "FR")
@example("0612345678 0612345678", "", "NL")
def test_spaces_and_parentheses_change_nothing(digits: str, start: str, country: str | None) -> None:
    """A parenthesis at the end has a text read the long way: it is no number's usual spelling."""
    text = f"{start}{digits}".strip(" ")
    result, long_way = normalise_phone(text, country), normalise_phone(f"{text})", country)
    if is_date(text) or not text.strip("0.-"):
        assert isinstance(result, Problem)
    elif isinstance(result, Problem):  # which quotes the number as it is spelled
        assert isinstance(long_way, Problem)
        assert result.code == long_way.code
    else:
        assert result == long_way
