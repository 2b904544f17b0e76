"""The `sendspec.preview/1` document, in one piece or as a stream of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sendspec.composing.identity import id_text
from sendspec.composing.message import Message
from sendspec.composing.message_part import parts_json
from sendspec.composing.platforms.sms_segments import Measure
from sendspec.operations.preview import Preview, SpecPreview
from sendspec.operations.shown_message import ForcedAt, ShownMessage
from sendspec.planning.plan import Segments
from sendspec.reading.prices import Price
from sendspec.showing.cost import cost_json, price_json
from sendspec.showing.json_text import json_document, json_line
from sendspec.showing.plan import segments_json, skipped_rows_json, suppress_json
from sendspec.showing.plan_forcing import forcing_json
from sendspec.showing.plan_shape import shapes_json
from sendspec.showing.saving import savings_json
from sendspec.showing.schedule import schedule_json


def preview_document(preview: Preview) -> dict[str, Any]:
    """With `messages` where messages were asked for, else with those that are shown of each spec."""
    document = _head(preview)
    if any(spec.asked for spec in preview.specs):
        document["messages"] = [
            {**_message_json(spec.name, each), **shown_json(each)} for spec in preview.specs for each in spec.shown
        ]
    return document


def document_with_messages(
    preview: Preview, messages: Iterable[Mapping[str, Any]], *, is_whole: Callable[[], bool]
) -> Iterator[bytes]:
    """The document with all of these messages, as bytes one after another. `is_whole` is asked at the end whether that was all."""
    head = json_document(_head(preview)).rstrip()
    assert head.endswith(b"\n}")
    yield head[:-2] + b',\n  "messages": ['
    before = b"\n    "
    for message in messages:
        yield before + json_line(message).rstrip()
        before = b",\n    "
    yield b'\n  ],\n  "complete": ' + (b"true" if is_whole() else b"false") + b"\n}\n"


def message_row(spec: str, message: Message, cost: Price | None) -> dict[str, Any]:
    """One of all messages."""
    return {
        "spec": spec,
        "id": id_text(message.id),
        "row": message.line,
        "text": message.text,
        **_measure_json(message.measure),
        "cost": None if cost is None else price_json(cost),
    }


def _head(preview: Preview) -> dict[str, Any]:
    segments = [spec.plan.segments for spec in preview.specs]
    total = Segments(
        total=sum(each.total for each in segments),
        gsm7=sum(each.gsm7 for each in segments),
        ucs2=sum(each.ucs2 for each in segments),
    )
    return {
        "schema": "sendspec.preview/1",
        "environment": preview.specs[0].environment if preview.specs else "",
        "totals": _totals(preview.recipients, preview.send),
        "skipped": preview.skipped,
        "segments": segments_json(total),
        **({} if preview.cost is None else {"cost": cost_json(preview.cost)}),
        "specs": [_spec_json(spec) for spec in preview.specs],
    }


def _totals(recipients: int, send: int) -> dict[str, int]:
    return {"recipients": recipients, "send": send, "skip": recipients - send}


def _spec_json(spec: SpecPreview) -> dict[str, Any]:
    plan = spec.plan
    schedule = {} if plan.schedule is None else schedule_json(plan.schedule, plan.send)
    return {
        "name": spec.name,
        "generation": spec.generation,
        "path": spec.path,
        "channel": spec.channel,
        "platform": spec.platform,
        **({"sender": spec.sender} if spec.sender else {}),
        "totals": _totals(plan.recipients, plan.send),
        "skipped": {skip.value: count for skip, count in plan.skipped.items()},
        **({"skipped_rows": rows} if (rows := skipped_rows_json(plan)) else {}),
        **({"countries": dict(countries)} if (countries := plan.countries) else {}),
        **suppress_json(plan),
        **({"schedule": schedule} if schedule else {}),
        "segments": segments_json(plan.segments),
        **shapes_json(plan, spec.detail),
        **({} if spec.asked else {"shown": [shown_json(each) for each in spec.shown]}),
        **({"forcing": forcing_json(spec.detail)} if spec.forcing else {}),
        **({"savings": savings_json(spec.savings)} if spec.savings else {}),
        **({} if plan.cost is None else {"cost": cost_json(plan.cost)}),
    }


def _message_json(spec: str, message: ShownMessage) -> dict[str, Any]:
    """As `message_row`. Of a message whose values aren't shown, nothing is told but what its shape has in common."""
    shape = message.shape
    sizes = _measure_json(message.measure)
    if message.measure is None and shape is not None and shape.encoding is not None:
        sizes |= {"encoding": shape.encoding.value, "segments": shape.segments_each}
    return {
        "spec": spec,
        "id": None if message.id is None else id_text(message.id),
        "row": message.line,
        "text": message.text if message.text or not message.parts else None,
        **sizes,
        "cost": None if message.cost is None else price_json(message.cost),
    }


def shown_json(message: ShownMessage) -> dict[str, Any]:
    """A bubble: all that is shown of one message."""
    return {
        "shape": None if message.shape is None else message.shape.id,
        "from": message.source.value,
        "row": message.line,
        "text": message.text,
        "pieces": [
            {
                "text": piece.text,
                "filled": piece.is_filled,
                **({"columns": list(piece.columns)} if piece.columns else {}),
                **({"why": piece.why} if piece.why else {}),
            }
            for piece in message.pieces
        ],
        **_measure_json(message.measure),
        "segment_texts": list(message.segments),
        "over": message.over,
        "forcing": [_forced_json(each) for each in message.forcing],
        "replaced": None if message.replaced is None else _measure_json(message.replaced),
        **({"country": message.country} if message.country else {}),
        "cost": None if message.cost is None else price_json(message.cost),
        **({"sender": message.sender} if message.sender else {}),
        **parts_json(message.parts),
    }


def _forced_json(forced: ForcedAt) -> dict[str, Any]:
    return {
        "index": forced.index,
        "character": forced.character,
        "code_point": f"U+{ord(forced.character):04X}",
        "replacement": forced.replacement,
        "source": forced.source.value,
        **({"column": forced.column} if forced.column else {}),
    }


def _measure_json(measured: Measure | None) -> dict[str, Any]:
    if measured is None:
        return {"encoding": None, "characters": None, "units": None, "segments": None}
    return {
        "encoding": measured.encoding.value,
        "characters": measured.characters,
        "units": measured.units,
        "segments": measured.segments,
    }
