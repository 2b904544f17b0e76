"""The JSON documents that commands print."""

from __future__ import annotations

import json
from typing import Any

from sendspec.cli.schema import NAMES
from sendspec.reading.schema.validator import load_schema


def only(text: str, schema: str) -> Any:
    """The one document in `text`, which conforms to its published schema."""
    document, end = json.JSONDecoder().raw_decode(text)
    assert text[end:].strip() == ""
    assert document["schema"] == f"sendspec.{schema}/1"
    assert schema in NAMES
    assert load_schema(schema).problems(document) == []
    return document
