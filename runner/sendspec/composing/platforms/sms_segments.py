"""The encoding of an SMS and its number of segments: an estimate, because the provider may still change the text.

3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation with an 8-bit reference: 153 septets or 67 UTF-16 units a part).
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from sendspec.composing.platforms.gsm7 import BASIC, EXTENSION, REPLACEMENTS
from sendspec.composing.platforms.sms_parts import (
    GSM7_PART,
    UCS2_PART,
    gsm7_parts,
    gsm7_starts,
    septets_of,
    ucs2_parts,
    ucs2_starts,
    utf16_of,
)
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

GSM7_ALONE, UCS2_ALONE = 160, 70

BASIC_ASCII = "".join(filter(str.isascii, BASIC)).encode()
"""The ASCII characters of the alphabet. A text whose JSON has no others takes one septet a character: the backslash is not among
them, so nothing in that JSON is escaped.
"""
_ONLY_GSM7 = lazy_pattern(f"[{re.escape(BASIC + EXTENSION)}]*")


class Encoding(StrEnum):
    """The words are part of the JSON output."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Measure:
    """`characters` are code points, `units` septets or UTF-16 code units, `segments` the billed parts."""

    encoding: Encoding
    characters: int
    units: int
    segments: int


@dataclass(frozen=True, slots=True)
class Forcing:
    """A character that GSM-7 lacks, its index, and a plain replacement where one loses nothing."""

    character: str
    index: int
    replacement: str | None


def size_of(measured: Measure) -> int:
    """Encoding and segments in one number: twice the segments, plus one for UCS-2."""
    return 2 * measured.segments + (measured.encoding is Encoding.UCS2)


def segments_in(size: int) -> int:
    """The segments of a text with this `size_of`."""
    return size >> 1


def encoding_in(size: int) -> Encoding:
    """The encoding of a text with this `size_of`."""
    return Encoding.UCS2 if size & 1 else Encoding.GSM7


def measure(text: str) -> Measure:
    """Encoding and size of `text`. Empty text has no segment."""
    characters, others = len(text), _others(text)
    if not others:
        return basic_measure(characters)
    if _ONLY_GSM7.fullmatch(others):
        septets = septets_of(text)
        units = len(septets)
        if units == characters:
            return basic_measure(characters)
        segments = 1 if units <= GSM7_ALONE else len(gsm7_starts(septets))
        return _measure(Encoding.GSM7, characters, units, segments)
    utf16 = utf16_of(text)
    units = len(utf16) // 2
    if units == characters:
        return _bmp(characters)
    segments = 1 if units <= UCS2_ALONE else len(ucs2_starts(utf16))
    return _measure(Encoding.UCS2, characters, units, segments)


def split(text: str) -> tuple[str, ...]:
    """The parts as they are sent; no part ends inside an escape sequence or a surrogate pair."""
    measured = measure(text)
    if measured.segments <= 1:
        return (text,) if text else ()
    return gsm7_parts(text) if measured.encoding is Encoding.GSM7 else ucs2_parts(text)


def _others(text: str) -> str:
    """The characters that are not `BASIC_ASCII`, in their order."""
    return text.encode("utf-8", "surrogatepass").translate(None, BASIC_ASCII).decode("utf-8", "surrogatepass")


def replaced(text: str) -> str:
    """The text with a plain replacement of every character that GSM-7 lacks and that has one."""
    return "".join(REPLACEMENTS.get(character, character) for character in text)


ForcedBy = tuple[()] | tuple[str, int, int]
"""What forces a text into UCS-2: the different characters, sorted, how many segments it saves to replace all of them, and how often
they occur.

A text with more than `MAX_FORCING` of them is written in another script: it has "", 0 and 0. Occurrences are counted only for a text
with one such character, and the saving of several only if each is in `REPLACEMENTS`, else it is 0. It is negative if longer
replacements take more segments. A plain tuple, because processes exchange it.
"""
NOT_FORCED: ForcedBy = ()
ANOTHER_SCRIPT: ForcedBy = ("", 0, 0)
MAX_FORCING = 8
_GLANCE = 32
"""Characters in which another script nearly always shows itself: a set of all those in a long text takes 10 µs."""
_FEW = 100
"""Characters outside ASCII of a text that is written in it. Most texts of a send have the same ones."""
STAND_IN = "?"
"""Stands for any replacement of a character that has none in `REPLACEMENTS`."""
_PLAIN = str.maketrans(REPLACEMENTS)
_GROWING = frozenset(each for each, plain in REPLACEMENTS.items() if len(plain) > 1)
"""Characters whose replacement is longer: only with one of them can a text take more segments in GSM-7."""


def why_ucs2(text: str, segments: int) -> ForcedBy:
    """What forces `text` into UCS-2, in which it takes so many segments."""
    others = _others(text)
    found = _forcing_among(others) if len(others) <= _FEW else _forcing_among.__wrapped__(others)
    if found is None:
        return ANOTHER_SCRIPT
    if len(found) == 1:
        occurrences = text.count(found)
        if segments == 1 and found not in _GROWING:
            return (found, 0, occurrences)
        return (found, segments - measure(text.replace(found, REPLACEMENTS.get(found, STAND_IN))).segments, occurrences)
    if (segments == 1 and _GROWING.isdisjoint(found)) or any(each not in REPLACEMENTS for each in found):
        return (found, 0, 0)
    return (found, segments - measure(text.translate(_PLAIN)).segments, 0)


@lru_cache(maxsize=1_000)
def _forcing_among(characters: str) -> str | None:
    """Those that GSM-7 lacks, sorted; None if they are more than `MAX_FORCING`."""
    if len(set(characters[:_GLANCE]) - _GSM7) > MAX_FORCING:
        return None
    forcing = set(characters) - _GSM7
    return "".join(sorted(forcing)) if len(forcing) <= MAX_FORCING else None


def is_gsm7(text: str) -> bool:
    return _ONLY_GSM7.fullmatch(text) is not None


def forcing(text: str) -> tuple[Forcing, ...]:
    """The characters that keep `text` from being GSM-7, in order."""
    known = _GSM7
    return tuple(Forcing(c, index, REPLACEMENTS.get(c)) for index, c in enumerate(text) if c not in known)


_GSM7 = frozenset(BASIC + EXTENSION)


_measure = lru_cache(maxsize=1_000)(Measure)


@lru_cache(maxsize=1_000)
def basic_measure(characters: int) -> Measure:
    """The measure of a text with one septet a character."""
    return Measure(Encoding.GSM7, characters, characters, _even_parts(characters))


@lru_cache(maxsize=1_000)
def _bmp(characters: int) -> Measure:
    """The measure of a UCS-2 text with one unit a character."""
    segments = 1 if characters <= UCS2_ALONE else -(-characters // UCS2_PART)
    return Measure(Encoding.UCS2, characters, characters, segments)


def _even_parts(units: int) -> int:
    if units <= GSM7_ALONE:
        return 1 if units else 0
    return -(-units // GSM7_PART)
