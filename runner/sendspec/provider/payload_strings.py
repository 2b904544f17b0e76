"""The strings of a payload that can be personal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PROTOCOL_KEYS = frozenset({"type", "identifierKey", "reference"})
"""Payload keys whose strings are not personal: words of the API, and the reference, which identifies the message."""


def strings_in(value: Any) -> Iterator[str]:
    """The strings of a payload that can be personal."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                if key not in PROTOCOL_KEYS or not isinstance(item, str):
                    yield from strings_in(item)
        case list():
            for item in value:
                yield from strings_in(item)
