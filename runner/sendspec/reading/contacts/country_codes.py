"""The assigned country calling codes (ITU-T E.164), the digits that may follow each, and the lengths of its numbers."""

from __future__ import annotations

from sendspec.reading.contacts.number_plan import LENGTHS_BY_CODE, TOLL_FREE_BY_CODE

# List of ITU-T Recommendation E.164 assigned country codes; +379 is the Vatican's, reserved and unused.
# 888 (OCHA) was returned; 991, 997 and 388 were never used or no longer are.
_CODES = """
    1 7
    20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239
    240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258
    260 261 262 263 264 265 266 267 268 269 27 290 291 297 298 299
    30 31 32 33 34 350 351 352 353 354 355 356 357 358 359 36 370 371 372 373 374 375 376 377 378 379
    380 381 382 383 385 386 387 389 39
    40 41 420 421 423 43 44 45 46 47 48 49
    500 501 502 503 504 505 506 507 508 509 51 52 53 54 55 56 57 58 590 591 592 593 594 595 596 597 598 599
    60 61 62 63 64 65 66 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692
    800 808 81 82 84 850 852 853 855 856 86 870 878 880 881 882 883 886
    90 91 92 93 94 95 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 98
    992 993 994 995 996 998
"""
CODES = frozenset(_CODES.split())

# Codes after which the number may begin with 0. Everywhere else that 0 is the trunk prefix, dialled only inside
# the country; accepting it would give one person two numbers.
_ZERO_MAY_FOLLOW = "39 47 225 226 227 229 241 242 247 250 267 268 378 379 501 507 676 679 687 800 853 881 974 992"
ZERO_MAY_FOLLOW = frozenset(_ZERO_MAY_FOLLOW.split())

_CODE_BY_START = {
    start: code for start in map("{:03}".format, range(1000)) for code in (start[:1], start[:2], start) if code in CODES
}

LENGTHS = {
    code: frozenset(len(code) + length for length in map(int, lengths.split()))
    for code, lengths in LENGTHS_BY_CODE.items()
}
"""The lengths that a code's numbers have, with the code and without `+`. The Vatican's code has no entry: it has no numbers."""

CODES_OF_THREE = frozenset(f"+{code}" for code in CODES & set(LENGTHS) - ZERO_MAY_FOLLOW if len(code) == 3)
"""For the fast path of `normalise_phone`: `+` and a three-digit code. The next digit must not be 0, the trunk prefix."""

SURE_STARTS = frozenset(
    f"+{start}"
    for start, code in _CODE_BY_START.items()
    if code in LENGTHS and (code in ZERO_MAY_FOLLOW or (len(code) < 3 and start[len(code)] != "0"))
)
"""For the fast path of `normalise_phone`: `+` and three digits after which any digits are valid; no further check is needed."""

_WRITTEN_LENGTHS = {code: frozenset(length + 1 for length in lengths) for code, lengths in LENGTHS.items()}
WRITTEN_LENGTHS = {f"+{start}": _WRITTEN_LENGTHS[code] for start, code in _CODE_BY_START.items() if code in LENGTHS}
"""By `+` and three digits: the lengths of the numbers that begin so, with `+`."""


def code_of(number: str) -> str | None:
    """The country code of a number with `+` and at least three digits; None if unassigned. No code is a prefix of another."""
    return _CODE_BY_START.get(number[1:4])


def has_length_of_its_country(number: str) -> bool:
    """Whether a number with `+` has a length that numbers of its country, or its toll-free numbers, have."""
    code = code_of(number) or ""
    if code not in LENGTHS or len(number) - 1 in LENGTHS[code]:
        return True
    lengths, _, starts = TOLL_FREE_BY_CODE.get(code, "").partition(" | ")
    national = number[1 + len(code) :]
    return str(len(national)) in lengths.split() and national.startswith(tuple(starts.split()))
