"""All that a recipient reads of a payload, as one text to compare with another, and the parts of a payload that are none of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sendspec.composing.payload_text import text_of, text_path
from sendspec.reading.documents.document import KeyPath

_HTML: KeyPath = ("body", "html")
_SUBJECT: KeyPath = (*_HTML, "metadata", "subject")
_PARAMETERS: KeyPath = ("template", "parameters")
_MAIL_PARTS = (("subject", _SUBJECT), ("text", (*_HTML, "text")), ("html", (*_HTML, "html")))
_NO_TEXT = frozenset({_SUBJECT, (*_HTML, "html"), _PARAMETERS})


def readable_text(payload: Mapping[str, Any]) -> str | None:
    """The text; of an e-mail the subject and both bodies, of a template its parameters, each on lines of its own. None: there is none of these."""
    parts = [(label, text) for label, at in _MAIL_PARTS if isinstance(text := _value(payload, at), str)]
    if not parts:
        parts = list(_parameters(payload))
    if not parts:
        return text_of(payload)
    return "\n".join(f"{label}: {text}" for label, text in parts)


def is_plain(message: Mapping[str, Any]) -> bool:
    """Whether `readable_text` of the payloads that a spec's `message` makes is their one text."""
    return "template" not in message and "html" not in message.get("body", {})


def other_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The parts of two payloads that differ, such as `tags` or `body.image.images`, besides their texts."""
    skipped = _NO_TEXT | {text_path(before), text_path(after)}
    return set(_differing(before, after, (), skipped))


def _differing(
    before: Mapping[str, Any], after: Mapping[str, Any], at: KeyPath, skipped: frozenset[KeyPath]
) -> Iterator[str]:
    for key in (*before, *(key for key in after if key not in before)):
        old, new, place = before.get(key), after.get(key), (*at, key)
        if place in skipped or (key in before and key in after and old == new):
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differing(old, new, place, skipped)
        elif not _holds_only_texts(new if old is None else old if new is None else None, place, skipped):
            yield ".".join(map(str, place))


def _holds_only_texts(value: object, at: KeyPath, skipped: frozenset[KeyPath]) -> bool:
    """Whether a part that only one payload has is a mapping with nothing but texts: those are compared already."""
    if not isinstance(value, Mapping):
        return False
    return all((*at, key) in skipped or _holds_only_texts(each, (*at, key), skipped) for key, each in value.items())


def _parameters(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = _value(payload, _PARAMETERS)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("key"), str):
            value = each.get("value")
            yield each["key"], value if isinstance(value, str) else orjson.dumps(value).decode()


def _value(payload: Mapping[str, Any], at: KeyPath) -> object:
    value: Any = payload
    for key in at:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
