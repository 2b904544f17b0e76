"""JSON written in parts is the JSON of the filled shape."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sendspec.composing.compiled.json_template import json_parts
from sendspec.composing.compiled.slot import Slot, has_slots

SLOT = Slot("x0")


def filled(shape: Any) -> Any:
    if isinstance(shape, Slot):
        return "Ann"
    if isinstance(shape, dict):
        return {name: filled(value) for name, value in shape.items()}
    return [filled(item) for item in shape] if isinstance(shape, list) else shape


@pytest.mark.parametrize(
    "shape",
    [
        SLOT,
        [],
        {},
        {"b": 1, "a": [SLOT, {"d": "é", "c": SLOT}, {"f": 1, "e": 2}]},
        {"é": {"b": SLOT, "a": []}, '"': [[SLOT], [1, None, True]]},
    ],
)
@pytest.mark.parametrize("sort_keys", [False, True])
def test_the_parts_with_the_slots_filled_are_what_orjson_writes(shape: Any, sort_keys: bool) -> None:
    parts = list(json_parts(shape, sort_keys=sort_keys))
    assert any(isinstance(part, Slot) for part in parts) == has_slots(shape)
    written = b"".join(b'"Ann"' if isinstance(part, Slot) else part for part in parts)
    assert written == orjson.dumps(filled(shape), option=orjson.OPT_SORT_KEYS if sort_keys else None)
