"""Counts the characters that force messages into UCS-2, and what it saves to replace each, or all that have a plain replacement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from sendspec.composing.platforms.gsm7 import REPLACEMENTS
from sendspec.composing.platforms.sms_segments import ANOTHER_SCRIPT, ForcedBy
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.contacts import number_country

MAX_KINDS = 10_000
"""Different kinds of messages that are kept apart; in messages of a further one, it isn't known which way their templates took."""
LINES_KEPT, MAX_LINES, FEW_LINES = 200, 20_000, 5
"""Lines that are kept of each kind; once there are `MAX_LINES` in all, `FEW_LINES` of each."""
UNKNOWN = -1
"""Stands for alternatives that are not known."""
MAX_COUNTRIES = 100_000
"""Countries of all kinds together that are kept apart; messages of a kind to further ones go to a country that can't be told."""
_Kind = tuple[ForcedBy, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcingCount:
    """How many messages have a character that forces UCS-2; "" stands for texts in another script.

    They took the same `alternatives` through their templates (`Message.alternatives`, or `UNKNOWN`), and have the character as often:
    `occurrences` is 0 where they have other such characters too. `segments_saved` counts the messages that have no other: with a
    replacement of it they would be GSM-7. `shorter` is how many of them then take fewer segments. `saved_by_country` has the segments
    by country, and is empty where countries are not counted. `lines` are the rows of the first messages.
    """

    character: str
    messages: int
    segments_saved: int
    lines: tuple[int, ...]
    alternatives: int = 0
    occurrences: int = 0
    shorter: int = 0
    saved_by_country: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCount:
    """What it saves to replace all of `characters`, each of which has a plain replacement, in all messages that have no others.

    Some of these messages have several of them. `shorter` is how many messages then take fewer segments.
    """

    characters: str
    shorter: int
    segments_saved: int
    saved_by_country: Mapping[str, int] = field(default_factory=dict)


class ForcingTally:
    def __init__(self) -> None:
        self._messages: Counter[_Kind] = Counter()
        self._lines: dict[_Kind, list[int]] = {}
        self._lines_kept = 0
        self._by_country: Counter[tuple[_Kind, str]] = Counter()

    def add(
        self,
        forced_by: Sequence[ForcedBy],
        alternatives: Sequence[int],
        lines: Sequence[int],
        countries: Sequence[str] = (),
    ) -> None:
        """Counts messages; one that is not forced has an empty item. `countries` are not counted if they are empty."""
        kinds = [(forced, taken) for forced, taken in zip(forced_by, alternatives, strict=True) if forced]
        if not kinds:
            return
        counted = Counter(kinds)
        kept_as: dict[_Kind, _Kind] = {kind: self._kept_as(kind) for kind in counted}
        for kind, count in counted.items():
            self._messages[kept_as[kind]] += count
        if countries and any(forced[1] for forced, _ in counted):
            self._add_countries(forced_by, alternatives, countries, kept_as)
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

    def _add_countries(
        self,
        forced_by: Sequence[ForcedBy],
        alternatives: Sequence[int],
        countries: Sequence[str],
        kept_as: Mapping[_Kind, _Kind],
    ) -> None:
        """Counts the messages that a replacement makes shorter, or longer."""
        for (kind, country), count in Counter(
            ((forced, taken), country)
            for forced, taken, country in zip(forced_by, alternatives, countries, strict=True)
            if forced and forced[1]
        ).items():
            key = (kept_as[kind], country)
            is_apart = key in self._by_country or len(self._by_country) < MAX_COUNTRIES
            self._by_country[key if is_apart else (kept_as[kind], number_country.UNKNOWN)] += count

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
        saving: dict[tuple[str, int, int], list[_Kind]] = {}
        lines: dict[tuple[str, int, int], list[int]] = {}
        for kind, count in self._messages.items():
            forced, alternatives = kind
            if not forced:
                continue
            characters, _, occurrences = forced
            for character in characters or ("",):
                key = (character, alternatives, occurrences)
                messages[key] += count
                saving.setdefault(key, []).extend([kind] if len(characters) == 1 else ())
                lines.setdefault(key, []).extend(self._lines.get(kind, ()))
        countries = self._countries_by_kind()
        found = [
            ForcingCount(
                character=key[0],
                messages=count,
                segments_saved=self._saved(saving[key]),
                lines=tuple(sorted(lines[key])[:LINES_KEPT]),
                alternatives=key[1],
                occurrences=key[2],
                shorter=self._shorter(saving[key]),
                saved_by_country=_saved_by_country(saving[key], countries),
            )
            for key, count in messages.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.segments_saved, -each.messages, each.character, each.lines)))

    def plain(self) -> PlainCount | None:
        """The characters that are worth replacing together; None if no message becomes shorter by replacing several."""
        kinds = [kind for kind in self._messages if kind[0] and all(each in REPLACEMENTS for each in kind[0][0])]
        worth = [kind for kind in kinds if _saving(kind) > 0]
        if not any(len(_characters(kind)) > 1 for kind in worth):
            return None
        characters = sorted(set().union(*map(_characters, worth)))
        concerned = [kind for kind in kinds if _characters(kind) and set(_characters(kind)) <= set(characters)]
        return PlainCount(
            characters="".join(characters),
            shorter=self._shorter(concerned),
            segments_saved=self._saved(concerned),
            saved_by_country=_saved_by_country(concerned, self._countries_by_kind()),
        )

    def _saved(self, kinds: Sequence[_Kind]) -> int:
        return sum(self._messages[kind] * _saving(kind) for kind in kinds)

    def _shorter(self, kinds: Sequence[_Kind]) -> int:
        return sum(self._messages[kind] for kind in kinds if _saving(kind) > 0)

    def _countries_by_kind(self) -> dict[_Kind, list[tuple[str, int]]]:
        found: dict[_Kind, list[tuple[str, int]]] = {}
        for (kind, country), count in self._by_country.items():
            found.setdefault(kind, []).append((country, count))
        return found


def _characters(kind: _Kind) -> str:
    return kind[0][0] if kind[0] else ""


def _saving(kind: _Kind) -> int:
    return kind[0][1] if kind[0] else 0


def _saved_by_country(
    kinds: Sequence[_Kind], countries: Mapping[_Kind, Sequence[tuple[str, int]]]
) -> Mapping[str, int]:
    saved: Counter[str] = Counter()
    for kind in kinds:
        for country, count in countries.get(kind, ()):
            saved[country] += count * _saving(kind)
    return dict(saved)
