"""Phone numbers as people write them, normalised to E.164."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import SHORT_LENGTH, mask
from sendspec.reading.contacts.country import COUNTRIES, unknown_country
from sendspec.reading.contacts.country_codes import (
    CODES_OF_THREE,
    LENGTHS,
    SURE_STARTS,
    WRITTEN_LENGTHS,
    ZERO_MAY_FOLLOW,
    code_of,
    has_length_of_its_country,
)
from sendspec.reading.contacts.unreadable_phone import DECIMAL, MIN_DIGITS, MIN_NATIONAL_DIGITS, unreadable

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MAX_DIGITS = 15
_ONLY_SPACES = Problem(
    "phone-empty", "the cell holds only spaces", "fill it in, or empty the cell and leave such rows out with `where`"
)
_NO_LENGTHS: frozenset[int] = frozenset()
_PLUS = "write + in front of it"
_SPACES = " \t\r\n"
_AS_TYPED = str.maketrans(
    dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
"""Spaces and dashes that other programs put in place of typed ones. Characters that can't be seen are not among them."""
_DIGIT = lazy_pattern("[0-9]")
_SEPARATORS = b" .()/-"
_TRUNK_IN_PARENTHESES = lazy_pattern(r"(\(?\+[ 0-9]{1,4}\)?[ .-]*)\(0\)")


# `any_length` is positional: with a keyword-only parameter, each call would take 15 % longer.
def normalise_phone(text: str, country: str | None = None, any_length: bool = False) -> str | Problem:
    """The number as E.164, such as `+31612345678`. Idempotent.

    `country` (ISO 3166-1 alpha-2) is for national numbers; numbers with `+` don't need it. Letters, digits of other
    scripts and extensions are refused first, because the phone library would accept them. With `any_length`, the number
    needn't have a length of its country.
    """
    start = text[:4]  # `_is_e164`, written out: it runs for every row of a plan, and most numbers are E.164 already
    begins_well = start in SURE_STARTS or (start in CODES_OF_THREE and text[4:5] != "0")
    if begins_well and len(text) in WRITTEN_LENGTHS[start] and text.isascii() and text[4:].isdigit():
        return text
    written = text.strip(_SPACES)
    if not written.isascii() and _DIGIT.search(written):
        written = written.translate(_AS_TYPED).strip(_SPACES)
    fault = unreadable(written, country)
    if fault is not None:
        return _with_beginning(fault, written, country) if written or not text else _ONLY_SPACES
    if written.lstrip("(").startswith("+"):
        return _international(written, any_length=any_length)
    return _national(written, country, any_length=any_length)


def _with_beginning(fault: Problem, written: str, country: str | None) -> Problem:
    """The fault of a number that a spreadsheet has given decimals, with what its digits lack in front."""
    digits = DECIMAL.fullmatch(written)
    if digits is None or written[0] in "+0":
        return fault
    read = None if country is None else normalise_phone(digits[1], country)
    if isinstance(read, str):
        return fault
    lost = read is not None and read.fix.startswith(_PLUS)
    beginning = f", and {_PLUS}" if lost else "; the + or 0 in front may be gone as well"
    return replace(fault, fix=fault.fix + beginning)


def _international(written: str, *, any_length: bool) -> str | Problem:
    # The 0 in `+31 (0) 6…` is the trunk prefix, dialled inside the country only. `code_of` needs three digits: 00 pads.
    trunk = _TRUNK_IN_PARENTHESES.match(written)
    if trunk is not None and code_of("+" + _plain(trunk[1]) + "00") not in ZERO_MAY_FOLLOW:
        written = trunk[1] + written[trunk.end() :]
    number = "+" + _plain(written)
    return number if _is_e164(number) else _checked(number, mask(written), any_length=any_length)


def _is_e164(number: str) -> bool:
    """Whether `+` and digits are a number with a length of its country, so that nothing else has to be checked."""
    start = number[:4]
    begins_well = start in SURE_STARTS or (start in CODES_OF_THREE and number[4:5] != "0")
    return begins_well and len(number) in WRITTEN_LENGTHS[start]


def _checked(number: str, shown: str, *, any_length: bool) -> str | Problem:
    digits = len(number) - 1
    code = code_of(number)
    lengths = LENGTHS.get(code or "", _NO_LENGTHS)
    if not MIN_DIGITS <= digits <= MAX_DIGITS and digits not in lengths:
        return _wrong_length(shown, digits)
    if code is None:
        return Problem(
            "phone-unassigned",
            f"'{shown}' begins with an unassigned country code",
            "write the country code after the +, such as +31 for the Netherlands or +1 for the United States",
        )
    if number[len(code) + 1] == "0" and code not in ZERO_MAY_FOLLOW:
        return Problem(
            "phone-trunk-zero",
            f"'{shown}' has a 0 after its country code +{code}",
            "remove that 0, the trunk prefix: it is dialled inside the country only",
        )
    if not any_length and not has_length_of_its_country(number):
        return _foreign_length(shown, digits, code, lengths)
    return number


def _wrong_length(shown: str, digits: int) -> Problem:
    return Problem(
        "phone-length",
        f"'{shown}' has {digits} digits; a number with its country code has {MIN_DIGITS} to {MAX_DIGITS}",
        "write the whole number, with + and its country code" if digits < MIN_DIGITS else "remove the extra digits",
    )


def _foreign_length(shown: str, digits: int, code: str, lengths: frozenset[int]) -> Problem:
    """A length that numbers have, but not those of this code."""
    possible = sorted(lengths)
    if len(possible) > 2 and possible[-1] - possible[0] == len(possible) - 1:
        listed = f"{possible[0]} to {possible[-1]}"
    else:
        listed = ", ".join(map(str, possible[:-1])) + f" or {possible[-1]}" if len(possible) > 1 else str(possible[0])
    if digits < possible[0]:
        fix = "add the digits that are missing"
    elif digits > possible[-1]:
        fix = "remove what is too much"
    elif digits - 1 in possible:
        fix = "remove the digit that is too much" + ", or add the one that is missing" * (digits + 1 in possible)
    else:
        fix = "add the digit that is missing" if digits + 1 in possible else "correct it"
    return Problem(
        "phone-length", f"'{shown}' has {digits} digits; a number that begins with +{code} has {listed}", fix
    )


def _national(written: str, country: str | None, *, any_length: bool) -> str | Problem:
    digits = _plain(written)
    if country is None:
        return _without_country(digits, _masked(written, digits))
    if country not in COUNTRIES:
        return unknown_country(country)
    from sendspec.reading.contacts.national_number import read_national  # imports the phone library: 40 ms

    return read_national(digits, country) or _read_nationally(
        digits, _masked(written, digits), country, any_length=any_length
    )


def _masked(written: str, digits: str) -> str:
    """The number masked; one of few digits at its own length, as that is what is wrong with it."""
    if not SHORT_LENGTH <= len(digits) < MIN_NATIONAL_DIGITS:
        return mask(written)
    return digits[0] + "•" * (len(digits) - 2) + digits[-1]


def _without_country(digits: str, shown: str) -> Problem:
    if not MIN_NATIONAL_DIGITS <= len(digits) <= MAX_DIGITS + 2:
        return _wrong_length(shown, len(digits))
    from sendspec.reading.contacts.likely_country import single_country_fix  # needed only after a mistake

    add_country = single_country_fix(digits)
    if digits.startswith("00"):
        return Problem(
            "phone-country",
            f"'{shown}' begins with 00, which not every country reads as +, and no country is given",
            f"write + instead of 00, or {add_country}",
        )
    if digits[0] != "0" and code_of("+" + digits) and has_length_of_its_country("+" + digits):
        return Problem(
            "phone-country",
            f"'{shown}' has no +, and no country is given: it is a national number, or has lost its +",
            f"{add_country} if it is a national number, or write + in front of it if it begins with its country code",
        )
    return Problem(
        "phone-country",
        f"'{shown}' is a national number, and no country is given",
        f"{add_country}, or write the number with + and its country code",
    )


def _read_nationally(digits: str, shown: str, country: str, *, any_length: bool) -> str | Problem:
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return _not_of(country, shown, "", "correct it")
    if phonenumbers.is_possible_number(number):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        read = _checked(e164, shown, any_length=any_length)
        if isinstance(read, str):
            return _without_plus(shown, country) if _has_lost_plus(digits, number) else read
    code = str(number.country_code)
    length = len(code) + len(phonenumbers.national_significant_number(number))
    is_own = number.country_code == phonenumbers.country_code_for_region(country)
    lengths = LENGTHS.get(code, _NO_LENGTHS) if is_own else _NO_LENGTHS
    if lengths and length < min(lengths):
        return _not_of(country, shown, f": {len(digits)} digits are too few", "add the digits that are missing")
    if lengths and length > max(lengths):
        return _not_of(country, shown, f": {len(digits)} digits are too many", "remove what is too much")
    return _not_of(country, shown, "", "correct it")


def _has_lost_plus(digits: str, number: PhoneNumber) -> bool:
    """Whether the digits are a number with its country code, and as a national number at best a landline without its 0."""
    import phonenumbers

    code = str(number.country_code)
    if not digits.startswith(code) or phonenumbers.national_significant_number(number) != digits:
        return False
    if phonenumbers.number_type(number) not in (
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.UNKNOWN,
    ):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))


def _without_plus(shown: str, country: str) -> Problem:
    import phonenumbers

    code = phonenumbers.country_code_for_region(country)
    return Problem(
        "phone-number",
        f"'{shown}' begins with {code}, the code of {country}, and has no + in front",
        f"{_PLUS}, or a 0 if it is a national number",
    )


def _not_of(country: str, shown: str, why: str, fix: str) -> Problem:
    fix += ", or write it with + and its country code if it belongs to another country"
    return Problem("phone-number", f"'{shown}' can't be a number of {country}{why}", fix)


def _plain(written: str) -> str:
    return written.encode().translate(None, _SEPARATORS).decode().lstrip("+")
