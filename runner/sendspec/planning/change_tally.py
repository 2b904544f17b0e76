"""Groups messages by what changes in their texts, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.text_difference import TextComparison

MAX_APART = 10_000
"""Different changes that are kept apart. The messages of further ones are counted by shape."""
FEW = 5
"""Different changes of one shape that are shown apart, however few messages each of them has."""
MUCH = 0.1
"""The share of its shape's messages from which a change is shown apart."""


class Sized(NamedTuple):
    """One side of a message that changes: its row, the way that its templates took, its segments and its text."""

    line: int
    alternatives: int
    segments: int
    text: str


@dataclass(slots=True)
class ChangeGroup:
    """Messages with the same change, or with `different` changes of one shape. The lines and alternatives are those of the first row among them."""

    before: Sized
    after: Sized
    messages: int = 0
    segments_before: int = 0
    segments_after: int = 0
    different: int = 1
    is_more: bool = False

    def add(self, before: Sized, after: Sized) -> None:
        self.messages += 1
        self.segments_before += before.segments
        self.segments_after += after.segments
        if after.line < self.after.line:
            self.before, self.after = _without_text(before), _without_text(after)


class ChangeTally:
    """Adds one pair of texts after another."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, int], dict[bytes, ChangeGroup]] = {}
        self._further: dict[tuple[int, int], ChangeGroup] = {}
        self._rest: ChangeGroup | None = None
        self._comparison = TextComparison()
        self._apart = 0

    def add(self, before: Sized, after: Sized) -> None:
        """Counts a message whose texts differ."""
        shape = before.alternatives, after.alternatives
        change = self._comparison.change(before.text, after.text)
        group = self._groups.get(shape, {}).get(change)
        if group is None:
            group = self._opened(shape, change, before, after)
        group.add(before, after)

    def groups(self) -> list[ChangeGroup]:
        """The groups of most messages first. Where recipients' values make too many of them, those of one shape are one group."""
        found: list[ChangeGroup] = []
        for shape, groups in self._groups.items():
            found += _folded(list(groups.values()), self._further.get(shape))
        found += [group for shape, group in self._further.items() if shape not in self._groups]
        found += [] if self._rest is None else [self._rest]
        return sorted(found, key=_most_first)

    def _opened(self, shape: tuple[int, int], change: bytes, before: Sized, after: Sized) -> ChangeGroup:
        fresh = ChangeGroup(_without_text(before), _without_text(after))
        if self._apart < MAX_APART:
            self._apart += 1
            return self._groups.setdefault(shape, {}).setdefault(change, fresh)
        fresh.is_more = True
        if shape in self._further or len(self._further) < MAX_APART:
            return self._further.setdefault(shape, fresh)
        self._rest = self._rest or fresh
        return self._rest


def _folded(groups: list[ChangeGroup], further: ChangeGroup | None) -> Iterator[ChangeGroup]:
    """The groups of one shape, those of few messages as one if there are many of them."""
    groups.sort(key=_most_first)
    if further is None and len(groups) <= FEW:
        yield from groups
        return
    every = sum(group.messages for group in (*groups, *([] if further is None else [further])))
    apart = [group for group in groups if group.messages >= max(2, MUCH * every)]
    folded = [*groups[len(apart) :], *([] if further is None else [further])]
    yield from apart
    if folded:
        yield together(folded)


def together(groups: Sequence[ChangeGroup]) -> ChangeGroup:
    """Several groups as one, with the first row of all."""
    first = min(groups, key=lambda group: group.after.line)
    return ChangeGroup(
        before=first.before,
        after=first.after,
        messages=sum(group.messages for group in groups),
        segments_before=sum(group.segments_before for group in groups),
        segments_after=sum(group.segments_after for group in groups),
        different=sum(group.different for group in groups),
        is_more=any(group.is_more for group in groups),
    )


def _without_text(side: Sized) -> Sized:
    """Texts are composed again for the few groups that are shown: kept here, they would fill the memory."""
    return side._replace(text="")


def _most_first(group: ChangeGroup) -> tuple[int, int]:
    return (-group.messages, group.after.line)
