"""The JSON of a shape: the bytes that are the same for all rows, with the slots between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from sendspec.composing.compiled.slot import Slot, has_slots


def json_parts(shape: Any, *, sort_keys: bool) -> Iterator[bytes | Slot]:
    """The parts whose concatenation is the JSON of `shape`. `sort_keys` sorts as `OPT_SORT_KEYS` does."""
    if isinstance(shape, Slot):
        yield shape
    elif not has_slots(shape):
        yield orjson.dumps(shape, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    elif isinstance(shape, list):
        yield from _enclosed(b"[", ((b"", item) for item in shape), b"]", sort_keys=sort_keys)
    else:
        names = sorted(shape) if sort_keys else shape
        members = ((orjson.dumps(name) + b":", shape[name]) for name in names)
        yield from _enclosed(b"{", members, b"}", sort_keys=sort_keys)


def _enclosed(
    opening: bytes, members: Iterable[tuple[bytes, Any]], closing: bytes, *, sort_keys: bool
) -> Iterator[bytes | Slot]:
    separator = opening
    for prefix, value in members:
        yield separator + prefix
        yield from json_parts(value, sort_keys=sort_keys)
        separator = b","
    yield closing
