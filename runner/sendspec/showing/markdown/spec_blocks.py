"""The messages of a plan's specs in Markdown: as many specs as a page has room for, each with a fair share of it."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.showing.markdown.foreign_text import code
from sendspec.showing.markdown.page import GAP, Section
from sendspec.showing.markdown.plan_spec import PlannedSpec, spec_block
from sendspec.showing.markdown.words import many

FEW_SPECS = 3
"""Specs whose messages don't have to be unfolded: the first."""
ROOM_OF_MANY, LEAST_ROOM = 9_000, 1_000
"""Characters for the messages of each of many specs: at most, and where there are too many."""
MOST_BLOCKS = 150
"""Specs with their messages; no page has room for more."""
ROOM_OF_NAMES = 1_500
"""Characters for the names of specs that are left out."""
ROOM_OF_COUNTS = 200
"""Characters for how many they are."""


def spec_blocks(specs: Sequence[PlannedSpec], room: int) -> Section:
    """The messages of all specs that are new, or that change, in their order; without a base, of all that send. Few specs are always there."""
    few = len(specs) <= FEW_SPECS
    telling = [spec for spec in specs if spec.is_telling or (few and spec.has_texts)]
    others = sum(spec.plan.send > 0 and not spec.is_telling for spec in specs) if not few else 0
    shown = telling[:MOST_BLOCKS]

    def more(left: Sequence[int]) -> str:
        missing = [*(shown[at] for at in left), *telling[MOST_BLOCKS:]]
        return _left_out(missing, others)

    parts = _blocks(shown, room, few=few)
    return Section(parts=parts, more=more, is_cut=others > 0 or len(telling) > len(shown))


def _left_out(missing: Sequence[PlannedSpec], others: int) -> str:
    words = f"The messages of {many(len(missing) + others, 'other spec')} are not shown here"
    if not missing:
        return f"{words}."
    change = (
        ""
        if missing[0].change is None
        else f"; {len(missing):,} of them {'is' if len(missing) == 1 else 'are'} new or changed"
    )
    return f"{words}{change}: {_names(missing)}"


def _names(specs: Sequence[PlannedSpec]) -> str:
    names: list[str] = []
    room = ROOM_OF_NAMES
    for spec in specs:
        room -= len(code(spec.plan.target.name)) + 2
        if room < 0:
            return f"{', '.join(names)} and {len(specs) - len(names):,} more"
        names.append(code(spec.plan.target.name))
    return ", ".join(names)


def _blocks(specs: Sequence[PlannedSpec], room: int, *, few: bool) -> list[str]:
    """A block of each spec. Where they don't all fit, the long ones are shortened to what the short ones leave them."""
    most = room // max(1, len(specs)) - len(GAP) if few else ROOM_OF_MANY
    blocks = [spec_block(spec, most, unfolds=at >= FEW_SPECS) for at, spec in enumerate(specs)]
    if few:
        return blocks
    share = max(LEAST_ROOM, _fair_share(sorted(map(len, blocks)), room - ROOM_OF_NAMES - ROOM_OF_COUNTS))
    return [
        block if len(block) <= share else spec_block(spec, share, unfolds=at >= FEW_SPECS)
        for at, (spec, block) in enumerate(zip(specs, blocks, strict=True))
    ]


def _fair_share(lengths: Sequence[int], room: int) -> int:
    """The most that each may have, if those that need less leave the rest to the others. `lengths` are sorted."""
    for at, length in enumerate(lengths):
        share = room // (len(lengths) - at) - len(GAP)
        if length > share:
            return share
        room -= length + len(GAP)
    return lengths[-1] if lengths else room
