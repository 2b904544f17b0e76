"""Generates the authoring schema for editors, and the batch and response schemas, from the strict message schema.

The authoring schema allows a template wherever the strict schema has a leaf; the rendered value is checked later. It is
draft-07, which every editor's YAML support knows.
`python -m sendspec.reading.schema.editor_schema` regenerates all three.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from sendspec.reading.schema.location import schema_directory
from sendspec.reading.schema.spec_keys import PROPERTIES, RECIPIENTS, ROWS, SUPPRESS, SUPPRESSION_FILES
from sendspec.reading.schema.validator import load_schema

TEMPLATE = {"type": "string", "pattern": "\\{\\{|\\{%"}
SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


def authoring_schema() -> dict[str, Any]:
    """The schema of a spec file, as it is checked in as `schemas/spec.schema.json`."""
    strict = load_schema("message").document
    definitions = {name: _authored(schema) for name, schema in strict["$defs"].items()}
    message = _authored({key: strict[key] for key in ("type", "additionalProperties", "properties", "if", "then")})
    definitions["Message"] = {
        "description": "The documented request body, field for field; Jinja in any text.",
        **message,
    }
    definitions["Limits"] = load_schema("project").document["$defs"]["limits"]
    definitions["Recipients"] = RECIPIENTS
    definitions["Rows"] = ROWS
    definitions["SuppressionFiles"] = SUPPRESSION_FILES
    definitions["Suppress"] = SUPPRESS
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:sendspec:spec",
        "title": "sendspec spec",
        "description": "Who gets a message, and what it says.",
        "type": "object",
        "additionalProperties": False,
        "required": ["spec", "name", "channel", "message"],
        "properties": PROPERTIES,
        "definitions": definitions,
    }


def _authored(schema: Any) -> Any:
    """The strict schema with a template allowed at every leaf, and references pointing to `definitions`."""
    if isinstance(schema, list):
        return [_authored(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    authored = {key: _keyword(key, value) for key, value in schema.items()}
    return _templated(authored) if _is_leaf(schema) else authored


def _keyword(key: str, value: Any) -> Any:
    if key == "$ref":
        return value.replace("#/$defs/", "#/definitions/")
    if key in ("properties", "$defs"):
        return {name: _authored(child) for name, child in value.items()}
    if key == "if":
        return value
    return _authored(value) if key in ("items", "additionalProperties", "then", "else", "allOf") else value


def _is_leaf(schema: Mapping[str, Any]) -> bool:
    """Whether it is a scalar that a template could render. A union's tag is a leaf too: branches examine the rendered value."""
    if "const" in schema:
        return False
    types = schema.get("type", ())
    listed = {types} if isinstance(types, str) else set(types)
    return "enum" in schema or (bool(listed) and listed <= SCALARS)


def _templated(leaf: dict[str, Any]) -> dict[str, Any]:
    description: dict[str, Any] = {key: leaf.pop(key) for key in ("description", "examples") if key in leaf}
    if "enum" in leaf:
        return {**description, "anyOf": [leaf, TEMPLATE]}
    return {**description, "if": TEMPLATE, "else": leaf}


IMPLIED = (
    ("minItems", "Template", "parameters"),
    ("minItems", "TypeImage", "image", "images"),
    ("minItems", "TypeFile", "file", "files"),
    ("pattern", "Template", "locale"),
)
"""Constraints that the source implies but doesn't state: a keyword and its location. Responses are not held to them."""


def batch_schema() -> dict[str, Any]:
    """The batch schema: its own envelope around the strict message schema."""
    strict = load_schema("message").document
    message = {
        key: value for key, value in strict.items() if key not in ("$schema", "$id", "title", "description", "$defs")
    }
    return {**load_schema("batch").document, "$defs": {"CreateMessage": message, **strict["$defs"]}}


def response_schema() -> dict[str, Any]:
    """The response schema: its own definitions, and those shared with the request exactly as the source states them."""
    strict, found = load_schema("message").document["$defs"], load_schema("response").document
    shared = {name: copy.deepcopy(strict[name]) for name in found["$defs"] if name in strict}
    for keyword, name, *keys in IMPLIED:
        holder = shared[name]
        for key in keys:
            holder = holder["properties"][key]
        del holder[keyword]
    return {**found, "$defs": {**found["$defs"], **shared}}


def texts() -> dict[str, str]:
    """The text of every generated schema, by name."""
    documents = {"spec": authoring_schema(), "batch": batch_schema(), "response": response_schema()}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}


if __name__ == "__main__":
    for name, text in texts().items():
        (schema_directory() / f"{name}.schema.json").write_text(text, encoding="utf-8")
