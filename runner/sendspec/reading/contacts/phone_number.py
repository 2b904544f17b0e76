"""Phone numbers as people write them, normalised to E.164."""

from __future__ import annotations

import re
import unicodedata

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, printable
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

MIN_DIGITS = 8
MAX_DIGITS = 15
MIN_NATIONAL_DIGITS = 7
_NO_LENGTHS: frozenset[int] = frozenset()
_SPACES = " \t\r\n"
_SEPARATORS = re.compile(r"[ .()/-]+")
_WRITTEN = re.compile(r"\(?\+?[0-9][0-9 .()/-]*|\([0-9][0-9 .()/-]*")
_TRUNK_IN_PARENTHESES = re.compile(r"(\(?\+[ 0-9]{1,4}\)?[ .-]*)\(0\)")
_EXTENSION = re.compile(r";|#|(?<![A-Za-z])(?:ext(?:ension)?|x|tst|toestel)\.?\s*[0-9]|(?<=[0-9])\s*(?:ext|x)\b", re.I)
_BETWEEN_NUMBERS = re.compile(r"[,|&\n/]|;(?!ext)|\b(?:or|and|en|und|et|y|of|oder|ou)\b|(?=\+)|\s(?=0[0-9]{8})", re.I)
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(E\+?[0-9]{1,2})", re.I)
_DECIMAL = re.compile(r"\+?[0-9]{7,}[.,]0+")
_LETTER = re.compile(r"[A-Za-z]")


# `any_length` is positional: with a keyword-only parameter, each call would take 15 % longer.
def normalise_phone(text: str, country: str | None = None, any_length: bool = False) -> str | Problem:
    """The number as E.164, such as `+31612345678`. Idempotent.

    `country` (ISO 3166-1 alpha-2) is for national numbers; numbers with `+` don't need it. Letters, digits of other
    scripts and extensions are refused first, because the phone library would accept them. With `any_length`, the number
    needn't have a length of its country.
    """
    start = text[:4]  # fast path: runs for every row of a plan, and most numbers are E.164 already
    begins_well = start in SURE_STARTS or (start in CODES_OF_THREE and text[4:5] != "0")
    if begins_well and len(text) in WRITTEN_LENGTHS[start] and text.isascii() and text[4:].isdigit():
        return text
    written = text.strip(_SPACES)
    fault = _unreadable(written)
    if fault is not None:
        return fault
    if written.lstrip("(").startswith("+"):
        return _international(written, any_length=any_length)
    return _national(written, country, any_length=any_length)


def _unreadable(written: str) -> Problem | None:
    if not written:
        return Problem("phone-empty", "the phone number is empty", "fill it in, or leave such rows out with `where`")
    shown = mask(written)
    if not written.isascii():
        return _not_ascii(written)
    scientific = _SCIENTIFIC.fullmatch(written)
    if scientific or _DECIMAL.fullmatch(written):
        shown = f"{written[:2]}••••{scientific[1]}" if scientific else shown
        return Problem(
            "spreadsheet-number",
            f"'{shown}' is a phone number that a spreadsheet has changed",
            "format the column as text in the spreadsheet, enter the numbers again, and export the table again",
        )
    numbers = [part for part in _BETWEEN_NUMBERS.split(written) if _digits(part) >= MIN_NATIONAL_DIGITS]
    if len(numbers) > 1 or _has_second_ending(written):
        return Problem("phone-several", f"'{shown}' is more than one number", "keep one number in the cell")
    if _EXTENSION.search(written):
        return Problem(
            "phone-extension",
            f"'{shown}' has an extension, and a message can't be sent to one",
            "remove the extension, or write a number that reaches the person directly",
        )
    if _LETTER.search(written):
        return Problem("phone-letters", f"'{shown}' has letters in it", "write the number with the digits 0-9")
    if not _WRITTEN.fullmatch(written):
        return _odd_character(written)
    return None


def _has_second_ending(written: str) -> bool:
    """Whether a whole number is before the last `/`, as in `020 1234567/8`. An area code may be: `030/123456`, `+36/20/1234567`."""
    before, _, ending = written.rpartition("/")
    digits = _digits(before.replace("(0)", ""))
    if before.startswith("00"):
        digits -= 2
    least = MIN_DIGITS if before.lstrip("(").startswith(("+", "00")) else MIN_NATIONAL_DIGITS
    return digits >= least and _digits(ending) > 0


def _not_ascii(written: str) -> Problem:
    first = next(c for c in written if not c.isascii())
    named = f"U+{ord(first):04X} ({unicodedata.name(first, 'without a name').lower()})"
    if first.isalpha():
        return Problem(
            "phone-letters", f"'{mask(written)}' has the letter {named} in it", "write the number with the digits 0-9"
        )
    return Problem(
        "phone-digits",
        f"'{mask(written)}' has the character {named} in it",
        "write the number again, with the digits 0-9 and plain spaces",
    )


def _odd_character(written: str) -> Problem:
    """The code is `phone-letters` for any character out of place: codes are never renamed."""
    odd = next((c for c in written if c not in "+0123456789 .()/-"), None)
    if odd is None:
        problem = f"'{mask(written)}' has a + or a separator in the wrong place"
        fix = "write it as + and the digits, such as +31 6 …, or as the digits alone"
    else:
        problem, fix = f"'{mask(written)}' has the character '{printable(odd)}' in it", f"remove '{printable(odd)}'"
    return Problem("phone-letters", problem, fix)


def _international(written: str, *, any_length: bool) -> str | Problem:
    # The 0 in `+31 (0) 6…` is the trunk prefix, dialled inside the country only. `code_of` needs three digits: 00 pads.
    trunk = _TRUNK_IN_PARENTHESES.match(written)
    if trunk is not None and code_of("+" + _plain(trunk[1]) + "00") not in ZERO_MAY_FOLLOW:
        written = trunk[1] + written[trunk.end() :]
    return _checked("+" + _plain(written), mask(written), any_length=any_length)


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
    else:
        fix = "remove what is too much" if digits > possible[-1] else "correct it"
    return Problem(
        "phone-length", f"'{shown}' has {digits} digits; a number that begins with +{code} has {listed}", fix
    )


def _national(written: str, country: str | None, *, any_length: bool) -> str | Problem:
    digits = _plain(written)
    shown = mask(written)
    if country is None:
        return _without_country(digits, shown)
    if country not in COUNTRIES:
        return unknown_country(country)
    return _read_nationally(digits, shown, country, any_length=any_length)


def _without_country(digits: str, shown: str) -> Problem:
    if not MIN_NATIONAL_DIGITS <= len(digits) <= MAX_DIGITS + 2:
        return _wrong_length(shown, len(digits))
    add_country = "add `country: NL` under recipients"
    if digits.startswith("00"):
        return Problem(
            "phone-country",
            f"'{shown}' begins with 00, which not every country reads as +, and no country is given",
            f"write + instead of 00, or {add_country}",
        )
    if digits[0] != "0" and len(digits) > MIN_DIGITS and code_of("+" + digits):
        return Problem(
            "phone-country",
            f"'{shown}' has no +, and no country is given: it is a national number, or has lost its +",
            f"write + in front of the country code, or {add_country}",
        )
    return Problem(
        "phone-country",
        f"'{shown}' is a national number, and no country is given",
        f"{add_country}, or write the number with + and its country code",
    )


def _read_nationally(digits: str, shown: str, country: str, *, any_length: bool) -> str | Problem:
    import phonenumbers  # takes 40 ms to import, and most tables hold only E.164

    try:
        number = phonenumbers.parse(digits, country)
        possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    except phonenumbers.NumberParseException:
        possible = False
    if possible:
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        read = _checked(e164, shown, any_length=any_length)
        if isinstance(read, str):
            return read
    return Problem(
        "phone-number",
        f"'{shown}' can't be a number of {country}",
        "correct it, or write it with + and its country code if it belongs to another country",
    )


def _plain(written: str) -> str:
    return _SEPARATORS.sub("", written).lstrip("+")


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)
