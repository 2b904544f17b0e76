"""A slot: a place in a message's payload that each row fills. A payload with slots in it is called a frame."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """Each row fills it with a text, number, boolean or null. `name` is the value's variable in generated code."""

    name: str


def has_slots(frame: object) -> bool:
    if isinstance(frame, Mapping):
        return any(map(has_slots, frame.values()))
    return any(map(has_slots, frame)) if isinstance(frame, list) else isinstance(frame, Slot)
