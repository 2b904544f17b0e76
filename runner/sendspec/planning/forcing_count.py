"""Counts the characters that force messages into UCS-2, and what it saves to replace each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, ForcedBy

MAX_KINDS = 10_000
"""Different sets of characters that are kept apart; messages with a further one count as another script."""
LINES_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcingCount:
    """How many messages have a character that forces UCS-2; "" stands for texts in another script.

    `segments_saved` counts the messages that have no other such character: with a replacement of it they would be GSM-7. `lines` are
    the rows of the first messages.
    """

    character: str
    messages: int
    segments_saved: int
    lines: tuple[int, ...]


class ForcingTally:
    def __init__(self) -> None:
        self._messages: Counter[ForcedBy] = Counter()
        self._lines: dict[str, list[int]] = {}

    def add(self, forced_by: Sequence[ForcedBy], lines: Sequence[int]) -> None:
        """Counts messages; one that is not forced has an empty item."""
        counted = Counter([each for each in forced_by if each])
        if not counted:
            return
        wanted = {each for each in counted if any(len(self._lines.get(c, ())) < LINES_KEPT for c in _characters(each))}
        if wanted:
            self._note_lines(forced_by, lines, wanted)
        for each, count in counted.items():
            known = each in self._messages or len(self._messages) < MAX_KINDS
            self._messages[each if known else ANOTHER_SCRIPT] += count

    @property
    def messages(self) -> int:
        """How many messages are forced."""
        return self._messages.total()

    def _note_lines(self, forced_by: Sequence[ForcedBy], lines: Sequence[int], wanted: Collection[ForcedBy]) -> None:
        for each, line in zip(forced_by, lines, strict=True):
            if each in wanted:
                for character in _characters(each):
                    noted = self._lines.setdefault(character, [])
                    if len(noted) < LINES_KEPT:
                        noted.append(line)

    def counts(self) -> tuple[ForcingCount, ...]:
        """The characters, those that save most first."""
        messages: Counter[str] = Counter()
        saved: Counter[str] = Counter()
        for each, count in self._messages.items():
            for character in _characters(each):
                messages[character] += count
            if each:
                saved[each[0]] += count * each[1]
        found = [
            ForcingCount(
                character=character,
                messages=count,
                segments_saved=saved[character],
                lines=tuple(self._lines.get(character, ())),
            )
            for character, count in messages.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.segments_saved, -each.messages, each.character)))


def _characters(forced: ForcedBy) -> Sequence[str]:
    """The characters that are counted for it; "" for a text in another script."""
    return (forced[0] or ("",)) if forced else ()
