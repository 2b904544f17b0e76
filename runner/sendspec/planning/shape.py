"""The shapes of a plan's messages, in words: what people look at when they approve it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.plan_digest import canonical_json
from sendspec.planning.shape_count import ShapeCount

ID_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Messages that took the same way through their templates, with the same encoding and number of segments.

    `id` is a digest of that, and of no recipient's data. `segments` are those of all of its messages, `segments_each` those of one.
    Both are 0, and `encoding` None, where nothing is measured. `line` is the row of the first message.
    """

    id: str
    messages: int
    segments: int
    segments_each: int
    encoding: Encoding | None
    path: TakenPath
    line: int
    alternatives: int


def shapes_of(counts: Sequence[ShapeCount], path_of: Callable[[int], TakenPath]) -> tuple[Shape, ...]:
    """The shapes in the order of `counts`. `path_of` puts alternatives into words."""
    shape_by_id: dict[str, Shape] = {}
    for count in counts:
        shape = shape_of(count, path_of(count.alternatives))
        same = shape_by_id.get(shape.id)
        if same is not None:  # two templates with the same words, which went opposite ways
            shape = replace(same, messages=same.messages + shape.messages, segments=same.segments + shape.segments)
        shape_by_id[shape.id] = shape
    return tuple(shape_by_id.values())


def shape_of(count: ShapeCount, path: TakenPath) -> Shape:
    encoding = None if not count.segments else Encoding.UCS2 if count.is_ucs2 else Encoding.GSM7
    return Shape(
        id=shape_id(path, encoding, count.segments),
        messages=count.messages,
        segments=count.messages * count.segments,
        segments_each=count.segments,
        encoding=encoding,
        path=path,
        line=count.line,
        alternatives=count.alternatives,
    )


def shape_id(path: TakenPath, encoding: Encoding | None, segments: int) -> str:
    """`segments` are those of one message."""
    described = [
        [[each.at, each.condition, each.outcome.value] for each in path.branches],
        [[each.at, each.replaced] for each in path.defaults],
        list(path.omitted),
        path.language,
        None if encoding is None else encoding.value,
        segments,
    ]
    return sha256(canonical_json(described)).hexdigest()[:ID_DIGITS]


def most_telling(shapes: Sequence[Shape], most_frequent: int) -> tuple[Shape, ...]:
    """The most frequent shapes, and the longest, the dearest and the rarest of all, in the order of `shapes`."""
    if not shapes:
        return ()
    longest = max(shapes, key=lambda shape: shape.segments_each)
    dearest = max(shapes, key=lambda shape: shape.segments)
    chosen = {shape.id for shape in (*shapes[:most_frequent], longest, dearest, shapes[-1])}
    return tuple(shape for shape in shapes if shape.id in chosen)
