"""Counts messages by shape: the alternatives that their templates took, their encoding and their number of segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from sendspec.composing.platforms.sms_excess import segments_of
from sendspec.composing.platforms.sms_segments import ForcedBy
from sendspec.diagnostics.lazy_dataclass import dataclass

MAX_SHAPES = 10_000
"""Shapes that are kept apart; the messages of further ones are counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeCount:
    """How many messages have a shape. `segments` are those of one message, 0 if it isn't measured; `line` is the first one's row.

    `alternatives` are `Message.alternatives`.
    """

    alternatives: int
    segments: int
    is_ucs2: bool
    messages: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeCounts:
    """The shapes of the messages to send, the most frequent first; messages and segments of shapes that were not kept apart."""

    listed: tuple[ShapeCount, ...] = ()
    other_messages: int = 0
    other_segments: int = 0


NO_SHAPES = ShapeCounts()


SizedShape: TypeAlias = tuple[int, int, bool]
"""The alternatives of messages, their size (`sms_excess.sized`), and whether they are UCS-2."""
_Shape: TypeAlias = tuple[int, int, bool]


class ShapeTally:
    def __init__(self) -> None:
        self._messages: dict[_Shape, int] = {}
        self._lines: dict[_Shape, int] = {}
        self._other_messages = self._other_segments = 0

    def add(
        self, alternatives: Sequence[int], sizes: Sequence[int], forced_by: Sequence[ForcedBy], lines: Sequence[int]
    ) -> Mapping[SizedShape, int]:
        """Counts messages, given as lists of the same length. Returns the counts of these messages by shape and size."""
        sized = list(zip(alternatives, sizes, map(bool, forced_by), strict=True))
        counted = Counter(sized)
        shapes = {each: (each[0], segments_of(each[1]), each[2]) for each in counted}
        if not self._messages.keys() >= set(shapes.values()):
            line_by_sized = dict(zip(reversed(sized), reversed(lines), strict=True))
            self._open({shapes[each]: line_by_sized[each] for each in reversed(counted)}, shapes.values())
        for each, count in counted.items():
            shape = shapes[each]
            if shape in self._messages:
                self._messages[shape] += count
            else:
                self._other_messages += count
                self._other_segments += count * shape[1]
        return counted

    def _open(self, line_by_key: Mapping[_Shape, int], keys: Iterable[_Shape]) -> None:
        """Keeps the keys apart from now on, as long as there is room."""
        for key in keys:
            if key not in self._messages and len(self._messages) < MAX_SHAPES:
                self._messages[key], self._lines[key] = 0, line_by_key[key]

    def counts(self) -> ShapeCounts:
        listed = [
            ShapeCount(alternatives=key[0], segments=key[1], is_ucs2=key[2], messages=count, line=self._lines[key])
            for key, count in self._messages.items()
        ]
        listed.sort(key=lambda each: (-each.messages, each.line))
        return ShapeCounts(
            listed=tuple(listed), other_messages=self._other_messages, other_segments=self._other_segments
        )
