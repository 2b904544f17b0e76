"""The test `landline` of templates: whether a phone number is one that most SMS don't reach."""

from __future__ import annotations

from typing import Any

from sendspec.composing.render_budget import FilterError
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.contacts.country import is_country, unknown_country
from sendspec.reading.contacts.landline import can_tell_landlines, is_landline
from sendspec.reading.contacts.phone_number import normalise_phone


def landline(value: Any, country: Any = None) -> bool:
    """False for what can't be read as a number, and for a number whose country's plan doesn't tell: such rows are checked as any other.

    `country` reads national numbers, as `recipients.country` does.
    """
    if country is not None and not (isinstance(country, str) and is_country(country)):
        problem = unknown_country(country) if isinstance(country, str) else None
        raise FilterError(
            "unknown-country",
            "the country of `landline` is no text" if problem is None else problem.problem,
            "write a code of two letters, such as landline('NL')" if problem is None else quoted(problem.fix),
        )
    if country is not None and not can_tell_landlines(country):
        raise FilterError(
            "landline-unknown",
            f"the landlines of {country} can't be told from its mobile numbers here, so `landline` would find none",
            "remove `landline`, and leave such rows out by a column of the table",
        )
    number = normalise_phone(value, country) if isinstance(value, str) else None
    return isinstance(number, str) and is_landline(number)
