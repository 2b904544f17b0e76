"""The authoring schema: checked in as generated, it lets templates stand wherever a leaf does, and nothing else through."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.reading.schema.editor_schema import texts
from sendspec.reading.schema.location import schema_directory
from sendspec.reading.schema.validator import load_schema

SPEC: dict[str, Any] = {"spec": 1, "name": "a", "channel": "sms", "recipients": [{"phone": "+31612345678"}]}


def spec(message: Any, **more: Any) -> dict[str, Any]:
    return {**SPEC, "message": message, **more}


@pytest.mark.parametrize("name", ["spec", "batch", "response"])
def test_what_is_checked_in_is_what_is_generated(name: str) -> None:
    checked_in = (schema_directory() / f"{name}.schema.json").read_text(encoding="utf-8")
    assert checked_in == texts()[name], "run: make docs"


@pytest.mark.parametrize(
    "message",
    [
        {"body": {"type": "text", "text": {"text": "Hi {{ name }}"}}},
        {"body": {"type": "{{ kind }}", "text": {"text": "Hi"}}},
        {"body": {"type": "text", "text": {"text": "Hi"}}, "validity": "{{ ttl | int }}", "capFrequency": "{{ cap }}"},
        {"body": {"type": "text", "text": {"text": "Hi"}}, "scheduledFor": "{{ at }}", "tags": ["{{ tag }}"]},
        {"body": {"type": "image", "image": {"images": [{"mediaUrl": "{{ url }}"}]}}},
        {"template": {"parameters": [{"type": "number", "key": "n", "value": "{{ n | int }}"}], "locale": "{{ l }}"}},
        {"template": {"parameters": [{"type": "string", "key": "n", "value": "{% if a %}b{% endif %}"}]}},
    ],
)
def test_a_template_may_stand_where_a_leaf_does(message: Any) -> None:
    schema = load_schema("spec")
    assert schema.problems(spec(message)) == []
    assert schema.accepts(spec(message))


@pytest.mark.parametrize(
    ("message", "code", "place"),
    [
        (
            {"body": {"type": "text", "text": {"text": "Hi"}}, "validity": "sixty"},
            "wrong-type",
            ("message", "validity"),
        ),
        ({"body": {"type": "vidoe"}}, "wrong-value", ("message", "body", "type")),
        ({"body": {"type": "text", "text": {"text": ""}}}, "too-short", ("message", "body", "text", "text")),
        ({"body": {"type": "text", "txt": {"text": "a"}}}, "unknown-key", ("message", "body", "txt")),
        ({"body": "{{ body }}"}, "wrong-type", ("message", "body")),
        ({}, "missing-key", ("message",)),
        ({"body": {"type": "text", "text": {"text": "a"}}, "tags": "{{ tags }}"}, "wrong-type", ("message", "tags")),
        (
            {"body": {"type": "text", "text": {"text": "a"}}, "scheduledFor": "soon"},
            "wrong-format",
            ("message", "scheduledFor"),
        ),
    ],
)
def test_what_is_no_template_is_held_to_the_strict_leaf(message: Any, code: str, place: tuple[str, ...]) -> None:
    schema = load_schema("spec")
    assert not schema.accepts(spec(message))
    assert (code, place) in {(fault.code, fault.at) for fault in schema.problems(spec(message))}


@pytest.mark.parametrize(
    ("more", "code", "place"),
    [
        ({"recipents": []}, "unknown-key", ("recipents",)),
        ({"generation": 0}, "out-of-range", ("generation",)),
        ({"in_doubt": "resend"}, "wrong-value", ("in_doubt",)),
        ({"limits": {"mesages": 1}}, "unknown-key", ("limits", "mesages")),
        ({"limits": {"encoding": "ucs2"}}, "wrong-value", ("limits", "encoding")),
        ({"recipients": {"file": "a.csv", "delim": ";"}}, "unknown-key", ("recipients", "delim")),
        ({"recipients": [{"phone": "1"}] * 1_001}, "too-many", ("recipients",)),
        ({"examples": [{"with": {}}]}, "missing-key", ("examples", 0)),
        ({"spec": 2}, "wrong-value", ("spec",)),
    ],
)
def test_the_spec_around_the_message_is_strict(more: Any, code: str, place: tuple[Any, ...]) -> None:
    document = spec({"body": {"type": "text", "text": {"text": "a"}}}, **more)
    assert not load_schema("spec").accepts(document)
    assert (code, place) in {(fault.code, fault.at) for fault in load_schema("spec").problems(document)}
