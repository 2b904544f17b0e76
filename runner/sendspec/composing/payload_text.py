"""The text in a payload that the recipient reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.reading.documents.document import KeyPath

LANGUAGE_AT: KeyPath = ("template", "locale")
"""The only place of a language in the request model."""


def text_of(payload: Mapping[str, Any]) -> str | None:
    """The text; None if the payload has none, as with a template."""
    value: Any = payload
    for key in text_path(payload):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


def text_path(payload: Mapping[str, Any]) -> KeyPath:
    """The path at which `payload` would have its text."""
    body = payload.get("body")
    kind = body.get("type") if isinstance(body, Mapping) else None
    return ("body", kind, "text") if isinstance(kind, str) else ("body", "text", "text")


def language_of(payload: Mapping[str, Any]) -> object:
    """The language of the payload's template; None if it has none."""
    template = payload.get("template")
    return template.get("locale") if isinstance(template, Mapping) else None
