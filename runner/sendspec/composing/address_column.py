"""Finds the column that holds the addresses, for a spec that doesn't name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from sendspec.composing.first_rows import FirstRows
from sendspec.composing.template_name import written_name
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, quoted
from sendspec.reading.contacts.unreadable_phone import MIN_NATIONAL_DIGITS, is_date

MAX_COLUMNS = 200
_MAIL_NAME = lazy_pattern(r"mail|courriel|correo|posta\b", re.IGNORECASE)
_MOBILE_NAME = lazy_pattern(
    r"(?<![^\W_])(?:mobi|m[oó]vil|handy|cel(?:l|ular|lulare)?(?![^\W_])|cell ?phone|gsm|natel|portable|whatsapp|msisdn|sms|kom[oó]rk)",
    re.IGNORECASE,
)
_PHONE_NAME = lazy_pattern(
    r"phone|mobil|mobiel|t[eé]l[eé]?f|(?<![^\W_])t[eé]l(?![^\W_])|(?<![^\W_])tel(?:nr|nummer|no)|rufn|(?<![^\W_])fon(?![^\W_])|kontakt|contact",
    re.IGNORECASE,
)
_NATIONAL = lazy_pattern(r"[0-9(][0-9 ()./-]{7,17}", re.ASCII)
_SORTED_DATE = lazy_pattern(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_AMOUNT = lazy_pattern(r"[+-]?[0-9]{1,3}(?:[.,' ]?[0-9]{3})*[.,][0-9]{2}", re.ASCII)


def address_column(
    missing: str, columns: tuple[str, ...], rows: FirstRows, normalise: Callable[[str], str | Problem]
) -> str | None:
    """The column that holds addresses in the first rows, or the one that is called nearly like `missing`.

    A column whose name says so needs one address in it; any other needs them in most of its cells.
    """
    listed = columns[:MAX_COLUMNS]
    sample = [row.values for row in rows]
    scores = {name: _score(name, [values.get(name) for values in sample], normalise) for name in listed}
    best = max(listed, key=lambda name: scores[name], default=None)
    if best is not None and any(scores[best]):
        return best
    return near_miss(missing, listed) or _named(listed, sample)


def _named(columns: tuple[str, ...], sample: Sequence[Mapping[str, object]]) -> str | None:
    """The column whose name is one of numbers, where none can be read: all are spoilt, or none is there in the first rows."""
    best = max(columns, key=_rank_of, default=None)
    if best is None or not _rank_of(best):
        return None
    texts = [str(row[best]) for row in sample if best in row]
    return best if not texts or any(map(str.isdigit, "".join(texts))) else None


def _score(name: str, values: list[object], normalise: Callable[[str], str | Problem]) -> tuple[int, int, int]:
    """How well the name says that the column holds addresses, how many it holds, and how many may be national numbers."""
    texts = [value for value in values if isinstance(value, str) and value]
    is_mail = normalise("a@b.nl") == "a@b.nl"
    candidates = texts if is_mail else [text for text in texts if _may_be_number(text)]
    addresses = sum(not isinstance(normalise(text), Problem) for text in candidates)
    national = 0 if is_mail else sum(_NATIONAL.fullmatch(text.strip()) is not None for text in candidates)
    rank = int(bool(_MAIL_NAME.search(name))) if is_mail else _rank_of(name)
    found = max(addresses, national)
    if not found or (not rank and 2 * found < len(texts)):
        return 0, 0, 0
    return rank, addresses, national


def _rank_of(name: str) -> int:
    """2 for a name of mobile numbers, 1 for one of any numbers."""
    return 2 if _MOBILE_NAME.search(name) else int(bool(_PHONE_NAME.search(name)))


def _may_be_number(text: str) -> bool:
    """Whether it isn't a date, an amount or a short number, such as a postcode: some countries have phone numbers of these digits."""
    written = text.strip()
    if sum(character.isdigit() for character in written) < MIN_NATIONAL_DIGITS:
        return False
    return not (is_date(written) or _SORTED_DATE.fullmatch(written) or _AMOUNT.fullmatch(written))


def to_fix(missing: str, column: str | None) -> str:
    """How a spec names the column; None if no column seems to hold addresses."""
    if column is None:
        return f"add a column '{missing}', as no other seems to hold {'addresses' if 'mail' in missing else 'numbers'}"
    written = mask_in_place(quoted(written_name(column).replace('"', "'")))
    return f'write `to: "{{{{ {written} }}}}"` under recipients, or rename the column'
