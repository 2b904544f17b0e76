"""One message as people will see it, in a terminal: its text behind a bar, and below it what it takes and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from sendspec.composing.platforms.sms_segments import MAX_FORCING, Measure
from sendspec.diagnostics.redaction import is_all_visible, printable, spelled
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.shown_message import ForcedAt, ShownMessage
from sendspec.planning.cost import price_text
from sendspec.showing.bubble_part import part_lines
from sendspec.showing.terminal_style import UNDERLINED, UNDERLINED_YELLOW, YELLOW, TerminalStyle, cells

BAR = "│ "
BOUNDARIES = "┊╎¦|"
"""The first that the text does not have shows where a segment ends."""
MOST_CHARACTERS = 1_500
"""Characters of a text that are shown, unless it was asked for."""
NARROWEST = 20
_CODES = {(False, False): "", (True, False): UNDERLINED, (False, True): YELLOW, (True, True): UNDERLINED_YELLOW}


class _Glyph(NamedTuple):
    """A character as it is shown, or an escape of one."""

    text: str
    code: str
    is_forced: bool = False


def bubble_lines(message: ShownMessage, style: TerminalStyle, *, whole: bool = False) -> Iterator[str]:
    """`whole`: however long the text and its parts are."""
    text = message.text if whole else message.text[:MOST_CHARACTERS]
    boundary = next((each for each in BOUNDARIES if each not in message.text), BOUNDARIES[0])
    for line in _lines(_glyphs(message, text, boundary), _columns(style)):
        yield style.dim(BAR) + _styled(line, style)
        if not style.colour and any(glyph.is_forced for glyph in line):
            yield BAR + _carets(line)
    if len(text) < len(message.text):
        yield f"{style.dim(BAR)}… and {counted(len(message.text) - len(text), 'more character')}"
    if size := size_words(message, boundary):
        yield size
    yield from part_lines(message.parts, whole=whole)
    if filled := filled_words(message):
        yield style.dim(filled)
    yield from forcing_word_lines(message)


def plain_lines(text: str, style: TerminalStyle) -> Iterator[str]:
    """A text alone, behind its bar."""
    lines = text.replace("\r\n", "\n").split("\n")
    shown = "\n".join(printable(spelled(line)) for line in lines)
    for line in _lines((_Glyph(each, "") for each in shown), _columns(style)):
        yield style.dim(BAR) + _styled(line, style)


def _columns(style: TerminalStyle) -> int:
    return max(style.width - 4 - len(BAR), NARROWEST)


def size_words(message: ShownMessage, boundary: str) -> str:
    """`UCS-2 · 225 characters · 4 segments (┊ ends one) · 24 characters over 3 segments · EUR 0.28`; empty where nothing is measured."""
    measured, shape = message.measure, message.shape
    if measured is None:
        if shape is None or shape.encoding is None:
            return ""
        return f"{shape.encoding.value} · {counted(shape.segments_each, 'segment')}, whatever the values"
    has_wide = measured.units != measured.characters
    words = [
        measured.encoding.value,
        counted(measured.characters, "character") + (f" ({grouped(measured.units)} units)" if has_wide else ""),
        counted(measured.segments, "segment") + (f" ({boundary} ends one)" if len(message.segments) > 1 else ""),
    ]
    if message.over:
        fewer = counted(measured.segments - 1, "segment")
        words.append(f"{counted(message.over, 'unit' if has_wide else 'character')} over {fewer}")
    if message.cost is not None:
        words.append(price_text(message.cost))
    elif message.is_priced:
        words.append("unknown price")
    return " · ".join(words)


def filled_words(message: ShownMessage) -> str:
    """`filled in: first_name, order_id`."""
    whole = next((piece.why for piece in message.pieces if piece.why), "")
    if whole:
        return f"filled in: all of it, or not known: {whole}"
    columns = dict.fromkeys(
        name
        for piece in message.pieces
        if piece.is_filled
        for name in (piece.columns or ("the message's id" if message.id else "",))
    )
    return f"filled in: {', '.join(printable(name) for name in columns if name)}" if any(columns) else ""


def _glyphs(message: ShownMessage, text: str, boundary: str) -> Iterator[_Glyph]:
    """The characters that are shown, with line ends as they are and the boundaries of segments between them."""
    ends = set(accumulate(map(len, message.segments[:-1])))
    forced = frozenset() if is_in_another_script(message) else frozenset(each.index for each in message.forcing)
    filled = _filled_indexes(message)
    is_spelled = message.source is SampleSource.COLUMNS
    edges = sorted({0, len(text), *(end for end in ends if end < len(text))})
    for start, end in pairwise(edges):
        if start in ends:
            yield _Glyph(boundary, YELLOW)
        run = range(start, end)
        for (is_filled, is_forced, is_line_end), group in groupby(
            run, lambda at: (filled[at], at in forced, _is_line_end(text, at))
        ):
            indexes = list(group)
            written = text[indexes[0] : indexes[-1] + 1]
            if is_line_end:
                yield from (_Glyph("\n", "") for each in written if each == "\n")
                continue
            shown = printable(written if is_spelled else spelled(written))
            code = _CODES[is_filled and message.is_split, is_forced]
            yield from (_Glyph(each, code, is_forced) for each in shown)


def _filled_indexes(message: ShownMessage) -> list[bool]:
    return [piece.is_filled for piece in message.pieces for _ in piece.text]


def _is_line_end(text: str, at: int) -> bool:
    return text[at] == "\n" or text[at : at + 2] == "\r\n"


def _lines(glyphs: Iterator[_Glyph], columns: int) -> Iterator[list[_Glyph]]:
    """Lines of at most so many cells, broken behind a space where there is one."""
    line: list[_Glyph] = []
    width = 0
    for glyph in glyphs:
        if glyph.text == "\n":
            yield line
            line, width = [], 0
            continue
        if width + cells(glyph.text) > columns and line and glyph.text != " ":
            break_at = next((at for at in range(len(line), 0, -1) if line[at - 1].text == " "), len(line))
            yield line[:break_at]
            line = line[break_at:]
            width = sum(cells(each.text) for each in line)
        line.append(glyph)
        width += cells(glyph.text)
    if line:
        yield line


def _styled(line: Sequence[_Glyph], style: TerminalStyle) -> str:
    return "".join(
        style.marked("".join(glyph.text for glyph in group), code)
        for code, group in groupby(line, lambda glyph: glyph.code)
    ).rstrip(" ")


def _carets(line: Sequence[_Glyph]) -> str:
    """`^` below each character that forces UCS-2."""
    return "".join(("^" if glyph.is_forced else " ") * cells(glyph.text) for glyph in line).rstrip()


def is_in_another_script(message: ShownMessage) -> bool:
    """Whether a text has so many different characters outside GSM-7 that none is at fault."""
    return len({each.character for each in message.forcing}) > MAX_FORCING


def forcing_word_lines(message: ShownMessage) -> Iterator[str]:
    """Each character that forces UCS-2, where it comes from and what to write instead; and what that makes of the text."""
    if is_in_another_script(message):
        yield f"UCS-2, as it has {counted(len(message.forcing), 'character')} of another script"
        return
    by_character: dict[str, list[ForcedAt]] = {}
    for each in message.forcing:
        by_character.setdefault(each.character, []).append(each)
    for character, found in by_character.items():
        yield f"{_label(character)} {_places(found)}: {_advice(found[0].replacement)}"
    if by_character and message.measure is not None and message.replaced is not None:
        yield _if_replaced(message.measure, message.replaced)


def _label(character: str) -> str:
    """`’ (U+2019)`; the code point alone where there is nothing to see."""
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() and is_all_visible(character) else code


def _advice(replacement: str | None) -> str:
    if replacement is None:
        return "GSM-7 has nothing like it"
    return f"write {'a space' if replacement == ' ' else f'`{replacement}`'}" if replacement else "leave it out"


def _if_replaced(measured: Measure, changed: Measure) -> str:
    if changed.encoding is measured.encoding:
        return "the others keep it UCS-2, whatever is replaced"
    saved = measured.segments - changed.segments
    saving = f", {counted(saved, 'segment')} less" if saved else ", as many"
    return f"all replaced: {changed.encoding.value}, {counted(changed.segments, 'segment')}{saving}"


def _places(found: Sequence[ForcedAt]) -> str:
    """`in column first_name and in the spec's own text`."""
    places: dict[str, None] = {}
    for each in found:
        if each.source is ForcingSource.TEMPLATE:
            places["the spec's own text"] = None
        elif each.source is ForcingSource.DATA:
            places[f"column {printable(each.column)}"] = None
        else:
            places["the spec or the data"] = None
    times = f", {grouped(len(found))} times" if len(found) > 1 else ""
    return " and ".join(f"in {place}" for place in places) + times
