"""The text of a message in the stretches that a page marks: filled in, forcing UCS-2, unseen characters, and where a segment ends."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from markupsafe import escape

from sendspec.diagnostics.redaction import printable, spelled
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.shown_message import ForcedAt, ShownMessage
from sendspec.showing.bubble import MOST_CHARACTERS, is_in_another_script
from sendspec.showing.pages.parts import Piece
from sendspec.showing.pages.visible_text import is_unseen

MOST_NOTES = 4
"""Characters of one stretch that are explained."""
MOST_MARKED, FEWEST_MARKED = 60, 5
"""Stretches of one text that are marked as forcing UCS-2: each takes more than a hundred bytes of the page."""
FEWEST_CHARACTERS = 160
USUAL_MESSAGES = 40


class Room(NamedTuple):
    """How much of a message its page has room for: characters of its text, all if None, and stretches that are marked."""

    characters: int | None = None
    marked: int = MOST_MARKED


WHOLE = Room()


def room_on(messages: int) -> Room:
    """The room for each on a page of so many messages."""
    part = USUAL_MESSAGES / max(messages, USUAL_MESSAGES)
    return Room(max(int(MOST_CHARACTERS * part), FEWEST_CHARACTERS), max(int(MOST_MARKED * part), FEWEST_MARKED))


class _Mark(NamedTuple):
    """How a character is marked: by the number of its piece, -1 in the spec's own words, and by whether it forces UCS-2."""

    piece: int
    is_forced: bool
    is_unseen: bool


def message_pieces(message: ShownMessage, room: Room = WHOLE) -> Iterator[Piece]:
    """The text, as much as there is room for, in order; besides it only marks where a segment ends."""
    text = message.text[: room.characters]
    ends = [end for end in accumulate(map(len, message.segments[:-1])) if end < len(text)]
    forced = {each.index: each for each in marked_characters(message, room) if each.index < len(text)}
    marks = _marks(message, forced)
    start = 0
    for number, end in enumerate((*ends, len(text))):
        if number:
            yield Piece(str(number + 1), "cut", f"segment {number + 1} of {len(message.segments)} begins here")
        for mark, run in groupby(range(start, end), marks.__getitem__):
            indexes = list(run)
            found = [forced[at] for at in indexes if at in forced]
            yield _piece(message, mark, text[indexes[0] : indexes[-1] + 1], found)
        start = end


def marked_characters(message: ShownMessage, room: Room) -> Sequence[ForcedAt]:
    """The characters that are marked as forcing UCS-2, from the beginning of the text."""
    if is_in_another_script(message):
        return ()
    stretches, end = 0, -1
    for number, each in enumerate(message.forcing):
        stretches += each.index != end
        if stretches > room.marked:
            return message.forcing[:number]
        end = each.index + 1
    return message.forcing


def _marks(message: ShownMessage, forced: Mapping[int, ForcedAt]) -> list[_Mark]:
    piece_of = [
        number if piece.is_filled and message.is_split else -1
        for number, piece in enumerate(message.pieces)
        for _ in piece.text
    ]
    text = message.text
    marked = set(forced)
    for at in sorted(forced, reverse=True):
        if at and at in marked and _continues(text, at) and piece_of[at - 1] == piece_of[at]:
            marked.add(at - 1)
    return [_Mark(piece, at in marked, is_unseen(text, at)) for at, piece in enumerate(piece_of)]


def _continues(text: str, at: int) -> bool:
    """Whether a character is drawn together with the one before it."""
    return unicodedata.category(text[at]) in ("Mn", "Me") and not is_unseen(text, at)


def _piece(message: ShownMessage, mark: _Mark, text: str, forced: Sequence[ForcedAt]) -> Piece:
    kinds, notes = [], []
    if mark.piece >= 0:
        kinds.append("filled")
        columns = message.pieces[mark.piece].columns
        notes.append(f"from {', '.join(map(printable, columns))}" if columns else "from the message itself")
    if mark.is_forced:
        kinds.append("forcing")
        words = list(dict.fromkeys(map(_forced_words, forced)))
        notes += [*words[:MOST_NOTES], *(["…"] if len(words) > MOST_NOTES else [])]
    if mark.is_unseen:
        kinds.append("shown")
        notes.append("a character that can't be seen")
        text = printable(text, named=False)
    elif message.source is not SampleSource.COLUMNS:
        text = _unmistakable(text)
    # as markup, it is not made visible once more: what joins emoji stays
    return Piece(escape(text.replace("\r\n", "\n")), " ".join(kinds), "; ".join(notes))


def _unmistakable(text: str) -> str:
    """What would read like one of our escapes is spelled as one."""
    return "\n".join(map(spelled, text.split("\n")))


def _forced_words(forced: ForcedAt) -> str:
    advice = (
        ", no plain replacement"
        if forced.replacement is None
        else f": write {forced.replacement}"
        if forced.replacement
        else ": can be left out"
    )
    own = " in the spec's own text" if forced.source is ForcingSource.TEMPLATE else ""
    return f"U+{ord(forced.character):04X}{own} forces UCS-2{advice}"
