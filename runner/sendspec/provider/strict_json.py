"""JSON from the API, read strictly: anything ambiguous counts as unreadable."""

from __future__ import annotations

import json
from typing import Any

MAX_BRACKETS = 10_000


def strict_json(raw: bytes, *, max_brackets: int = MAX_BRACKETS) -> object:
    """The JSON value in `raw`; None for repeated keys, NaN, invalid UTF-8, or more than `max_brackets` opening brackets."""
    if raw.count(b"[") + raw.count(b"{") > max_brackets:
        return None
    try:
        value: object = json.loads(raw.decode("utf-8"), object_pairs_hook=unique_keys, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object with each key once. Raises `ValueError` for a repeated key."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
