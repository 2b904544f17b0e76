"""Counts the characters that force messages into UCS-2, and what it saves to replace each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, ForcedBy

MAX_KINDS = 10_000
"""Different kinds of messages that are kept apart; in messages of a further one, it isn't known which way their templates took."""
LINES_KEPT, MAX_LINES, FEW_LINES = 200, 20_000, 5
"""Lines that are kept of each kind; once there are `MAX_LINES` in all, `FEW_LINES` of each."""
UNKNOWN = -1
"""Stands for alternatives that are not known."""
_Kind = tuple[ForcedBy, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcingCount:
    """How many messages have a character that forces UCS-2; "" stands for texts in another script.

    They took the same `alternatives` through their templates (`Message.alternatives`, or `UNKNOWN`), and have the character as often:
    `occurrences` is 0 where they have other such characters too. `segments_saved` counts the messages that have no other: with a
    replacement of it they would be GSM-7. `lines` are the rows of the first messages.
    """

    character: str
    messages: int
    segments_saved: int
    lines: tuple[int, ...]
    alternatives: int = 0
    occurrences: int = 0


class ForcingTally:
    def __init__(self) -> None:
        self._messages: Counter[_Kind] = Counter()
        self._lines: dict[_Kind, list[int]] = {}
        self._lines_kept = 0

    def add(self, forced_by: Sequence[ForcedBy], alternatives: Sequence[int], lines: Sequence[int]) -> None:
        """Counts messages; one that is not forced has an empty item."""
        kinds = [(forced, taken) for forced, taken in zip(forced_by, alternatives, strict=True) if forced]
        if not kinds:
            return
        counted = Counter(kinds)
        kept_as = {kind: self._kept_as(kind) for kind in counted}
        for kind, count in counted.items():
            self._messages[kept_as[kind]] += count
        most = LINES_KEPT if self._lines_kept < MAX_LINES else FEW_LINES
        wanted = {kind for kind in counted if len(self._lines.get(kept_as[kind], ())) < most}
        if wanted:
            forced_lines = [line for forced, line in zip(forced_by, lines, strict=True) if forced]
            for kind, line in zip(kinds, forced_lines, strict=True):
                if kind in wanted:
                    self._note_line(kept_as[kind], line, most)

    @property
    def messages(self) -> int:
        """How many messages are forced."""
        return self._messages.total()

    def _kept_as(self, kind: _Kind) -> _Kind:
        """What a kind is counted as, and a key of the counts from now on."""
        forced = kind[0]
        tried: Collection[tuple[_Kind, int]] = ((kind, MAX_KINDS), ((forced, UNKNOWN), 2 * MAX_KINDS))
        for each, most in tried:
            if each in self._messages or len(self._messages) < most:
                self._messages[each] += 0
                return each
        return (ANOTHER_SCRIPT, UNKNOWN)

    def _note_line(self, kind: _Kind, line: int, most: int) -> None:
        noted = self._lines.setdefault(kind, [])
        if len(noted) < most:
            noted.append(line)
            self._lines_kept += 1

    def counts(self) -> tuple[ForcingCount, ...]:
        """The characters, those that save most first."""
        messages: Counter[tuple[str, int, int]] = Counter()
        saved: Counter[tuple[str, int, int]] = Counter()
        lines: dict[tuple[str, int, int], list[int]] = {}
        for kind, count in self._messages.items():
            forced, alternatives = kind
            if not forced:
                continue
            characters, saving, occurrences = forced
            for character in characters or ("",):
                key = (character, alternatives, occurrences)
                messages[key] += count
                saved[key] += count * saving
                lines.setdefault(key, []).extend(self._lines.get(kind, ()))
        found = [
            ForcingCount(
                character=key[0],
                messages=count,
                segments_saved=saved[key],
                lines=tuple(sorted(lines[key])[:LINES_KEPT]),
                alternatives=key[1],
                occurrences=key[2],
            )
            for key, count in messages.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.segments_saved, -each.messages, each.character, each.lines)))
