"""Counts the messages that would take one segment fewer if their text were a little shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sendspec.composing.platforms.sms_excess import excess_of, has_excess, segments_of
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.forcing_count import UNKNOWN
from sendspec.planning.shape_count import SizedShape

MAX_KINDS = 10_000
"""Different kinds of messages that are kept apart; of messages of a further one, only the excess and the country are known."""
_Kind = tuple[int, int, int, bool, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessCount:
    """How many messages of one shape have the same `excess` (`sms_excess`): without so many units, each takes one segment fewer.

    `alternatives` are `Message.alternatives`, or `UNKNOWN`; `segments` are those of one message. `country` is "" where countries are
    not counted.
    """

    excess: int
    alternatives: int
    segments: int
    is_ucs2: bool
    country: str
    messages: int


class ExcessTally:
    def __init__(self) -> None:
        self._messages: Counter[_Kind] = Counter()

    def add(self, counted: Iterable[tuple[tuple[SizedShape, str], int]]) -> None:
        """Counts messages, given as numbers of them by shape, size and country; those without an excess don't count."""
        for ((taken, size, is_ucs2), country), count in counted:
            if not has_excess(size):
                continue
            kind = (excess_of(size), taken, segments_of(size), is_ucs2, country)
            is_apart = kind in self._messages or len(self._messages) < MAX_KINDS
            self._messages[kind if is_apart else (kind[0], UNKNOWN, 0, False, kind[4])] += count

    def counts(self) -> tuple[ExcessCount, ...]:
        """The messages with the least excess first."""
        return tuple(
            ExcessCount(
                excess=excess, alternatives=taken, segments=segments, is_ucs2=is_ucs2, country=country, messages=count
            )
            for (excess, taken, segments, is_ucs2, country), count in sorted(self._messages.items())
        )
