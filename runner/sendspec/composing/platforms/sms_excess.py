"""How much shorter the text of an SMS would have to be to take one segment fewer."""

from __future__ import annotations

from sendspec.composing.platforms.sms_parts import GSM7_PART, UCS2_PART, last_part_units
from sendspec.composing.platforms.sms_segments import GSM7_ALONE, UCS2_ALONE, Encoding, Measure

MOST_EXCESS = 20
"""Units by which somebody may still shorten a text. `sized` notes no more."""
_STEP = 1 << 20
"""No text has as many segments."""


def excess(text: str, measured: Measure) -> int:
    """The units that have to go so that `text`, in the same encoding, takes one segment fewer; 0 if it takes one or none.

    Of two segments, they may go anywhere in it. Of more, they are those of the last one, so at the end: elsewhere it can take one
    more, where a character of two units doesn't fit into the room that becomes free.
    """
    segments = measured.segments
    if segments <= 1:
        return 0
    is_gsm7 = measured.encoding is Encoding.GSM7
    if segments == 2:
        return measured.units - (GSM7_ALONE if is_gsm7 else UCS2_ALONE)
    if measured.units == measured.characters:
        return measured.units - (segments - 1) * (GSM7_PART if is_gsm7 else UCS2_PART)
    return last_part_units(text, is_gsm7=is_gsm7)


def sized(text: str, measured: Measure) -> int:
    """The segments of a text, and its excess if that is at most `MOST_EXCESS`, in one number: processes exchange many of them."""
    over = excess(text, measured)
    return measured.segments + (_STEP * over if over <= MOST_EXCESS else 0)


def segments_of(size: int) -> int:
    return size % _STEP


def excess_of(size: int) -> int:
    """The excess in what `sized` returns; 0 if it is more than `MOST_EXCESS`."""
    return size // _STEP


def has_excess(size: int) -> bool:
    return size >= _STEP
