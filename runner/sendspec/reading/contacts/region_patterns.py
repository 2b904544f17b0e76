"""The phone library's own patterns of a region: how numbers are dialled there, and which types of numbers it has.

`phonenumbers` looks its patterns up again for each number, which takes 30 to 40 µs. Looked up once, the same patterns take 2 µs.
Importing this module imports the library: 40 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.contacts.country_codes import LENGTHS, ZERO_MAY_FOLLOW

_OTHER_TYPES = ("toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")
_NEVER = "(?!)"
_NO_LENGTHS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TypePattern:
    """The numbers of one type, such as mobile numbers: their lengths, and a pattern of the whole national number."""

    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def fits(self, national: str) -> bool:
        return len(national) in self.lengths and self.pattern.fullmatch(national) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """How a region's numbers are dialled. `possible` has the lengths that the region, its calling code and `normalise_phone` allow.

    `transform` is the template of `re.Match.expand` for a national prefix that stands for digits, as Argentina's 15 for a 9.
    """

    code: str
    international_prefix: re.Pattern[str]
    national_prefix: re.Pattern[str]
    transform: str | None
    may_begin_with_zero: bool
    possible: TypePattern

    def national(self, digits: str) -> str | None:
        """The national number, without prefix, of what is dialled inside the region; None where the library has to decide."""
        match = self.national_prefix.match(digits)
        if match is None:
            national = digits
        elif self.transform is None or match[match.re.groups] is None:
            national = digits[match.end() :]
        else:
            national = match.expand(self.transform) + digits[match.end() :]
        is_sure = self.possible.fits(national) and (self.may_begin_with_zero or national[0] != "0")
        return national if is_sure else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """A region's types of numbers. `mobile` has all but landlines and premium rate; where mobile numbers are like landlines, both.

    `leading_digits` tells the region's numbers from others of its calling code.
    """

    leading_digits: re.Pattern[str] | None
    possible: TypePattern
    premium: tuple[TypePattern, ...]
    landlines: tuple[TypePattern, ...]
    mobile: tuple[TypePattern, ...]

    def is_assigned(self, national: str) -> bool:
        """Whether the number is of any type."""
        types = (self.mobile, self.landlines, self.premium)
        return self.possible.fits(national) and any(_fit_one(each, national) for each in types)

    def is_reachable(self, national: str) -> bool:
        """Whether the number is of any type, and not of premium rate."""
        if not self.possible.fits(national) or _fit_one(self.premium, national):
            return False
        return _fit_one(self.mobile, national) or _fit_one(self.landlines, national)

    def is_no_landline(self, national: str) -> bool:
        """Whether the number is of a type that not only landlines have."""
        return self.possible.fits(national) and (_fit_one(self.mobile, national) or _fit_one(self.premium, national))


def _fit_one(types: tuple[TypePattern, ...], national: str) -> bool:
    length = len(national)
    for each in types:  # noqa: SIM110 - `any` takes half as long again
        if length in each.lengths and each.pattern.fullmatch(national):
            return True
    return False


@cache
def dialling_of(region: str) -> Dialling:
    """The dialling of one of `COUNTRIES`."""
    metadata: Any = PhoneMetadata.metadata_for_region(region)
    main: Any = PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_country_code(metadata.country_code))
    code, general = str(metadata.country_code), metadata.general_desc
    accepted = {length - len(code) for length in LENGTHS.get(code, _NO_LENGTHS)}
    lengths = accepted & set(general.possible_length) & set(main.general_desc.possible_length)
    return Dialling(
        code=code,
        international_prefix=re.compile(metadata.international_prefix or _NEVER),
        national_prefix=re.compile(metadata.national_prefix_for_parsing or _NEVER),
        transform=metadata.national_prefix_transform_rule or None,
        may_begin_with_zero=code in ZERO_MAY_FOLLOW,
        possible=TypePattern(frozenset(lengths), re.compile(general.national_number_pattern)),
    )


@cache
def types_of(region: str) -> Types:
    """The types of numbers of one of `COUNTRIES`."""
    metadata: Any = PhoneMetadata.metadata_for_region(region)
    is_same = metadata.same_mobile_and_fixed_line_pattern
    mobile = ("fixed_line" if is_same else "mobile", *_OTHER_TYPES)
    [possible] = _patterns(metadata, "general_desc")
    return Types(
        leading_digits=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        possible=possible,
        premium=tuple(_patterns(metadata, "premium_rate")),
        landlines=() if is_same else tuple(_patterns(metadata, "fixed_line")),
        mobile=tuple(_patterns(metadata, *mobile)),
    )


@cache
def regions_of(code: str) -> tuple[str, ...]:
    """The countries of a calling code, the main one first; none for a code of no country."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return () if phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY in regions else regions


def _patterns(metadata: Any, *names: str) -> Iterator[TypePattern]:
    for name in names:
        desc = getattr(metadata, name)
        if desc is not None and desc.national_number_pattern:
            lengths = desc.possible_length or metadata.general_desc.possible_length
            yield TypePattern(frozenset(lengths), re.compile(desc.national_number_pattern))
