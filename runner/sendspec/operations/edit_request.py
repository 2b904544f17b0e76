"""What a live page asks for: the message of one row with other values. Values are data, whatever is in them."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class EditRequest:
    """The number of a spec on the page, the line of a row, and the changed values by column."""

    spec: int
    row: int
    values: Mapping[str, str]


def edit_request(body: bytes) -> EditRequest | None:
    """The request in a body; None for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    match found:
        case {"spec": int(spec), "row": int(row), "values": dict(values)}:
            are_texts = all(isinstance(value, str) for value in values.values())
            return None if bool in (type(spec), type(row)) or not are_texts else EditRequest(spec, row, values)
    return None
