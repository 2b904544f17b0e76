"""How characters are written as something else: a table of escapes, each an expression and what it stands for.

A grammar yields characters. Where it writes bytes, they are the characters U+0000 to U+00FF, and `UTF8` puts them together.
Escapes that can't be confused share a grammar. Those that can have their own: `\\33` is an octal number, or a 3 in a style sheet.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass

Decoder: TypeAlias = Callable[[re.Match[str]], str]

UNKNOWN = "\ufffd"
_CONTROL_BY_LETTER = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """`escape` matches one escape, with a group for each entry of `decoders`. Of a list, `run` matches the whole of it."""

    escape: re.Pattern[str]
    decoders: dict[str, Decoder]
    run: re.Pattern[str] | None = None

    def has_escapes(self, text: str) -> bool:
        """Whether `text` has any. Most texts have none, so this is asked first."""
        return (self.run or self.escape).search(text) is not None

    def escapes(self, text: str) -> Iterator[re.Match[str]]:
        """The escapes in `text`, in order."""
        if self.run is None:
            yield from self.escape.finditer(text)
            return
        for run in self.run.finditer(text):
            yield from self.escape.finditer(text, *run.span())

    def decoded(self, escape: re.Match[str]) -> str:
        """The characters that an escape stands for, possibly none."""
        return self.decoders[escape.lastgroup or ""](escape)


def _character(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF else UNKNOWN


def _based(base: int) -> Decoder:
    """Decodes a group of digits in `base`."""
    return lambda escape: _character(int(escape[escape.lastgroup or 0], base))


def _entity(escape: re.Match[str]) -> str:
    return html.unescape(escape.group())


def _decimal(escape: re.Match[str]) -> str:
    """A code point, or a byte as Java writes it: -1 is 255."""
    code = int(escape["decimal"])
    return _character(256 - code if escape.group().startswith("-") and code <= 128 else code)


def _grammar(*forms: tuple[str, str, Decoder], run: str | None = None) -> Grammar:
    """A grammar of alternatives: the name of the only group, the expression, the decoder. The first that matches is taken."""
    return Grammar(
        escape=re.compile("|".join(expression for _, expression, _ in forms)),
        decoders={name: decoder for name, _, decoder in forms},
        run=None if run is None else re.compile(run),
    )


_SAME_AGAIN = r"(?:[^0-9A-Za-z]{{1,3}}(?={0}))?"
"""What separates an escape from the next one is part of it."""

SOURCE_CODE = _grammar(
    ("percent", r"%(?P<percent>[0-9A-Fa-f]{2})", _based(16)),
    ("percent_unit", r"%[uU](?P<percent_unit>[0-9A-Fa-f]{4})", _based(16)),
    ("braced", r"\\[uUxX]\{(?P<braced>[0-9A-Fa-f]{1,6})\}", _based(16)),
    ("long", r"\\U(?P<long>[0-9A-Fa-f]{8})", _based(16)),
    ("unit", r"\\[uU](?P<unit>[0-9A-Fa-f]{4})", _based(16)),
    ("byte", r"\\[xX](?P<byte>[0-9A-Fa-f]{2})", _based(16)),
    ("octal", r"\\(?P<octal>[0-3][0-7]{2}|[0-7]{1,2})", _based(8)),
    (
        "letter",
        r"\\(?P<letter>[abfnrtv\"'\\/])",
        lambda escape: _CONTROL_BY_LETTER.get(escape["letter"], escape["letter"]),
    ),
    ("quoted", r"=(?P<quoted>[0-9A-Fa-f]{2})", _based(16)),
    ("soft_end", r"=(?P<soft_end>\r?\n)", lambda _: ""),
    ("entity", r"(?P<entity>&(?:#[0-9]{1,10}|#[xX][0-9A-Fa-f]{1,8});?|&[A-Za-z][A-Za-z0-9]{1,15};)", _entity),
    ("point", rf"[uU]\+(?P<point>[0-9A-Fa-f]{{4,6}}){_SAME_AGAIN.format('[uU]')}", _based(16)),
    ("number", rf"0[xX](?P<number>[0-9A-Fa-f]{{1,6}})\b{_SAME_AGAIN.format('0[xX]')}", _based(16)),
)
_APART = "[0-9A-Fa-f]{2,64}[^0-9A-Za-z]{1,3}[0-9A-Fa-f]{2}"
"""Two groups of digits. One group is a word, which `encoded_text` decodes at any alignment."""
STYLE_SHEET = _grammar(("style", r"\\(?P<style>[0-9A-Fa-f]{1,6})[ \t\n\r\f]?", _based(16)))
HEXADECIMAL_BYTES = _grammar(
    ("hexadecimal", r"(?P<hexadecimal>[0-9A-Fa-f]{2})[^0-9A-Za-z]{0,3}", _based(16)),
    run=rf"(?<![0-9A-Za-z])(?={_APART})[0-9A-Fa-f]{{2}}(?:[^0-9A-Za-z]{{0,3}}[0-9A-Fa-f]{{2}}){{5,}}",
)
DECIMAL_CODES = _grammar(
    ("decimal", r"(?:(?<![0-9])-)?(?P<decimal>[0-9]{1,7})(?:[^0-9A-Za-z]{0,2}[^0-9A-Za-z-](?=-?[0-9]))?", _decimal),
    run=r"(?<![0-9A-Za-z])-?[0-9]{1,7}(?:[^0-9A-Za-z]{1,4}[0-9]{1,7}){5,}",
)

_BYTE_BY_CHARACTER = {chr(code): code for code in range(256)} | {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_NEXT = "[{}]".format("".join(c for c, code in _BYTE_BY_CHARACTER.items() if 0x80 <= code <= 0xBF))


def _from_bytes(escape: re.Match[str]) -> str:
    try:
        return bytes(_BYTE_BY_CHARACTER[character] for character in escape.group()).decode()
    except UnicodeDecodeError:
        return escape.group()


def _from_pair(escape: re.Match[str]) -> str:
    return escape.group().encode("utf_16_be", "surrogatepass").decode("utf_16_be")


UTF8 = _grammar(
    ("sequence", rf"(?P<sequence>[\xc2-\xdf]{_NEXT}|[\xe0-\xef]{_NEXT}{{2}}|[\xf0-\xf4]{_NEXT}{{3}})", _from_bytes),
    ("pair", r"(?P<pair>[\ud800-\udbff][\udc00-\udfff])", _from_pair),
)
"""UTF-8 that was read byte by byte, as Latin-1 or Windows-1252; and the two halves of a surrogate pair."""

GRAMMARS = (SOURCE_CODE, STYLE_SHEET, HEXADECIMAL_BYTES, DECIMAL_CODES, UTF8)
