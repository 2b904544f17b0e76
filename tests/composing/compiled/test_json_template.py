"""JSON written in parts is the JSON of the filled frame."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sendspec.composing.compiled.json_template import json_parts
from sendspec.composing.compiled.slot import Slot, has_slots

SLOT = Slot("x0")


def filled(frame: Any) -> Any:
    if isinstance(frame, Slot):
        return "Ann"
    if isinstance(frame, dict):
        return {name: filled(value) for name, value in frame.items()}
    return [filled(item) for item in frame] if isinstance(frame, list) else frame


@pytest.mark.parametrize(
    "frame",
    [
        SLOT,
        [],
        {},
        {"b": 1, "a": [SLOT, {"d": "é", "c": SLOT}, {"f": 1, "e": 2}]},
        {"é": {"b": SLOT, "a": []}, '"': [[SLOT], [1, None, True]]},
    ],
)
@pytest.mark.parametrize("sort_keys", [False, True])
def test_the_parts_with_the_slots_filled_are_what_orjson_writes(frame: Any, sort_keys: bool) -> None:
    parts = list(json_parts(frame, sort_keys=sort_keys))
    assert any(isinstance(part, Slot) for part in parts) == has_slots(frame)
    written = b"".join(b'"Ann"' if isinstance(part, Slot) else part for part in parts)
    assert written == orjson.dumps(filled(frame), option=orjson.OPT_SORT_KEYS if sort_keys else None)
