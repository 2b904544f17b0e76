"""Which addresses a message could reach, by its payload."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.composing.message import Message

ANN, BOB = "+447700900001", "+447700900002"


def message(*contacts: dict[str, Any], receiver: str = ANN, text: str = "Hi") -> Message:
    payload = {"receiver": {"contacts": list(contacts)}, "body": {"type": "text", "text": {"text": text}}}
    body = json.dumps(payload, separators=(",", ":")).encode()
    return Message(b"i" * 16, receiver, "r", body, b"d" * 24, None, None, 1)


def contact(address: str, **more: Any) -> dict[str, Any]:
    return {"identifierKey": "phonenumber", "identifierValue": address, **more}


@pytest.mark.parametrize(
    "contacts",
    [
        [contact(ANN), contact(BOB)],
        [contact(ANN), contact("+44 7700 900002")],
        [contact(ANN, platformAddress=BOB)],
        [{"identifierKey": "phonenumber", "platformAddress": BOB}, contact(ANN)],
        [contact(ANN, identifiers=[{"identifierKey": "phonenumber", "identifierValue": BOB}])],
        [{"id": "a"}, {"identifierKey": "phonenumber", "identifierValue": BOB}],
        [{"identifierKey": "phonenumber", "id": "a"}, contact(BOB)],
        [{"identifierValue": BOB}],
    ],
)
def test_every_address_of_the_payload_counts(contacts: list[dict[str, Any]]) -> None:
    assert message(*contacts).receivers == (ANN, BOB)


def test_a_text_that_names_the_fields_is_no_address() -> None:
    text = '"identifierValue":"x" "platformAddress" \\"identifierValue\\"'
    assert message(contact(ANN), text=text).receivers == (ANN,)
    assert message(contact(ANN)).receivers == (ANN,)
