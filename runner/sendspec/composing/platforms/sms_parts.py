"""Where a long SMS is divided into parts. Only the borders of the parts are looked at, not each character.

3GPP TS 23.040: a part has room for 153 septets or 67 UTF-16 code units. No part ends within an escape sequence (TS 23.038, section
6.2.1.1) or a surrogate pair. Each function takes a text that has more units than fit into a message of one part.
"""

from __future__ import annotations

from sendspec.composing.platforms.gsm7 import EXTENSION

GSM7_PART, UCS2_PART = 153, 67
_ESCAPE = "\x1b"
"""Precedes a character of the extension table. It is no character of a GSM-7 text itself."""
_BYTES = 2
"""Bytes of a UTF-16 code unit. The second one has the high bits."""
_SURROGATE, _HIGH, _LOW = 0xFC, 0xD8, 0xDC


def septets_of(text: str) -> str:
    """One character a septet: an escape precedes each character of the extension table."""
    for character in EXTENSION:
        if character in text:
            text = text.replace(character, _ESCAPE + character)
    return text


def utf16_of(text: str) -> bytes:
    """Two bytes a code unit, little-endian. A surrogate that is no pair's is kept, as strings of Python can have some."""
    return text.encode("utf_16_le", "surrogatepass")


def gsm7_starts(septets: str) -> list[int]:
    """The index of each part's first septet."""
    start, end, starts = 0, len(septets), [0]
    while end - start > GSM7_PART:
        start += GSM7_PART
        if septets[start - 1] == _ESCAPE:
            start -= 1
        starts.append(start)
    return starts


def ucs2_starts(utf16: bytes) -> list[int]:
    """The index of each part's first byte."""
    start, end, starts = 0, len(utf16), [0]
    while end - start > UCS2_PART * _BYTES:
        start += UCS2_PART * _BYTES
        if utf16[start + 1] & _SURROGATE == _LOW and utf16[start - 1] & _SURROGATE == _HIGH:
            start -= _BYTES
        starts.append(start)
    return starts


def gsm7_parts(text: str) -> tuple[str, ...]:
    septets = septets_of(text)
    starts = gsm7_starts(septets)
    return tuple(
        septets[start:end].replace(_ESCAPE, "") for start, end in zip(starts, [*starts[1:], None], strict=True)
    )


def ucs2_parts(text: str) -> tuple[str, ...]:
    utf16 = utf16_of(text)
    starts = ucs2_starts(utf16)
    return tuple(
        utf16[start:end].decode("utf_16_le", "surrogatepass")
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    )


def last_part_units(text: str, *, is_gsm7: bool) -> int:
    """The septets or code units of the last part."""
    if is_gsm7:
        septets = septets_of(text)
        return len(septets) - gsm7_starts(septets)[-1]
    utf16 = utf16_of(text)
    return (len(utf16) - ucs2_starts(utf16)[-1]) // _BYTES
