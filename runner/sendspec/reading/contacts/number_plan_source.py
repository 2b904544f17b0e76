"""Generates `number_plan.py` from the phone library's metadata. `python -m sendspec.reading.contacts.number_plan_source` writes it.

The library's own functions take 20 µs and more a number, and its import 40 ms; a plan reads 100,000s of numbers.
"""

from __future__ import annotations

# `re`'s own parser takes the library's patterns apart; nothing public does that, so typeshed has no stubs for it.
import re._constants as token  # type: ignore[import-not-found]
import re._parser as pattern_parser  # type: ignore[import-not-found]
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

REACHABLE = ("fixed_line", "mobile", "pager", "personal_number", "voip")
"""The types of number that a person can be reached at."""
OTHER = ("premium_rate", "shared_cost", "toll_free", "uan", "voicemail")
TOLL_FREE_DIGITS = 3
"""First digits after the code that toll-free numbers are known by, such as 800."""
COUNTRY_DIGITS = 5
"""The most digits after the code that tell its countries apart, such as those of the Vatican."""
AREA_DIGITS = 3
"""Digits of an area code of +1."""
EQUALLY_SHARED = {"1"}
"""Codes without a main country."""
SEVERAL = "?"
MIN_DIGITS = 8
MAX_DIGITS = 15
"""Digits with the calling code: the most by ITU-T E.164, the fewest by what is not most likely cut off."""

_TEXT = '''\
"""Lengths and countries of phone numbers, and the starts of landlines. Generated from the phone library by `number_plan_source`."""

LENGTHS_BY_CODE = {
%s}
"""By calling code: how many digits follow it."""

LANDLINES_BY_CODE = {
%s}
"""By calling code: the digits after it that only landlines begin with."""

TOLL_FREE_BY_CODE = {
%s}
"""By calling code: how many digits follow it in toll-free numbers, where that differs, and after `|` their first ones."""

COUNTRY_BY_CODE = {
%s}
"""By calling code: its country, or the one that most of its numbers are in. Codes of no country are left out."""

OTHER_COUNTRIES_BY_CODE = {
%s}
"""By calling code of several countries: each of the others with the digits after the code that its numbers begin with.

`?` stands before digits that are used in several of them. After `1`, the other digits are of no country.
"""
'''


def number_plan() -> str:
    """The text of `number_plan.py`."""
    lengths = _lengths()
    return _TEXT % (
        _entries({code: _joined(each) for code, each in lengths.items()}),
        _entries({code: _joined(each) for code, each in _landlines().items()}),
        _entries(dict(_toll_free(lengths))),
        _entries({code: regions[0] for code, regions in _regions().items()}),
        _entries({code: others for code, regions in _regions().items() if (others := _others(code, regions))}),
    )


def _entries(text_by_code: Mapping[str, str]) -> str:
    return "".join(f'    "{code}": "{text_by_code[code]}",\n' for code in sorted(text_by_code))


def _joined(values: Iterable[int | str]) -> str:
    return " ".join(map(str, sorted(values)))


def _lengths() -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for code, metadata in _metadata():
        numbers = [desc for _, desc in _numbers(metadata, REACHABLE)] or [metadata.general_desc]
        for desc in numbers:
            found[code].update(_possible(code, metadata, desc))
            if desc.example_number:  # Niue, Saint Helena and Tokelau have numbers of seven digits
                found[code].add(len(desc.example_number))
    return found


def _landlines() -> dict[str, set[str]]:
    """The shortest starts that only landlines have, of two digits after a code of three, else of four with the code."""
    fixed: dict[str, set[str]] = defaultdict(set)
    other: dict[str, set[str]] = defaultdict(set)
    for code, metadata in _metadata():
        for name, desc in _numbers(metadata, (*REACHABLE, *OTHER)):
            pattern = pattern_parser.parse(desc.national_number_pattern)
            (fixed if name == "fixed_line" else other)[code] |= _starts(pattern, {""}, max(2, 4 - len(code)))
    only = {code: _shortened(starts - other[code]) for code, starts in fixed.items()}
    return {code: starts for code, starts in only.items() if starts}


def _toll_free(lengths_by_code: Mapping[str, set[int]]) -> Iterator[tuple[str, str]]:
    """Toll-free numbers of lengths that other numbers don't have; some take messages.

    With their first digits, so that such a length doesn't let a mobile number with a digit too many pass.
    """
    lengths: dict[str, set[int]] = defaultdict(set)
    starts: dict[str, set[str]] = defaultdict(set)
    for code, metadata in _metadata():
        for _, desc in _numbers(metadata, ("toll_free",)):
            pattern = pattern_parser.parse(desc.national_number_pattern)
            starts[code] |= _starts(pattern, {""}, TOLL_FREE_DIGITS)
            lengths[code].update(_possible(code, metadata, desc))
    for code, found in lengths.items():
        if not found <= lengths_by_code[code]:
            yield code, f"{_joined(found - lengths_by_code[code])} | {_joined(_shortened(starts[code]))}"


def _regions() -> dict[str, tuple[str, ...]]:
    """Each calling code with its countries, the main one first."""
    found = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    return {str(code): regions for code, regions in found if phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY not in regions}


def _others(code: str, regions: tuple[str, ...]) -> str:
    """The starts of numbers that are not of the code's main country. What it shares with its territories is its own."""
    if len(regions) == 1:
        return ""
    owners: dict[str, set[str]] = defaultdict(set)
    for region in regions:
        metadata: Any = PhoneMetadata.metadata_for_region(region)
        for _, desc in _numbers(metadata, (*REACHABLE, *OTHER)):
            for start in _starts(pattern_parser.parse(desc.national_number_pattern), {""}, COUNTRY_DIGITS):
                owners[start].add(region)
    main = "" if code in EQUALLY_SHARED else regions[0]
    region_by_start = {
        start: main if main in found else found.pop() if len(found) == 1 else SEVERAL for start, found in owners.items()
    }
    starts: dict[str, list[str]] = defaultdict(list)
    for start, region in _merged(region_by_start, AREA_DIGITS if code in EQUALLY_SHARED else 1).items():
        if region != main:
            starts[region].append(start)
    return " ".join(f"{region} {_joined(starts[region])}" for region in sorted(starts))


def _merged(region_by_start: Mapping[str, str], area_digits: int) -> dict[str, str]:
    """The same with shorter starts. After an area code, digits that nobody has are taken for those of its only country."""
    found = dict(region_by_start)
    for length in range(COUNTRY_DIGITS, 1, -1):
        for stem in {start[:-1] for start in found if len(start) == length}:
            longer = [f"{stem}{digit}" for digit in range(10) if f"{stem}{digit}" in found]
            if len({found[start] for start in longer}) == 1 and (len(longer) == 10 or len(stem) >= area_digits):
                found[stem] = found[longer[0]]
                for start in longer:
                    del found[start]
    return found


def _possible(code: str, metadata: Any, desc: PhoneNumberDesc) -> Iterator[int]:
    """How many digits may follow the code."""
    for length in desc.possible_length or metadata.general_desc.possible_length:
        if MIN_DIGITS <= len(code) + length <= MAX_DIGITS:
            yield length


def _metadata() -> Iterator[tuple[str, Any]]:
    """Each calling code with each of its plans: +44 has those of Britain, Guernsey, Jersey and Man."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata: Any = PhoneMetadata.metadata_for_region(region)
        yield str(metadata.country_code), metadata
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield str(code), PhoneMetadata.metadata_for_nongeo_region(code)


def _numbers(metadata: Any, names: Iterable[str]) -> Iterator[tuple[str, PhoneNumberDesc]]:
    for name in names:
        desc = getattr(metadata, name)
        if desc is not None and desc.national_number_pattern and desc.possible_length != (-1,):
            yield name, desc


def _starts(pattern: Iterable[tuple[Any, Any]], before: set[str], digits: int) -> set[str]:
    """What a match of `pattern` can begin with, up to so many digits; `before` is what precedes it."""
    for kind, argument in pattern:
        begun = {start for start in before if len(start) < digits}
        if not begun:
            break
        before = (before - begun) | _continued(kind, argument, begun, digits)
    return before


def _continued(kind: Any, argument: Any, begun: set[str], digits: int) -> set[str]:
    if kind is token.LITERAL:
        return {start + chr(argument) for start in begun}
    if kind is token.IN:
        return {start + character for start in begun for character in _characters(argument)}
    if kind is token.BRANCH:
        return set().union(*(_starts(branch, begun, digits) for branch in argument[1]))
    if kind is token.SUBPATTERN:
        return _starts(argument[-1], begun, digits)
    if kind is token.MAX_REPEAT:
        return _repeated(argument, begun, digits)
    raise ValueError(f"a pattern of the library has {kind}, which says nothing of how numbers begin: teach it here")


def _repeated(argument: tuple[int, int, Any], begun: set[str], digits: int) -> set[str]:
    least, most, repeated = argument
    found = set(begun) if least == 0 else set()
    for times in range(1, min(int(most), digits) + 1):
        begun = _starts(repeated, begun, digits)
        if times >= min(least, digits):
            found |= begun
    return found


def _characters(choices: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for kind, argument in choices:
        if kind is token.LITERAL:
            yield chr(argument)
        elif kind is token.RANGE:
            yield from map(chr, range(argument[0], argument[1] + 1))
        else:
            yield from "0123456789"


def _shortened(starts: set[str]) -> set[str]:
    """The same starts with ten that differ in their last digit written as one."""
    found = set(starts)
    for length in range(max(map(len, starts), default=0), 1, -1):
        for stem in {start[:-1] for start in found if len(start) == length}:
            ten = {f"{stem}{digit}" for digit in range(10)}
            if ten <= found:
                found = (found - ten) | {stem}
    return found


if __name__ == "__main__":
    Path(__file__).with_name("number_plan.py").write_text(number_plan(), encoding="utf-8")
