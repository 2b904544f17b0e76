"""What an e-mail channel refuses besides the request model."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.platforms.email import EMAIL


@pytest.mark.parametrize(
    ("body_type", "identifier_keys", "expected"),
    [
        ("html", ["emailaddress"], []),
        ("text", ["emailaddress", "emailaddress"], []),
        ("image", ["emailaddress"], ["body-type-platform"]),
        ("text", ["emailaddress", "phonenumber"], ["receiver-kind"]),
    ],
)
def test_email_rules(body_type: str, identifier_keys: list[str], expected: list[str]) -> None:
    contacts = [{"identifierKey": key, "identifierValue": "ann@example.com"} for key in identifier_keys]
    payload: dict[str, Any] = {"receiver": {"contacts": contacts}, "body": {"type": body_type}}
    assert [fault.code for rule in EMAIL.own_rules for fault in rule.problems(payload)] == expected
