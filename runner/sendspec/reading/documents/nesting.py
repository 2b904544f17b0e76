"""How deep a value nests."""

from __future__ import annotations

from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Whether `value` nests deeper than `levels`. Not recursive, since the depth may be a stranger's choice."""
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for holder in layer
            if isinstance(holder, dict | list)
            for child in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return any(isinstance(holder, dict | list) for holder in layer)
