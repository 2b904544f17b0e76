"""What an SMS channel refuses besides the request model."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.platforms.sms import SMS

RECEIVER = {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+31612345678"}]}
TEXT = {"type": "text", "text": {"text": "Hi"}}


def codes(payload: dict[str, Any]) -> list[str]:
    message = {"receiver": RECEIVER, "body": TEXT, **payload}
    return [fault.code for rule in SMS.own_rules for fault in rule.problems(message)]


def sender(name: str) -> dict[str, Any]:
    return {"sender": {"connector": {"identifierValue": name}}}


def contact(**keys: str) -> dict[str, Any]:
    return {"receiver": {"contacts": [keys]}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, []),
        ({"body": {"type": "carousel"}}, ["body-type-platform"]),
        ({"body": {"type": "file"}}, []),
        ({"receiver": {"contacts": RECEIVER["contacts"] * 2}}, ["one-receiver"]),
        ({"receiver": {}}, ["one-receiver"]),
        (contact(identifierKey="emailaddress", identifierValue="ann@example.com"), ["receiver-kind"]),
        (contact(identifierValue="+31 6 12345678"), ["phone-spelling"]),
        (contact(id="123e4567-e89b-12d3-a456-426614174000"), []),
        (sender("Acme Shop"), []),
        (sender("1234"), []),
        (sender("Acme Shop BV"), ["sender-name"]),
    ],
)
def test_sms_rules(payload: dict[str, Any], expected: list[str]) -> None:
    assert codes(payload) == expected
