"""Makes untrusted text fit to show: addresses masked, invisible and control characters escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sendspec.diagnostics.lazy_pattern import lazy_pattern

DOTS = "••••••"
SHORT_LENGTH = 5
MEDIUM_LENGTH = 8

# A number as people write it: digits of any script, with up to four separators or invisible marks between two digits.
# A match ends after `MAX_AT_ONCE` of them, and `_finds` goes on from there: each takes 200 bytes as long as the match lasts. No group
# is repeated possessively, which would save them too: Python 3.11.2 matches too much then (cpython gh-106052). Kept as text, which
# `re` compiles at its first use: most commands have nothing to mask.
MAX_AT_ONCE = 1000
_BETWEEN = r"[ ./()\-\u00a0\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202f\u2060-\u2069\u2212\ufeff]{0,4}+"
_NO_NUMBER = (
    r"(?P<uuid>(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z]))"
    r"|(?P<date>(?<![\d+])(?:19|20)\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?![\d-]))"
)
_MORE = rf"(?:{_BETWEEN}\d)"
_STRICT = rf"{_NO_NUMBER}|(?P<number>[+\uff0b]?\d{_MORE}{{6,{MAX_AT_ONCE}}})|(?P<six>\d{{6}})"
# In a user's own text: a date that begins with the day or the month, a server's address with its port, and a digest, which has letters among its digits. In a digest
# that isn't marked as one, no nine digits may stand together: letters behind a number are no disguise.
_NO_NUMBER_OF_OURS = (
    r"(?P<day>(?<![\d+./-])(?:0?[1-9]|[12]\d|3[01])(?P<between>[-/.])(?:0?[1-9]|1[0-2])(?P=between)(?:19|20)\d\d(?![\d/-]))"
    r"|(?P<month>(?<![\d+./-])(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/(?:19|20)\d\d(?![\d/-]))"
    r"|(?P<digest>(?<![0-9A-Za-z])(?![0-9a-f]*[0-9]{9})(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{16,128}(?![0-9A-Za-z]))"
    r"|(?P<server>(?<![\d.+])(?!0)(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}(?![\d.]))"
    r"|(?P<plan_digest>\bv\d:[0-9a-f]{64}(?![0-9A-Za-z]))"
    r"|(?P<text_digest>(?:(?<=continue_with: )|(?<=continue_with: ['\"]))[0-9a-f]{16}(?![0-9A-Za-z]))"
)
# The same for a user's own text, where more is taken for a number: any signs but those between cells and around values, digits
# set high, low or in circles, and digits as JSON escapes.
_ANY_DIGIT = r"(?:\d|[\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u249b\u2776-\u2793]|\\u003\d)"
_ANY_SIGN = r"(?:(?!\\u003\d)[^\w+,;\"{}\[\]<>@\r\n\t\uff0b]|_)"
_ANY_BETWEEN = (
    rf"(?:{_ANY_SIGN}{{4}}|{_ANY_SIGN}{{0,3}}(?!{_ANY_SIGN}))"  # as many as there are: some are digits as well
)
_ANY_MORE = rf"(?:{_ANY_BETWEEN}{_ANY_DIGIT})"
_NUMBER = rf"(?:[+\uff0b]|\\u002[bB])?{_ANY_DIGIT}{_ANY_MORE}{{6,{MAX_AT_ONCE}}}"
_OWN = rf"{_NO_NUMBER}|{_NO_NUMBER_OF_OURS}|(?P<number>{_NUMBER})"
# Where `_NUMBER` matches, this does too. It begins with one set of characters, which `re` finds ten times as fast.
_MAYBE_NUMBER = rf"[\d\\\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u249b\u2776-\u2793](?:u003\d)?{_ANY_MORE}{{6}}"
# What `_OWN` finds, or looks at around it, has none of these delimiters: a long text is masked piece by piece, most of which have too few digits.
MIN_DIGITS = 7
LONG_TEXT = 2_000
_PIECE = rf"[^,;{{}}\[\]<>@\r\n\t]{{{MIN_DIGITS},}}"
# Whole cells of a table that nobody takes for a number: a date or time, a digest, an order number that begins with letters. Those
# that could be a number behind a word (`T0612345678`, `tel-20123456`) have too many digits, or too few to reach anybody.
_TIME = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_DATE = rf"(?:{_YEAR}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}|{_DAY}(?P<b>[-/.]){_MONTH}(?P=b){_YEAR}|{_MONTH}(?P<c>[/]){_DAY}(?P=c){_YEAR})"
_DIGEST = r"(?![0-9a-zA-Z]*[0-9]{9})(?=(?:[^a-fA-F]*[a-fA-F]){4})[a-zA-Z]?[0-9a-fA-F]{16,64}"
_ORDER = r"(?!(?i:tel|mob|gsm|fax|ph))[A-Za-z]{1,8}[-_/#.]?(?:\d{1,7}|\d{1,4}[-_/]\d{1,3}|(?:19|20)\d\d[-_/]\d{1,6})"
_NO_NUMBER_CELL = rf" *(?:{_DATE}(?:[ T]{_TIME})?|{_TIME}|{_DIGEST}|{_ORDER}) *"
_CELL = r"[^,;|\t\"\r\n]+"
# Cells that hold a number in disguise: letters in place of digits, and a spreadsheet's powers of ten.
_WITH_LETTERS = (
    r"(?P<before>[ '=]*)(?P<like>\+?(?=(?:[^0-9]*[0-9]){6})[0-9OoIl][0-9OoIl ./()\-]{5,}[0-9OoIl])(?P<after> *)"
)
_POWER = r"(?<![\w.,])(?P<begin>[+-]?[0-9][.,])(?P<hidden>[0-9]+)(?=[eE][+]?[0-9]{1,2}(?!\w))"
MAX_LOCAL = 64
"""Characters of an address before its `@` (RFC 5321, 4.5.3.1.1)."""
_ATOM = r"[^\s@,;:<>()\[\]{}\"'|\\/=&?]"
_BEFORE_AT, _FROM_AT = lazy_pattern(_ATOM + r"{1,64}$"), lazy_pattern(rf"@{_ATOM}*\.{_ATOM}+")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(0, 0x11_0000, 0x1_0000)
)
"""Unicode's 66 noncharacters: programs show anything for them."""
# Of the characters that other categories have: Unicode's Default_Ignorable_Code_Point, and letters and signs that are blank.
_IGNORABLE = (
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\uffa0\ufff0-\ufff8"
    rf"\U00016fe4\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff{_NO_CHARACTERS}]"
)
# A selector behind an emoji is how it is written: a digit's or sign's only where it is in a key.
_SELECTOR = (
    r"(?:(?<![\u00a9\u00ae\u203c\u2049\u2100-\u214f\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    r"\U0001f000-\U0001faff0-9#*])[\ufe00-\ufe0f]|(?<=[0-9#*])[\ufe00-\ufe0f](?!\u20e3))"
)
_HIDDEN = f"{_IGNORABLE}|{_SELECTOR}"
BRACKETS = {ord("⟨"): "\\u27e8", ord("⟩"): "\\u27e9"}
"""What `str.translate` makes escapes of: these brackets stand for a place of recipients' values."""
_MISTAKABLE = r"[⟨⟩]|\\(?=[nrtuU])"


def mask(value: str) -> str:
    """A recipient's address with its middle hidden: `+31••••••78`, `06••••••78`, `ro••••@ex…`.

    The number of dots doesn't reveal the length. The result is safe to print.
    """
    if value[:1] == "+" and len(value) >= MEDIUM_LENGTH and value.isascii() and value[1:].isdigit():
        return f"{value[:3]}{DOTS}{value[-2:]}"  # a number in its normal form, of which lists have many
    value = value.strip()
    if "@" in value:
        local, _, domain = value.rpartition("@")
        return printable(f"{local[: min(2, len(local) - 1)]}••••@{domain[:2]}…")
    if len(value) < SHORT_LENGTH:
        return "••"
    if len(value) < MEDIUM_LENGTH:
        return printable(f"{value[0]}{DOTS}{value[-1]}")
    return printable(f"{value[: 3 if value[0] == '+' else 2]}{DOTS}{value[-2:]}")


def mask_in_place(text: str) -> str:
    """`text` with everything that looks like a phone number or an e-mail address masked, every character still in its column.

    A number is seven digits or more, unless they are a date or part of a UUID.
    """
    if "@" in text:
        text = _without_addresses(text)
    return _without_numbers(text) if len(text) < LONG_TEXT else re.sub(_PIECE, _masked_piece, text)


def _masked_piece(found: re.Match[str]) -> str:
    piece = found.group()
    if piece.isascii():  # an escape of a digit has four digits
        written = piece.encode()
        if len(written) - len(written.translate(None, b"0123456789")) < MIN_DIGITS:
            return piece
    return _without_numbers(piece)


def _without_numbers(text: str) -> str:
    if re.search(_MAYBE_NUMBER, text) is None:
        return text
    shown: list[str] = []
    at = 0
    for kind, start, end in _finds(_OWN, _ANY_MORE, text):
        if kind == "number":
            shown += text[at:start], _with_dots(text[start:end])
            at = end
    return "".join(shown) + text[at:]


def mask_in_row(text: str) -> str:
    """As `mask_in_place`, for a line of a table: cells that are evidently no number or address stay as they are."""
    text = re.sub(_POWER, lambda found: found["begin"] + "•" * len(found["hidden"]), text)
    return re.sub(_CELL, _masked_cell, text)


def _masked_cell(found: re.Match[str]) -> str:
    cell = found.group()
    if re.fullmatch(_NO_NUMBER_CELL, cell):
        return cell
    disguised = re.fullmatch(_WITH_LETTERS, cell)
    if disguised is not None:
        return disguised["before"] + _with_dots(disguised["like"]) + disguised["after"]
    return mask_in_place(cell)


def _without_addresses(text: str) -> str:
    """`text` with the middle of each e-mail address hidden: two characters before and behind its `@` stay."""
    found = list(text)
    for address in _FROM_AT.finditer(text):
        at = address.start()
        before = _BEFORE_AT.search(text, max(0, at - MAX_LOCAL), at)
        if before is not None:
            for index in (*range(before.start() + 2, at), *range(at + 3, address.end())):
                found[index] = "•"
    return "".join(found)


def number_spans(text: str) -> Iterator[tuple[int, int]]:
    """The places of possible numbers in `text`: as for `mask_in_place`, plus six digits without separators."""
    return ((start, end) for kind, start, end in _finds(_STRICT, _MORE, text) if kind in ("number", "six"))


def _finds(pattern: str, more: str, text: str) -> Iterator[tuple[str | None, int, int]]:
    """What `pattern` finds in `text`: its kind, its start and its end, which for a long number is behind the last of `more`."""
    search, at = re.compile(pattern).search, 0
    while found := search(text, at):
        start, at = found.span()
        if found.lastgroup == "number" and at - start > MAX_AT_ONCE:
            while rest := re.compile(rf"{more}{{1,{MAX_AT_ONCE}}}").match(text, at):
                at = rest.end()
        yield found.lastgroup, start, at


def _with_dots(number: str) -> str:
    kept = 2 if number[0].isdigit() or number[0] in "OoIl" else 3
    return number[:kept] + "•" * (len(number) - kept - 2) + number[-2:]


def printable(text: str, *, named: bool = True) -> str:
    """`text` with control, bidi and other invisible characters escaped, for quoting it in a sentence.

    A line end becomes `\\n`, or `\\u000a` unless `named`.
    """
    if text.isascii() and text.isprintable():
        return text
    text = re.sub(_HIDDEN, lambda found: escaped(found.group()), text)
    return text if text.isprintable() else "".join(_shown(c, named=named) for c in text)


def is_all_visible(text: str) -> bool:
    """Whether `printable` leaves the text as it is."""
    return text.isprintable() and (text.isascii() or re.search(_HIDDEN, text) is None)


def spelled(text: str) -> str:
    """A message's text before `printable`: what would read like an escape of it, or like a place of recipients' values, is one then.

    So different texts read differently: a backslash before one of `nrtuU` becomes `\\u005c`, and `⟨` becomes `\\u27e8`.
    """
    return re.sub(_MISTAKABLE, lambda found: escaped(found.group()), text)


def quoted(text: str) -> str:
    """`text` for quoting in a sentence: phone numbers masked, invisible characters escaped."""
    return printable(mask_in_place(text))


def _shown(character: str, *, named: bool) -> str:
    if unicodedata.category(character) not in _INVISIBLE_CATEGORIES:
        return character
    return _NAMED[character] if named and character in _NAMED else escaped(character)


def escaped(character: str) -> str:
    """`\\u0131`, `\\U0001f600`: a character by its code point."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
