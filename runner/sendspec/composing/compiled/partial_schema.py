"""Partial evaluation of the message schema: what it requires of each slot, once the constant parts are checked.

The schema is walked beside the message's shape. If a verdict depends on a slot's value, such as a body's `type` that is a
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


def slot_checks(schema: Schema, shape: object, texts: Collection[str] = ()) -> dict[str, Accepts]:
    """A check for each slot of `shape`: the filled shape is valid exactly when every slot's value passes its own.

    `texts` are the slots whose value is text in every row: a check that any text passes is left out. Raises `Undecidable`.
    """
    walk = _Walk(schema)
    walk.require(schema.document, shape)
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

    def require(self, schema: Any, shape: object) -> None:
        if isinstance(shape, Slot):
            self.required.setdefault(shape.name, []).append(schema)
        elif not has_slots(shape):
            _need(self._schema.part([schema])(shape))
        else:
            _need(isinstance(schema, Mapping))
            for keyword, value in schema.items():
                self._require_by(keyword, value, schema, shape)

    def _require_by(self, keyword: str, value: Any, schema: Mapping[str, Any], shape: Any) -> None:
        match keyword:
            case _ if keyword in ANNOTATIONS:
                pass
            case "$ref":
                self.require(self._referred(value), shape)
            case "allOf":
                for each in value:
                    self.require(each, shape)
            case "if":
                branch = schema.get("then" if self._holds(value, shape) else "else")
                if branch is not None:
                    self.require(branch, shape)
            case "properties":
                for name in value.keys() & _mapping(shape).keys():
                    self.require(value[name], shape[name])
            case "additionalProperties":
                for name in _mapping(shape).keys() - schema.get("properties", {}).keys():
                    self.require(value, shape[name])
            case "items":
                for item in _list(shape):
                    self.require(value, item)
            case _:
                _need(self._holds({keyword: value}, shape))

    def _holds(self, schema: Any, shape: Any) -> bool:
        """Whether `shape` satisfies `schema`, whatever its slots hold. Raises `Undecidable` where that depends on them."""
        if schema == {}:  # only names a property, which validators in strict mode require
            return True
        if not has_slots(shape):
            return self._schema.part([schema])(shape)
        _need(isinstance(schema, Mapping) and not isinstance(shape, Slot))
        return all(self._holds_by(keyword, value, shape) for keyword, value in schema.items())

    def _holds_by(self, keyword: str, value: Any, shape: Any) -> bool:
        match keyword:
            case "$ref":
                return self._holds(self._referred(value), shape)
            case "not":
                return not self._holds(value, shape)
            case "type":
                words = [value] if isinstance(value, str) else value
                return ("object" if isinstance(shape, Mapping) else "array") in words
            case "required":
                return not isinstance(shape, Mapping) or all(name in shape for name in value)
            case "properties":
                return all(self._holds(value[name], shape[name]) for name in value.keys() & _mapping(shape).keys())
            case "minItems":
                return bool(len(_list(shape)) >= value)
            case "maxItems":
                return bool(len(_list(shape)) <= value)
        raise Undecidable

    def _referred(self, reference: str) -> Any:
        _need(reference.startswith(_REFERENCE))
        return self._definitions[reference.removeprefix(_REFERENCE)]


def _need(holds: bool) -> None:
    if not holds:
        raise Undecidable


def _mapping(shape: Any) -> Mapping[str, Any]:
    _need(isinstance(shape, Mapping))
    found: Mapping[str, Any] = shape
    return found


def _list(shape: Any) -> list[Any]:
    _need(isinstance(shape, list))
    found: list[Any] = shape
    return found
