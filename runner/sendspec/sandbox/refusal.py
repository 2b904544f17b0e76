"""The JSON bodies of the sandbox's refusals: code, message and details by path, in the API's words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sendspec.diagnostics.lazy_pattern import lazy_pattern

Details: TypeAlias = dict[str, list[str]]
"""What is wrong, by a path such as `.receiver.contacts[0]`."""

MAX_QUOTED = 100
TYPE_PHRASES = {
    "string": "a string", "integer": "an integer", "number": "a number", "boolean": "a boolean", "object": "an object",
    "array": "an array",
}  # fmt: skip
LIMIT_PHRASES = {
    "minLength": "minimum string length is {}",
    "maxLength": "maximum string length is {}",
    "minItems": "minimum number of items is {}",
    "maxItems": "maximum number of items is {}",
    "minimum": "number must be at least {}",
    "maximum": "number must be at most {}",
    "pattern": 'string doesn\'t match the regular expression "{}"',
    "format": 'string doesn\'t match the format "{}"',
}
_PLAIN = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_]*")


def error_json(code: str, message: str) -> dict[str, Any]:
    """The body of a refusal without details."""
    return {"code": code, "message": message}


def malformed_json(details: Details) -> dict[str, Any]:
    """The body of a 422 for a message."""
    return {
        "code": "InvalidPayload",
        "message": "One or more fields provided in the request body are malformed",
        "details": details,
    }


def bad_query_json(details: Details) -> dict[str, Any]:
    """The body of a 422 for the list. `reference/api.md`, section 6, quotes the API's real refusal of a long range."""
    reasons = [reason for said in details.values() for reason in said]
    long = next((reason for reason in reasons if reason.startswith("Invalid time range")), None)
    what = "Invalid time range to filter." if long else "One or more query parameters are malformed"
    return {"code": "BadRequest", "message": f"Bad request: {what}", "details": details}


def details_of(errors: Iterable[Any]) -> Details:
    """The details that `jsonschema` errors stand for, sorted by path."""
    found: dict[str, dict[str, None]] = {}
    for error in errors:
        for at, words in _worded(error):
            found.setdefault(jq_path(at), {})[words] = None
    return {place: list(found[place]) for place in sorted(found)}


def jq_path(parts: Sequence[str | int]) -> str:
    """A path as jq writes it; `.` is the whole body."""
    words = [
        f"[{part}]" if isinstance(part, int) else f".{part}" if _PLAIN.fullmatch(part) else f"[{_quoted(part)}]"
        for part in parts
    ]
    text = "".join(words)
    return text if text.startswith(".") else f".{text}"


def expected(value: object, values: Iterable[object]) -> str:
    """The API's words for a `value` that is not one of `values`."""
    return f"Invalid value: {_quoted(value)}, expected one of: {', '.join(map(_quoted, values))}"


def _worded(error: Any) -> list[tuple[tuple[str | int, ...], str]]:
    at, keyword, limit = tuple(error.absolute_path), error.validator, error.validator_value
    if keyword == "additionalProperties":
        unknown = [key for key in error.instance if key not in error.schema.get("properties", {})]
        return [(at, f"property {_quoted(key)} is unsupported") for key in unknown]
    if keyword == "required":
        return [((*at, key), f"property {_quoted(key)} is missing") for key in limit if key not in error.instance]
    if keyword == "type":
        words = [TYPE_PHRASES[word] for word in ([limit] if isinstance(limit, str) else limit) if word in TYPE_PHRASES]
        return [(at, f"value must be {' or '.join(words)}")]
    if keyword in ("enum", "const"):
        return [(at, expected(error.instance, limit if keyword == "enum" else [limit]))]
    return [(at, LIMIT_PHRASES.get(keyword, "value doesn't match the schema").format(limit))]


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
