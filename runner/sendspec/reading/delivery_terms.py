"""The spec's key `delivery`: how much has to be delivered, and within which time; the forms of shares and durations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from fractions import Fraction

SHARE = r"^(?:100(?:\.0{1,4})?|[0-9]{1,2}(?:\.[0-9]{1,4})?)%$"
"""`95%`, `99.5%`: as the schema has it. A number from 0 to 1 is the other form."""
DURATION = r"^(?:[1-9][0-9]{0,4}s|[1-9][0-9]{0,3}m|[1-9][0-9]{0,2}h|(?:[1-9]|[12][0-9]|3[01])d)$"
"""`90s`, `15m`, `2h`, `1d`; less than 42 days."""
DURATION_WORDS = "a duration such as 90s, 15m, 2h or 1d"
SHARE_WORDS = "a share such as 95% or 0.95"
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SAID_SHARE = lazy_pattern(r"([0-9]{1,3}(?:[.,][0-9]{1,4})?) ?(?:%|percent)?", re.ASCII)
_SAID_DURATION = lazy_pattern(r"([0-9]{1,6}) ?([smhd])[a-z]*", re.ASCII)
_NUMBER = lazy_pattern(r"(?:0?\.[0-9]{1,6}|[01](?:\.[0-9]{1,6})?)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTerms:
    """Shares are from 0 to 1, of the accepted messages. None is what the spec doesn't say."""

    need: Fraction | None = None
    max_failed: Fraction | None = None
    within_seconds: int | None = None


def share_of(written: object) -> Fraction | None:
    """The share that `95%`, `0.95` or the number is; None for anything else."""
    if isinstance(written, int | float) and not isinstance(written, bool):
        written = repr(written)
    if not isinstance(written, str):
        return None
    from fractions import Fraction  # few specs have shares, and it compiles a pattern

    if re.fullmatch(SHARE, written, re.ASCII):
        return Fraction(written[:-1]) / 100
    share = Fraction(written) if _NUMBER.fullmatch(written) else None
    return share if share is not None and share <= 1 else None


def seconds_of(written: str) -> int | None:
    """The seconds of `90s`, `15m`, `2h` or `1d`; None for anything else."""
    return None if re.fullmatch(DURATION, written, re.ASCII) is None else int(written[:-1]) * _UNITS[written[-1]]


def term_fix(key: str, written: object) -> str | None:
    """What to write in place of a value of `delivery` that has another form; None for a key that it doesn't have."""
    if key in ("need", "max_failed"):
        said = _SAID_SHARE.fullmatch(str(written).strip().lower())
        meant = "" if said is None else f"{said[1].replace(',', '.')}%"
        return f"write {meant}" if meant and share_of(meant) is not None else f"write {SHARE_WORDS}"
    if key == "within":
        found = _SAID_DURATION.fullmatch(str(written).strip().lower())
        meant = "" if found is None else found[1] + found[2]
        return f"write {meant}" if seconds_of(meant) else f"write {DURATION_WORDS}, at most 31d"
    return None


def read_delivery(written: Mapping[str, Any] | None) -> DeliveryTerms | None:
    """The terms of a checked mapping; None where the spec has none."""
    if written is None:
        return None
    within = written.get("within")
    return DeliveryTerms(
        need=share_of(written.get("need")),
        max_failed=share_of(written.get("max_failed")),
        within_seconds=None if within is None else seconds_of(within),
    )
