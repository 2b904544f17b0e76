"""No text or number that a rule doesn't depend on changes what the rule finds, on any platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from message_shapes import BODIES, FIELDS
from sendspec.composing.common_rules import schedule_rule
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.rule import Rule
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.validator import load_schema

URL = "https://example.com/a.png"
VALUES: list[Any] = [
    URL, "http://10.0.0.1/x", "Ann", "the name of a sender", "a" * 5_000, "marketing", "2020-01-01T00:00:00Z", 0, 3600, True,
]  # fmt: skip
ANY_TEXT = "x"
"""What the compiled path puts in place of a value that a rule doesn't depend on."""
VALID_BY_KEY = {"mediaUrl": URL, "scheduledFor": "2031-01-01T00:00:00Z", "contentType": "image/png"}
SHAPES = [
    {"body": body, **dict(fields)}
    for body in BODIES
    if body["type"] != "TEXT"
    for fields in combinations([(key, value) for key, values in FIELDS.items() for value in values], 2)
]
PLATFORM_BY_RULE = {rule: platform for platform in PLATFORMS.values() for rule in platform.rules} | {
    schedule_rule(datetime(2030, 12, 31, tzinfo=UTC)): PLATFORMS["sms"]
}


def leaves_of(shape: Any, at: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of the templates in `shape`."""
    if isinstance(shape, dict | list):
        for key, child in shape.items() if isinstance(shape, dict) else enumerate(shape):
            yield from leaves_of(child, (*at, key))
    elif isinstance(shape, str) and (shape == "TEXT" or "{" in shape):
        yield at


def filled(shape: Any, leaf: KeyPath, value: Any, at: KeyPath = ()) -> Any:
    """The message with `value` at `leaf`, and a valid value at any other template."""
    if isinstance(shape, dict):
        return {key: filled(child, leaf, value, (*at, key)) for key, child in shape.items()}
    if isinstance(shape, list):
        return [filled(child, leaf, value, (*at, number)) for number, child in enumerate(shape)]
    if at == leaf:
        return value
    return (
        VALID_BY_KEY.get(str(at[-1]), ANY_TEXT)
        if shape == "TEXT" or (isinstance(shape, str) and "{" in shape)
        else shape
    )


@pytest.mark.parametrize(
    ("rule", "platform"),
    PLATFORM_BY_RULE.items(),
    ids=[f"{platform.name}-{rule.problems.__name__}" for rule, platform in PLATFORM_BY_RULE.items()],
)
def test_a_value_that_a_rule_does_not_depend_on_changes_nothing(rule: Rule, platform: Platform) -> None:
    schema = load_schema("message")
    receiver = {
        "contacts": [
            {"identifierKey": platform.address_kind.identifier_key, "identifierValue": platform.address_kind.sample}
        ]
    }
    for shape in SHAPES:
        for leaf in leaves_of(shape):
            if rule.depends_on(leaf):
                continue
            expected = None
            for value in VALUES:
                message = {"receiver": receiver, **filled(shape, leaf, value)}
                if not schema.accepts(message):
                    continue
                if expected is None:
                    any_text = {"receiver": receiver, **filled(shape, leaf, ANY_TEXT)}
                    expected = list(rule.problems(any_text))
                assert list(rule.problems(message)) == expected, f"{leaf} with {value!r}"
