"""What a schema still asks of a message once everything that stands in the spec is settled: something of each filled value.

The schema is walked beside the message's shape. Where a verdict hangs on a value that isn't there yet, such as a body's `type`
that is a template, there is no residue, and the whole message has to be validated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sendspec.reading.schema.validator import Schema

ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples", "then", "else"})
"""Keywords that judge nothing; `then` and `else` belong to their `if`."""
_REFERENCE = "#/$defs/"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a message's shape for a text, number, boolean or null that each row fills."""

    name: str


class Undecidable(Exception):
    """The verdict hangs on a value that isn't there yet, or on a keyword that isn't known here; or it is a refusal."""


Accepts = Callable[[object], bool]


def residue(schema: Schema, shape: object, texts: Collection[str] = ()) -> dict[str, Accepts]:
    """For each slot of `shape`, whether a value may stand there: all of them may exactly when the filled shape is valid.

    `texts` are the slots that are filled with text, whatever the row: of these, nothing is asked that any text meets. Raises
    `Undecidable`.
    """
    walk = _Walk(schema)
    walk.ask(schema.document, shape)
    accepts: dict[str, Accepts] = {}
    for name, asked in walk.asked.items():
        left = [walk.of_a_text(one) for one in asked] if name in texts else asked
        if all(one == _NOT_EMPTY for one in left if one):
            accepts |= {name: bool} if any(left) else {}
        else:
            accepts[name] = schema.part(asked)
    return accepts


def has_slots(shape: object) -> bool:
    if isinstance(shape, Mapping):
        return any(map(has_slots, shape.values()))
    return any(map(has_slots, shape)) if isinstance(shape, list) else isinstance(shape, Slot)


_NOT_EMPTY = {"minLength": 1}


class _Walk:
    """Collects by slot the parts of the schema that its value has to meet."""

    def __init__(self, schema: Schema) -> None:
        self.asked: dict[str, list[Any]] = {}
        self._schema = schema
        self._definitions = schema.document.get("$defs", {})

    def of_a_text(self, schema: Any) -> Any:
        """What a part of the schema asks of a value that is known to be text; nothing where any text will do."""
        if not isinstance(schema, Mapping):
            return schema
        if set(schema) == {"$ref"}:
            return self.of_a_text(self._referred(schema["$ref"]))
        return {
            keyword: value
            for keyword, value in schema.items()
            if keyword not in ANNOTATIONS and not (keyword == "type" and "string" in (value, *value))
        }

    def ask(self, schema: Any, shape: object) -> None:
        if isinstance(shape, Slot):
            self.asked.setdefault(shape.name, []).append(schema)
        elif not has_slots(shape):
            _need(self._schema.part([schema])(shape))
        else:
            _need(isinstance(schema, Mapping))
            for keyword, value in schema.items():
                self._ask_by(keyword, value, schema, shape)

    def _ask_by(self, keyword: str, value: Any, schema: Mapping[str, Any], shape: Any) -> None:
        match keyword:
            case _ if keyword in ANNOTATIONS:
                pass
            case "$ref":
                self.ask(self._referred(value), shape)
            case "allOf":
                for each in value:
                    self.ask(each, shape)
            case "if":
                branch = schema.get("then" if self._holds(value, shape) else "else")
                if branch is not None:
                    self.ask(branch, shape)
            case "properties":
                for name in value.keys() & _mapping(shape).keys():
                    self.ask(value[name], shape[name])
            case "additionalProperties":
                for name in _mapping(shape).keys() - schema.get("properties", {}).keys():
                    self.ask(value, shape[name])
            case "items":
                for item in _list(shape):
                    self.ask(value, item)
            case _:
                _need(self._holds({keyword: value}, shape))

    def _holds(self, schema: Any, shape: Any) -> bool:
        """Whether `shape` meets `schema`, however its slots are filled. Raises `Undecidable` where that can't be told."""
        if schema == {}:  # it only names a property, as validators in strict mode want it
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
