"""JSON with holes: what is written of a payload whose values aren't all known yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from sendspec.composing.compiled.partial_schema import Slot, has_slots


def segments(shape: Any, *, ordered: bool) -> Iterator[bytes | Slot]:
    """The JSON of `shape`, with its slots in place; `ordered` as `OPT_SORT_KEYS` orders it."""
    if isinstance(shape, Slot):
        yield shape
    elif not has_slots(shape):
        yield orjson.dumps(shape, option=orjson.OPT_SORT_KEYS if ordered else None)
    elif isinstance(shape, list):
        yield from _enclosed(b"[", ((b"", item) for item in shape), b"]", ordered=ordered)
    else:
        names = sorted(shape) if ordered else shape
        yield from _enclosed(b"{", ((orjson.dumps(name) + b":", shape[name]) for name in names), b"}", ordered=ordered)


def _enclosed(
    before: bytes, items: Iterable[tuple[bytes, Any]], after: bytes, *, ordered: bool
) -> Iterator[bytes | Slot]:
    for name, value in items:
        yield before + name
        yield from segments(value, ordered=ordered)
        before = b","
    yield after
