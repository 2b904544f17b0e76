"""What a plain YAML scalar means, by YAML 1.2's core schema, with the parts left out that change what a user wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS_MOST = 18

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_LEADING_ZERO = re.compile(r"-?0[0-9]+", re.ASCII)
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+", re.ASCII)
_FLOAT = re.compile(r"-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScalarFault:
    code: str
    problem: str
    fix: str


def resolve_plain(text: str) -> object | ScalarFault:
    """The value of an unquoted scalar: null, a boolean, a number, or the text itself.

    `NO`, `12:30`, dates and `1_000` are text, and so is all that begins with `+`: a phone number arrives unchanged.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _LEADING_ZERO.fullmatch(text):
        return ScalarFault(
            "unquoted-number",
            "this number begins with 0, and YAML would drop the zero",
            f'write "{_short(text)}" in quotes',
        )
    if _NOT_FINITE.fullmatch(text):
        return ScalarFault("unquoted-number", f"{text} is a number that JSON can't hold", f'write "{text}" in quotes')
    if sum(character.isdigit() for character in text) > DIGITS_MOST and (
        _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)
    ):
        return ScalarFault(
            "number-too-long",
            f"this number has more than {DIGITS_MOST} digits",
            "put quotes around it, to make it text",
        )
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _short(text: str) -> str:
    return text if len(text) < 7 else text[:2] + "…"
