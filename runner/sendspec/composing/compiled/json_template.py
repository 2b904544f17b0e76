"""The JSON of a frame: the bytes that are the same for all rows, with the slots between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from sendspec.composing.compiled.slot import Slot, has_slots


def json_parts(frame: Any, *, sort_keys: bool) -> Iterator[bytes | Slot]:
    """The parts whose concatenation is the JSON of `frame`. `sort_keys` sorts as `OPT_SORT_KEYS` does."""
    if isinstance(frame, Slot):
        yield frame
    elif not has_slots(frame):
        yield orjson.dumps(frame, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    elif isinstance(frame, list):
        yield from _enclosed(b"[", ((b"", item) for item in frame), b"]", sort_keys=sort_keys)
    else:
        names = sorted(frame) if sort_keys else frame
        members = ((orjson.dumps(name) + b":", frame[name]) for name in names)
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
