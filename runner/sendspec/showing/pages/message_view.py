"""One message of a preview as a page shows it: the bubble, and in words all that is marked in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from sendspec.composing.html_link import addresses_in
from sendspec.composing.message_part import MessagePart
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable, spelled
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.edited_message import EditableValue
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.preview import SpecPreview
from sendspec.operations.shown_message import ShownMessage
from sendspec.showing.bubble import filled_words, forcing_word_lines, is_in_another_script, size_words
from sendspec.showing.bubble_part import media_name
from sendspec.showing.pages.message_text import WHOLE, Room, marked_characters, message_pieces
from sendspec.showing.pages.parts import Piece
from sendspec.showing.plan_shape import path_words, values_words

SOURCES = {
    SampleSource.RECIPIENTS: "",
    SampleSource.EXAMPLES: "an example of the spec",
    SampleSource.COLUMNS: "with the columns' names in the place of values",
}
LINKS_SHOWN, FILLED_SHOWN = 20, 400
_PUNCTUATION = ".,;:!?"
"""Ends a sentence rather than an address."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """An address in a message. `href` is empty where it must not become a link."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class PartView:
    """What people read or click besides the text. `name` is the file's, of a picture or file, which is not fetched."""

    at: str
    text: str
    name: str
    links: tuple[LinkView, ...]
    cut: str


@dataclass(frozen=True, slots=True)
class FilledView:
    """What a column has put into the text."""

    columns: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """`spec` is the spec's number on the page, `line` the row; `cut` says what the text goes on with; `values` are those that can be edited, on a page that is live."""

    id: str
    spec: int
    line: int
    title: str
    mark: str
    source: str
    state: str  # one word, which a filter shows with spaces
    pieces: tuple[Piece, ...]
    cut: str
    size: str
    conditions: tuple[str, ...]
    filled: tuple[FilledView, ...]
    filled_note: str
    forcing: tuple[str, ...]
    sender: str
    links: tuple[LinkView, ...]
    parts: tuple[PartView, ...]
    values: tuple[EditableValue, ...] = ()


def message_view(
    spec: SpecPreview,
    number: int,
    message: ShownMessage,
    at: int,
    marks: dict[str, str],
    values: Sequence[EditableValue] = (),
    room: Room = WHOLE,
) -> MessageView:
    """The message at index `at` of the spec with this number; `marks` are those of the longest, dearest and rarest shapes."""
    shape = message.shape
    title = f"row {message.line}" if shape is None or spec.asked else counted(shape.messages, "message")
    found = () if shape is None else spec.detail.values.get(shape.id, ())
    unmatched = [values_words(each, named=spec.detail.names_values) for each in found]
    left = len(message.text) - len(message.text[: room.characters])
    return MessageView(
        id=f"message-{number + 1}-{at + 1}" if shape is None or spec.asked else f"shape-{number + 1}-{shape.id}",
        spec=number,
        line=message.line,
        title=title,
        mark="" if shape is None else marks.get(shape.id, "").removeprefix(", "),
        source=SOURCES[message.source],
        state=_state(message).replace(" ", "_"),
        pieces=tuple(message_pieces(message, room)),
        cut=f"… and {counted(left, 'more character')}: `--row {message.line}`" if left else "",
        size=size_words(message, "┊"),
        conditions=(*filter(None, printable(path_words(message.path)).split(" · ")), *unmatched),
        filled=tuple(_filled(message)),
        filled_note=filled_words(message) if not message.is_split else "",
        forcing=tuple(_forcing(message, room)),
        sender="" if spec.sender else printable(message.sender),
        links=link_views([link.rstrip(_PUNCTUATION) for link in addresses_in(message.text)]),
        parts=tuple(_part(part) for part in message.parts),
        values=tuple(values),
    )


def _state(message: ShownMessage) -> str:
    """What bubbles are filtered by: `1 segment, GSM-7`."""
    if message.measure is not None:
        return f"{counted(message.measure.segments, 'segment')}, {message.measure.encoding.value}"
    shape = message.shape
    if shape is None or shape.encoding is None:
        return "not measured"
    return f"{counted(shape.segments_each, 'segment')}, {shape.encoding.value}"


def _forcing(message: ShownMessage, room: Room) -> Iterator[str]:
    yield from forcing_word_lines(message)
    marked = len(marked_characters(message, room))
    if marked < len(message.forcing) and not is_in_another_script(message):
        yield f"marked are the first {grouped(marked)} of {grouped(len(message.forcing))}"


def _filled(message: ShownMessage) -> list[FilledView]:
    if not message.is_split:
        return []
    found = (
        FilledView(
            ", ".join(map(printable, piece.columns)) or "the message itself", _shortened(printable(spelled(piece.text)))
        )
        for piece in message.pieces
        if piece.is_filled and piece.text
    )
    return list(dict.fromkeys(found))


def _shortened(text: str) -> str:
    return text if len(text) <= FILLED_SHOWN else f"{text[:FILLED_SHOWN]}…"


def _part(part: MessagePart) -> PartView:
    cut = f"… and {counted(part.cut, 'more character')}" if part.cut else ""
    return PartView(
        printable(part.at), printable(part.text), printable(media_name(part)), link_views(part.all_links), cut
    )


def link_views(links: Sequence[str]) -> tuple[LinkView, ...]:
    """Only addresses of web pages become links, and none is followed without a click."""
    shown = [LinkView(printable(link), link if is_web_address(link) else "") for link in links[:LINKS_SHOWN]]
    left = len(links) - len(shown)
    return (*shown, *([LinkView(f"and {grouped(left)} more", "")] if left else []))


def is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.netloc)
        and link.isascii()
        and link.isprintable()
        and " " not in link
    )
