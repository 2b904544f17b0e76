"""A value as part of a text, and how long a text may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.composing.render_budget import FilterError

MAX_RESULT = 100_000


def as_text(value: Any) -> str:
    """A value as part of a text: as JSON writes it, numbers as they were written. Null, lists and mappings are errors."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        raise FilterError("none-in-text", "nothing (null) would become part of a text", "give it a `default`")
    if isinstance(value, Mapping | list | tuple):
        raise FilterError(
            "not-text", "a list or mapping would become part of a text", "pick one of its items, or `join` them"
        )
    return str(value)


def too_long() -> FilterError:
    return FilterError("text-too-long", f"the text grows beyond {MAX_RESULT:,} characters", "make it shorter")
