"""Texts that are no phone number, each with its own reason: fillers, words, several numbers, what spreadsheets make of numbers."""

from __future__ import annotations

import re
import unicodedata

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, printable, quoted
from sendspec.reading.error_value import error_value_problem, is_error_value

MIN_DIGITS = 8
MIN_NATIONAL_DIGITS = 7
_WRITTEN = lazy_pattern(r"\(?\+?[0-9][0-9 .()/-]*|\([0-9][0-9 .()/-]*")
_SIMPLE = lazy_pattern(r"\+?[0-9](?:[ ()-]?[0-9]){6,14}")
"""One number, and written like one: too short for two."""
_SPACED = lazy_pattern(r"\(?\+?[0-9](?:[ ()-]{0,3}[0-9]){6,14}|[0-9]{2}(?:\.[0-9]{2}){4}")
"""The same with parentheses and more separators between its digits, or five pairs as they are written in France. None is a date."""
_FILLER = lazy_pattern(
    r"#?n/?[av]!?|n\.a\.|k\. ?a\.?|none|null|nil|nan|no|geen|keine?|aucun|unknown|onbekend|unbekannt|inconnu|tb[acd]|x+|[-_?.0\u2013\u2014]+",
    re.I,
)
_DATE = lazy_pattern(
    r"(?:[0-9]{4}([./-])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12][0-9]|0?[1-9])"
    r"|(?:(?:3[01]|[12][0-9]|0?[1-9])([./-])(?:1[0-2]|0?[1-9])\2|(?:1[0-2]|0?[1-9])([./-])(?:3[01]|[12][0-9])\3)(?:19|20)[0-9]{2}"
    r"|(?:3[01]|[12][0-9]|0?[1-9])([./])(?:1[0-2]|0?[1-9])\4[0-9]{2})(?:[T ,]+[0-9]{1,2}:.*)?"
)
"""A day, not a number: numbers are hardly written so, and the digits of many days are those of some number."""
DOTTED_COUNTRIES = frozenset({"NC"})
_DOTTED = lazy_pattern(r"(?:[0-9]{2}\.){2}[0-9]{2}")
"""How numbers of these countries are written, also those that could be days."""
_EXTENSION = lazy_pattern(
    r";|#|(?<![A-Za-z])(?:ext(?:ension)?|x|tst|toestel)\.?\s*[0-9]|(?<=[0-9])\s*(?:ext|x)\b", re.I
)
_BETWEEN_NUMBERS = lazy_pattern(r"[,|&\n/]|;(?!ext)|\b(?:or|and|en|und|et|y|of|oder|ou)\b|(?=\+)|\s(?=0[0-9]{8})", re.I)
_SCIENTIFIC = lazy_pattern(r"[+-]?[0-9]+(?:[.,][0-9]+)?(E\+?[0-9]{1,2})", re.I)
DECIMAL = lazy_pattern(r"(\+?[0-9]{7,})[.,]0+")
_LETTERS = lazy_pattern(r"[A-Za-z]+")
_LABEL = lazy_pattern(
    r"((?:tel|tél|telefoon|telefon|telephone|téléphone|telefone|teléfono|telefono|phone|mob|mobiel|mobil|mobile|móvil|portable|port"
    r"|celular|cel|gsm|cell|handy|whatsapp|nr|no|n°|nº)(?!\w)(?:[ \u00a0](?=[.:]))?[.:]{0,2})[ \u00a0]*",
    re.I,
)
_LETTER_LIKE_DIGIT = {"O": "0", "o": "0", "I": "1", "l": "1"}
_SHOWN = 24


def unreadable(written: str, country: str | None = None) -> Problem | None:
    """Why the text, without spaces around it, can't be read as a number of the country; None if it is written like one."""
    if not written:
        return Problem("phone-empty", "the phone number is empty", "fill it in, or leave such rows out with `where`")
    if _SIMPLE.fullmatch(written) and written.strip("0"):  # first, as whole tables lack nothing but their country
        return _date(written) if "-" in written else None
    if _SPACED.fullmatch(written) and written.strip("+0 ().-"):
        return None
    if written[0] == "#" and is_error_value(written):
        return error_value_problem(written)
    if _FILLER.fullmatch(written):
        return _filler(written)
    if not written.isascii():
        return _labelled(written) or _not_ascii(written)
    date = _date(written)
    if date is not None and not (country in DOTTED_COUNTRIES and _DOTTED.fullmatch(written)):
        return date
    changed = _changed_by_spreadsheet(written)
    if changed is not None:
        return changed
    parts = _BETWEEN_NUMBERS.split(written)
    if (len(parts) > 1 and sum(map(_is_whole, parts)) > 1) or ("/" in written and _has_second_ending(written)):
        fix = "keep one number in the cell"
        return Problem("phone-several", f"'{mask(written)}' is more than one number", fix)
    if _EXTENSION.search(written):
        return Problem(
            "phone-extension",
            f"'{mask(written)}' has an extension, and a message can't be sent to one",
            "remove the extension, or write a number that reaches the person directly",
        )
    letters = _LETTERS.findall(written)
    if letters:
        return _with_letters(written, "".join(letters))
    if not _WRITTEN.fullmatch(written):
        return _odd_character(written)
    return None


def _filler(written: str) -> Problem:
    fix = "fill it in, or empty the cell and leave such rows out with `where`"
    return Problem("phone-empty", f"'{printable(written[:_SHOWN])}' is in the place of a phone number", fix)


def is_date(written: str) -> bool:
    """Whether it is a day, alone or with a time, rather than a number."""
    return _DATE.fullmatch(written) is not None


def _date(written: str) -> Problem | None:
    if not is_date(written):
        return None
    fix = "write the person's number, or name the column of the numbers with `to` under recipients"
    return Problem("phone-letters", f"'{printable(written[:_SHOWN])}' is a date, not a phone number", fix)


def _changed_by_spreadsheet(written: str) -> Problem | None:
    """The problem of a number in the form that a spreadsheet gave it. The code of what still has all digits is `phone-letters`."""
    scientific = _SCIENTIFIC.fullmatch(written)
    if scientific or DECIMAL.fullmatch(written):
        shown = f"{written[:2]}••••{scientific[1]}" if scientific else mask(written)
        tail = written.lstrip("+0123456789")
        fix = "format the column as text in the spreadsheet, enter the numbers again, and export the table again"
        if not scientific:
            fix = f"remove '{tail}' from its end"
        return Problem("spreadsheet-number", f"'{shown}' is a phone number that a spreadsheet has changed", fix)
    if written[0] == "'" and _WRITTEN.fullmatch(written[1:]):
        shown, what = mask(written[1:]), "an apostrophe (') in front, as spreadsheets write it to keep a number as text"
        return Problem("phone-letters", f"'{shown}' has {what}", "remove the apostrophe")
    if written[0] == "=" and _digits(written) >= MIN_NATIONAL_DIGITS:
        shown = mask(written.strip('="'))
        return Problem(
            "phone-letters", f"'{shown}' is in a spreadsheet's formula", "write the number without = and quotes"
        )
    return None


def _with_letters(written: str, letters: str) -> Problem:
    if "@" in written:
        problem = f"'{mask(written)}' is an e-mail address, not a phone number"
        return Problem("phone-letters", problem, "write the phone number, or use a channel for e-mail")
    if not _digits(written):
        shown = quoted(written[:_SHOWN]) + "…" * (len(written) > _SHOWN)
        fix = "write the person's number, or remove the row if it is nobody's, such as a total"
        return Problem("phone-letters", f"'{shown}' is not a phone number: it has no digits", fix)
    if all(letter in _LETTER_LIKE_DIGIT for letter in letters) and len(letters) < _digits(written):
        meant = _LETTER_LIKE_DIGIT[letters[0]]
        shown = f"the letter {letters[0]} where a {meant} belongs"
        return Problem("phone-letters", f"'{mask(written)}' has {shown}", f"write {meant} instead of {letters[0]}")
    labelled = _labelled(written)
    if labelled is not None:
        return labelled
    return Problem("phone-letters", f"'{mask(written)}' has letters in it", "write the number with the digits 0-9")


def _labelled(written: str) -> Problem | None:
    """The problem of a word for a number, before the number."""
    label = _LABEL.match(written)
    if label is None or not _WRITTEN.fullmatch(written[label.end() :]):
        return None
    problem = f"'{quoted(label[1])}' stands before the number '{mask(written[label.end() :])}'"
    return Problem("phone-letters", problem, f"remove '{quoted(label[1])}'")


def _has_second_ending(written: str) -> bool:
    """Whether a whole number is before the last `/`, as in `020 1234567/8`. An area code may be: `030/123456`, `+36/20/1234567`."""
    before, _, ending = written.rpartition("/")
    return _is_whole(before) and _digits(ending) > 0


def _is_whole(part: str) -> bool:
    """Whether `part` has enough digits for a number; those that are only dialled, 00 and the 0 of `(0)`, aren't counted."""
    part = part.strip().lstrip("(")
    is_international = part.startswith(("+", "00"))
    digits = _digits(part.replace("(0)", "")) - 2 * part.startswith("00")
    return digits >= (MIN_DIGITS if is_international else MIN_NATIONAL_DIGITS)


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


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
