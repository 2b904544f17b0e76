"""An evaluator of OpenAPI 3.0 schemas, written from its definition (version 3.0.3, "Schema Object"), and instances at every place of one.

It knows nothing of our own schemas, nor of JSON Schema libraries: what it accepts is what the vendor's definition accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ORACLES = Path(__file__).resolve().parent.parent / "oracles"
Schema = Mapping[str, Any]
Wrap = Callable[[Any], Any]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-](\d\d):(\d\d))", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(%[0-9A-Fa-f]{2}|[!#$&'()*+,./0-9:;=?@A-Z\[\]_a-z~-])+")
KEYWORDS = frozenset(
    ["$ref", "type", "nullable", "enum", "allOf", "anyOf", "oneOf", "discriminator", "properties", "required",
     "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern", "format",
     "title", "readOnly", "default", "description", "deprecated"]
)  # fmt: skip

OPAQUE = ("enum", "default", "discriminator", "required")
"""Keywords whose values hold no schemas."""


class Definition:
    """The components of an OpenAPI document."""

    def __init__(self, name: str) -> None:
        document = json.loads((ORACLES / name).read_text(encoding="utf-8"))
        self.schemas: dict[str, Schema] = document["components"]["schemas"]
        unknown = set(_keywords(list(self.schemas.values()))) - KEYWORDS
        assert not unknown, unknown

    def resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Whether `value`, as JSON has it, is valid. `nullable` lets null pass by itself, whatever else is asked."""
        schema = self.resolved(schema)
        if value is None and (schema.get("nullable") or "type" in schema):
            return bool(schema.get("nullable"))
        if "type" in schema and not _is_of(schema["type"], value):
            return False
        if "enum" in schema and not any(type(value) is type(one) and value == one for one in schema["enum"]):
            return False
        if not all(self.accepts(part, value) for part in schema.get("allOf", ())):
            return False
        if "anyOf" in schema and not any(self.accepts(part, value) for part in schema["anyOf"]):
            return False
        if "oneOf" in schema and sum(self.accepts(part, value) for part in schema["oneOf"]) != 1:
            return False
        if isinstance(value, str):
            return _text_fits(schema, value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
        if isinstance(value, list):
            return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)) and all(
                self.accepts(schema.get("items", {"nullable": True}), item) for item in value
            )
        return not isinstance(value, dict) or self._object_fits(schema, value)

    def _object_fits(self, schema: Schema, value: dict[str, Any]) -> bool:
        if not all(name in value for name in schema.get("required", ())):
            return False
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, child in value.items():
            if name in properties:
                if not self.accepts(properties[name], child):
                    return False
            elif others is False or (isinstance(others, dict) and not self.accepts(others, child)):
                return False
        return True


def _is_of(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and float(value).is_integer())
    return (kind, type(value)) in {("string", str), ("array", list), ("object", dict)}


def _text_fits(schema: Schema, text: str) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    if "pattern" in schema and re.search(_pattern(schema["pattern"]), text) is None:
        return False
    match schema.get("format"):
        case "uuid":
            return _UUID.fullmatch(text) is not None
        case "date-time":
            return _is_moment(text)
        case "uri":
            return _URI.fullmatch(text) is not None
    return True  # `locale-bcp47` isn't a format that OpenAPI knows: it asks nothing


def _pattern(written: str) -> str:
    """An ECMA-262 pattern for Python: there `$` is the end, not also the place before a last line end. `\\w` has letters of all scripts."""
    return re.sub(r"\$$", r"\\Z", written)


def _keywords(value: Any) -> Iterator[str]:
    """The keywords of all schemas in `value`."""
    if isinstance(value, list):
        for schema in value:
            yield from _keywords(schema)
    elif isinstance(value, dict):
        yield from value
        for keyword, child in value.items():
            yield from _keywords(
                list(child.values()) if keyword == "properties" else [] if keyword in OPAQUE else child
            )


def _is_moment(text: str) -> bool:
    """RFC 3339, section 5.6, with the restrictions of 5.7."""
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    try:
        date(year, month, day)
    except ValueError:
        return False
    zone_fits = found[9] is None or (int(found[9]) <= 23 and int(found[10]) <= 59)
    return hour <= 23 and minute <= 59 and second <= 60 and zone_fits


ANYTHING: list[Any] = [None, True, False, 0, -1, 1, 1.0, 1.5, 10**12, "", "a", "é", "a b", "a\n", "!", "{{x}}", [], [None], ["a"],
                       [{}], {}, {"zzz": 1}, {"type": "text"}]  # fmt: skip
BY_FORMAT = {
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", "123e4567e89b12d3a456426614174000",
             "123e4567-e89b-12d3-a456-42661417400g", "{123e4567-e89b-12d3-a456-426614174000}",
             "123e4567-e89b-12d3-a456-426614174000\n"],
    "date-time": ["2027-03-01T09:00:00Z", "2027-03-01t09:00:00.123456789z", "2027-03-01T09:00:00+05:30", "2027-03-01T09:00:00",
                  "2027-03-01", "2027-02-29T09:00:00Z", "2027-03-01 09:00:00Z", "2027-03-01T24:00:00Z", "2027-03-01T09:60:00Z",
                  "2027-03-01T09:00:00+24:00", "2027-03-01T09:00:00Z\n", "soon"],
    "uri": ["https://example.com/a?b=c#d", "data:text/plain,a", "https://[::1]/", "tel:+1", "example.com", "/a", "https://a b",
            "https://é.com", "https://a/%zz", "https://a/%41", "https://a\n", ":a", "{{link}}", "x {{ link }} y"],
    "locale-bcp47": ["en", "pt-BR", "zh_Hant", "e", "en-", "en US", "en\n"],
}  # fmt: skip
BY_PATTERN = [
    "Tag_1 -x",
    "news",
    "a.b/c+d",
    "-",
    "--",
    ".",
    "@",
    " ",
    "日本",
    "ʰ",
    "٣",
    "Ω",
    "{{a}}",
    "x{{a}}y",
    "{{}}",
    "{a}",
]


@dataclass(frozen=True)
class Place:
    """A schema within a document, and `wrap`, which sets a value there and makes the rest valid."""

    at: tuple[str, ...]
    schema: Schema
    wrap: Wrap


class Instances:
    """Instances of a definition's schema: for each of its places what is right there, and what is wrong."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def minimal(self, schema: Schema) -> Any:
        """The smallest valid value, with only what is required."""
        schema = self._definition.resolved(schema)
        if "enum" in schema:
            return schema["enum"][0]
        for union in ("oneOf", "anyOf"):
            if union in schema and "properties" not in schema:
                return self.minimal(schema[union][0])
        if "allOf" in schema:
            found: dict[str, Any] = {}
            for part in schema["allOf"]:
                found |= self.minimal(part)
            return found
        match schema.get("type"):
            case "object":
                required = [*schema.get("required", ()), *(schema.get("anyOf") or [{}])[0].get("required", ())]
                return {name: self.minimal(schema["properties"][name]) for name in required}
            case "array":
                return [self.minimal(schema["items"])] * max(schema.get("minItems", 0), schema.get("minLength", 0))
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
        if "format" in schema:
            return BY_FORMAT[schema["format"]][0]
        return "a" * max(schema.get("minLength", 1), 1)

    def places(self, schema: Schema, wrap: Wrap = lambda value: value, at: tuple[str, ...] = ()) -> Iterator[Place]:
        """Every place beneath `schema`, itself first; references are followed, all branches of unions taken."""
        schema = self._definition.resolved(schema)
        yield Place(at, schema, wrap)
        for union in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(union, ()):
                branch = self._definition.resolved(part)
                if branch.keys() - {"required", "title", "type"}:
                    yield from self.places(branch, wrap, at)
        holder = self.minimal(schema) if schema.get("properties") or schema.get("additionalProperties") else {}
        for name, child in schema.get("properties", {}).items():
            yield from self.places(child, _put(wrap, holder, name), (*at, name))
        if isinstance(schema.get("additionalProperties"), dict):
            yield from self.places(schema["additionalProperties"], _put(wrap, holder, "X-A"), (*at, "*"))
        if "items" in schema:
            yield from self.places(schema["items"], lambda value: wrap([value]), (*at, "[]"))

    def values(self, schema: Schema) -> Iterator[Any]:
        """What may stand at a place of this schema, and what may not."""
        yield from ANYTHING
        smallest = self.minimal(schema)
        yield smallest
        yield [smallest]
        yield from (*schema.get("enum", ()), *(str(one).upper() for one in schema.get("enum", ())))
        yield from BY_FORMAT.get(schema.get("format", ""), ())
        if "pattern" in schema:
            yield from BY_PATTERN
        for limit in ("minimum", "maximum"):
            if limit in schema:
                yield from (schema[limit] + step for step in (-1, -0.5, 0, 0.5, 1))
        for limit in ("minLength", "maxLength"):
            if limit in schema and schema["type"] == "string":
                yield from ("é" * (schema[limit] + step) for step in (-1, 0, 1))
                yield from ("a" * (schema[limit] + step) for step in (-1, 0, 1))
        if schema.get("type") == "array":
            item = self.minimal(schema["items"])
            yield from (
                [item] * count for count in {1, 2, 3, *(schema.get("maxItems", 10) + step for step in (-1, 0, 1))}
            )
        if isinstance(smallest, dict):
            yield from self._objects(schema, smallest)

    def _objects(self, schema: Schema, smallest: dict[str, Any]) -> Iterator[Any]:
        for name in smallest:
            yield {key: value for key, value in smallest.items() if key != name}
            yield {**smallest, name: None}
        yield {**smallest, "zzz": 1}
        yield {**smallest, "zzz": None}
        properties = schema.get("properties", {})
        full = {**smallest, **{name: self.minimal(child) for name, child in properties.items()}}
        yield full
        for name in properties:
            yield {key: value for key, value in full.items() if key != name}
        for union in ("oneOf", "anyOf"):
            branches = [
                self.minimal(branch)
                for branch in schema.get(union, ())
                if "properties" in self._definition.resolved(branch)
            ]
            yield from branches
            for one in branches:  # the tag of one with the content of another
                yield from ({**other, "type": one["type"]} for other in branches if "type" in one)


def _put(wrap: Wrap, holder: dict[str, Any], name: str) -> Wrap:
    return lambda value: wrap({**holder, name: value})
