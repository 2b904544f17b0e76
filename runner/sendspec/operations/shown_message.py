"""One message as people will see it: its text in pieces and segments, what forces UCS-2, where it goes and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from sendspec.composing.filled_text import FilledPiece, filled_text, shape_pieces
from sendspec.composing.message import Message
from sendspec.composing.message_part import MessagePart, parts_of
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_excess import excess
from sendspec.composing.platforms.sms_segments import (
    Encoding,
    Measure,
    forcing,
    is_gsm7,
    measure,
    replaced,
    split,
)
from sendspec.composing.shape_payload import shape_payload, spelled_payload
from sendspec.composing.taken_path import TakenPath, taken_path
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.send_job import Job
from sendspec.planning.shape import Shape, shape_of
from sendspec.planning.shape_count import ShapeCount
from sendspec.reading.contacts.number_country import UNKNOWN, country_of_number
from sendspec.reading.prices import Price, PriceTable


@dataclass(frozen=True, slots=True)
class ForcedAt:
    """A character of a text that keeps it from being GSM-7, and its index there.

    `replacement` is None where a plain one would lose something. `column` is the one that has the character, if that is known.
    """

    index: int
    character: str
    replacement: str | None
    source: ForcingSource
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """One message of a shape, with a recipient's values, an example's, or the columns' names: `source` says which.

    `text` is exactly as it is sent, "" if the message has none, and `pieces` are exactly that. With columns' names, it is `spelled`,
    and nothing is known of the message but what its shape has in common: no `id`, no `measure`, no `segments`.

    `segments` are the texts of the SMS's segments; empty where nothing is measured. `over` is how many units have to go for one
    segment fewer. `replaced` is the measure of the text with plain replacements for all characters that have one; None if there are
    none. `country` and `cost` are those of the receiver, "" and None if they aren't known; `is_priced`: the
    project has prices. `parts` are all else that people read.
    """

    shape: Shape | None
    id: bytes | None
    line: int
    pieces: tuple[FilledPiece, ...]
    text: str
    measure: Measure | None
    segments: tuple[str, ...] = ()
    over: int = 0
    forcing: tuple[ForcedAt, ...] = ()
    replaced: Measure | None = None
    country: str = ""
    cost: Price | None = None
    is_priced: bool = False
    parts: tuple[MessagePart, ...] = ()
    sender: str = ""
    source: SampleSource
    path: TakenPath

    @property
    def is_split(self) -> bool:
        """Whether the pieces tell the spec's own words from what was filled in."""
        return not any(piece.why for piece in self.pieces)


def shown_message(
    job: Job,
    written: Mapping[str, object],
    message: Message,
    prices: PriceTable | None,
    *,
    shapes: Mapping[str, Shape] | None = None,
    source: SampleSource = SampleSource.RECIPIENTS,
) -> ShownMessage:
    """The message that was composed from a row with the values `written`. `shapes` are those of the plan, by id."""
    pieces, measured = filled_text(job.program, written, message), message.measure
    text, payload = message.text or "", orjson.loads(message.body)
    own = own_shape(job, message)
    country = "" if source is not SampleSource.RECIPIENTS else country_of_number(message.receiver)
    return ShownMessage(
        shape=(shapes or {}).get(own.id),
        id=message.id,
        line=message.line,
        pieces=pieces,
        text=text,
        measure=measured,
        segments=() if measured is None else split(text),
        over=0 if measured is None else excess(text, measured),
        forcing=() if measured is None else tuple(_forced(pieces, written)),
        replaced=None if measured is None else _if_replaced(text),
        country="" if country == UNKNOWN else country,
        cost=None if measured is None else price_of(country, measured.segments, prices),
        is_priced=prices is not None,
        parts=parts_of(spelled_payload(payload)),
        sender=sender_of(payload),
        source=source,
        path=own.path,
    )


def shown_columns(job: Job, shape: Shape) -> ShownMessage:
    """A message of the shape with the names of columns in the place of their values."""
    payload = shape_payload(job.program, shape.alternatives)
    pieces = shape_pieces(job.program, shape.alternatives)
    return ShownMessage(
        shape=shape,
        id=None,
        line=shape.line,
        pieces=pieces,
        text=text_of(payload) or "",
        measure=None,
        forcing=() if shape.encoding is None else tuple(_forced(pieces, {}, own_alone=True)),
        parts=parts_of(payload),
        sender=sender_of(payload),
        source=SampleSource.COLUMNS,
        path=shape.path,
    )


def own_shape(job: Job, message: Message) -> Shape:
    """The shape of one message, as `shapes_of` finds it."""
    measured = message.measure
    count = ShapeCount(
        alternatives=message.alternatives,
        segments=0 if measured is None else measured.segments,
        is_ucs2=measured is not None and measured.encoding is Encoding.UCS2,
        messages=1,
        line=message.line,
    )
    return shape_of(count, taken_path(job.program, message.alternatives))


def price_of(country: str, segments: int, prices: PriceTable | None) -> Price | None:
    """What so many segments cost in a country; None if that isn't known."""
    price = None if prices is None or not country else prices.price_of(country)
    return None if price is None else Price(price.currency, price.low * segments, price.high * segments)


def sender_of(payload: Mapping[str, Any]) -> str:
    """The sender that the message names; "" for the channel's own."""
    sender = payload.get("sender")
    connector = sender.get("connector") if isinstance(sender, Mapping) else None
    value = connector.get("identifierValue") if isinstance(connector, Mapping) else None
    return value if isinstance(value, str) else ""


def _if_replaced(text: str) -> Measure | None:
    if is_gsm7(text):
        return None
    changed = replaced(text)
    return None if changed == text else measure(changed)


def _forced(
    pieces: Sequence[FilledPiece], written: Mapping[str, object], *, own_alone: bool = False
) -> Iterator[ForcedAt]:
    """Each such character of the text, or of the spec's own words alone."""
    start = 0
    for piece in pieces:
        sources: dict[str, tuple[ForcingSource, str]] = {}
        for found in () if own_alone and piece.is_filled else forcing(piece.text):
            if found.character not in sources:
                sources[found.character] = _source(found.character, piece, written)
            yield ForcedAt(start + found.index, found.character, found.replacement, *sources[found.character])
        start += len(piece.text)


def _source(character: str, piece: FilledPiece, written: Mapping[str, object]) -> tuple[ForcingSource, str]:
    """The column with the character, whatever its case; else the spec has it, in its own words or through a filter."""
    if piece.why:
        return ForcingSource.BOTH, ""
    folded = character.casefold()
    columns = [name for name in piece.columns if folded in str(written.get(name, "")).casefold()]
    return (ForcingSource.DATA, columns[0]) if columns else (ForcingSource.TEMPLATE, "")
