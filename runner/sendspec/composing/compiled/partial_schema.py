"""Partial evaluation of the message schema: what it requires of each slot, once the constant parts are checked.

The schema is walked beside the message's frame. If a verdict depends on a slot's value, such as a body's `type` that is a
template, there is no such split, and the spec can't be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sendspec.composing.compiled.slot import Slot, has_slots
from sendspec.reading.schema.validator import Schema

ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples", "then", "else"})
"""Keywords that check nothing; `then` and `else` are read with their `if`."""
_REFERENCE = "#/$defs/"


class Undecidable(Exception):
    """The verdict depends on a slot's value or on a keyword unknown here, or the constant parts are invalid already."""


Accepts = Callable[[object], bool]


def slot_checks(schema: Schema, frame: object, texts: Collection[str] = ()) -> dict[str, Accepts]:
    """A check for each slot of `frame`: the filled frame is valid exactly when every slot's value passes its own.

    `texts` are the slots whose value is text in every row: a check that any text passes is left out. Raises `Undecidable`.
    """
    walk = _Walk(schema)
    walk.require(schema.document, frame)
    accepts: dict[str, Accepts] = {}
    for name, required in walk.required.items():
        left = [walk.for_text(one) for one in required] if name in texts else required
        if all(one == _NOT_EMPTY for one in left if one):
            accepts |= {name: bool} if any(left) else {}
        else:
            accepts[name] = schema.part(required)
    return accepts


_NOT_EMPTY = {"minLength": 1}


class _Walk:
    """Collects by slot the parts of the schema that its value has to satisfy."""

    def __init__(self, schema: Schema) -> None:
        self.required: dict[str, list[Any]] = {}
        self._schema = schema
        self._definitions = schema.document.get("$defs", {})

    def for_text(self, schema: Any) -> Any:
        """What a part of the schema requires of a value known to be text; empty where any text is valid."""
        if not isinstance(schema, Mapping):
            return schema
        if set(schema) == {"$ref"}:
            return self.for_text(self._referred(schema["$ref"]))
        return {
            keyword: value
            for keyword, value in schema.items()
            if keyword not in ANNOTATIONS and not (keyword == "type" and "string" in (value, *value))
        }

    def require(self, schema: Any, frame: object) -> None:
        if isinstance(frame, Slot):
            self.required.setdefault(frame.name, []).append(schema)
        elif not has_slots(frame):
            _need(self._schema.part([schema])(frame))
        else:
            _need(isinstance(schema, Mapping))
            for keyword, value in schema.items():
                self._require_by(keyword, value, schema, frame)

    def _require_by(self, keyword: str, value: Any, schema: Mapping[str, Any], frame: Any) -> None:
        match keyword:
            case _ if keyword in ANNOTATIONS:
                pass
            case "$ref":
                self.require(self._referred(value), frame)
            case "allOf":
                for each in value:
                    self.require(each, frame)
            case "if":
                branch = schema.get("then" if self._holds(value, frame) else "else")
                if branch is not None:
                    self.require(branch, frame)
            case "properties":
                for name in value.keys() & _mapping(frame).keys():
                    self.require(value[name], frame[name])
            case "additionalProperties":
                for name in _mapping(frame).keys() - schema.get("properties", {}).keys():
                    self.require(value, frame[name])
            case "items":
                for item in _list(frame):
                    self.require(value, item)
            case _:
                _need(self._holds({keyword: value}, frame))

    def _holds(self, schema: Any, frame: Any) -> bool:
        """Whether `frame` satisfies `schema`, whatever its slots hold. Raises `Undecidable` where that depends on them."""
        if schema == {}:  # only names a property, which validators in strict mode require
            return True
        if not has_slots(frame):
            return self._schema.part([schema])(frame)
        _need(isinstance(schema, Mapping) and not isinstance(frame, Slot))
        return all(self._holds_by(keyword, value, frame) for keyword, value in schema.items())

    def _holds_by(self, keyword: str, value: Any, frame: Any) -> bool:
        match keyword:
            case "$ref":
                return self._holds(self._referred(value), frame)
            case "not":
                return not self._holds(value, frame)
            case "type":
                words = [value] if isinstance(value, str) else value
                return ("object" if isinstance(frame, Mapping) else "array") in words
            case "required":
                return not isinstance(frame, Mapping) or all(name in frame for name in value)
            case "properties":
                return all(self._holds(value[name], frame[name]) for name in value.keys() & _mapping(frame).keys())
            case "minItems":
                return bool(len(_list(frame)) >= value)
            case "maxItems":
                return bool(len(_list(frame)) <= value)
        raise Undecidable

    def _referred(self, reference: str) -> Any:
        _need(reference.startswith(_REFERENCE))
        return self._definitions[reference.removeprefix(_REFERENCE)]


def _need(holds: bool) -> None:
    if not holds:
        raise Undecidable


def _mapping(frame: Any) -> Mapping[str, Any]:
    _need(isinstance(frame, Mapping))
    found: Mapping[str, Any] = frame
    return found


def _list(frame: Any) -> list[Any]:
    _need(isinstance(frame, list))
    found: list[Any] = frame
    return found
