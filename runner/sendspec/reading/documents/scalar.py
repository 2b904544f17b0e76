"""The value of a plain YAML scalar: YAML 1.2's core schema, minus the conversions that change what a user wrote."""

from __future__ import annotations

import math
import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place

MAX_DIGITS = 18
"""18 digits fit 64 bits, and stay below Python's limit on converting long numbers."""

MAX_FRACTION_DIGITS = 30
"""17 digits distinguish any two floats; a small number also needs leading zeros."""

_INTEGER = lazy_pattern(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_LEADING_ZERO = lazy_pattern(r"-?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BASED = lazy_pattern(r"0x[0-9a-fA-F]+|0o[0-7]+", re.ASCII)
_FLOAT = lazy_pattern(r"-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = lazy_pattern(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PAIR = lazy_pattern("[\ud800-\udbff][\udc00-\udfff]")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


_TOO_LONG = Problem(
    "number-too-long",
    f"this number is longer than the {MAX_DIGITS} digits that a number can have",
    "put quotes around it, to make it text",
)


def resolve_plain(text: str) -> object | Problem:
    """The value of an unquoted scalar: null, a boolean, a number, or the text itself.

    `NO`, `12:30`, dates and `1_000` are text. So is anything that begins with `+`: a phone number arrives unchanged.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-.0123456789":
        is_number = text[0] == "+" and _NOT_FINITE.fullmatch(text)
        return _unquoted_number("JSON can't hold the number {}", text) if is_number else text
    if _LEADING_ZERO.fullmatch(text):
        return _unquoted_number("the number {} begins with 0, and YAML would drop the zero", text)
    if _NOT_FINITE.fullmatch(text):
        return _unquoted_number("JSON can't hold the number {}", text)
    is_integer, is_based = _INTEGER.fullmatch(text), _BASED.fullmatch(text)
    if not (is_integer or is_based or _FLOAT.fullmatch(text)):
        return text
    digits = len(text) - 2 if is_based else sum(map(str.isdigit, text))
    if not (is_integer or is_based):
        return _TOO_LONG if digits > MAX_FRACTION_DIGITS else _finite(text)
    if digits > MAX_DIGITS:
        return _TOO_LONG
    number = int(text, 0 if is_based else 10)
    return number if abs(number) < 10**MAX_DIGITS else _TOO_LONG


def joined_surrogates(text: str) -> str:
    """`text` with each surrogate pair joined into one character: JSON escapes an emoji as a pair."""
    if text.isascii():
        return text
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _finite(text: str) -> float | Problem:
    number = float(text)
    vanished = number == 0 and any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return _unquoted_number("JSON can't hold the number {}", text) if math.isinf(number) or vanished else number


def _unquoted_number(problem: str, text: str) -> Problem:
    """A number that must be meant as text; shown masked, in case it is a phone number."""
    shown = mask_in_place(text[:40])
    return Problem("unquoted-number", problem.format(shown), f'put it in quotes: "{shown}"')
