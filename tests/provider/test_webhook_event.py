from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.webhook_envelope import envelope_name, read_envelope
from sendspec.provider.webhook_event import (
    EventFault,
    InboundEvent,
    InteractionEvent,
    OtherEvent,
    OutboundEvent,
    UnreadableEvent,
    read_event,
)

CHANNEL = "5D9A1C0E-3F55-4C39-8B1E-6A0C2F9E7B01"
CONTACT = {"id": "c1", "identifierKey": "phonenumber", "identifierValue": "+447700900001"}
OUTBOUND = {
    "id": "0b0e5c1a", "channelId": CHANNEL, "receiver": {"contacts": [CONTACT]}, "reference": "mine", "status": "delivery_failed",
    "direction": "outgoing", "createdAt": "2026-11-29T10:00:00.000Z", "lastStatusAt": "2026-11-29T10:00:09.500Z", "failure": {
        "code": 15005, "description": "x", "source": {"code": "1", "name": "sms-messagebird"}}, "parts": [{"platformReference": "p"}],
}  # fmt: skip
INBOUND = {
    "id": "in1", "channelId": CHANNEL, "sender": {"contact": CONTACT}, "receiver": {"connector": {"id": "k"}}, "status": "delivered",
    "direction": "incoming", "body": {"type": "text", "text": {"text": "STOP"}}, "createdAt": "2026-11-29T10:00:00Z",
}  # fmt: skip
INTERACTION = {
    "id": "i1", "type": "unsubscribe-request", "messageId": "0b0e5c1a", "messageReference": "mine", "channelId": CHANNEL,
    "receiver": {"contacts": [CONTACT]}, "createdAt": "2026-11-29T10:00:00Z",
}  # fmt: skip


def body(event: str, payload: object, service: str = "channels", **more: object) -> bytes:
    return json.dumps({"service": service, "event": event, "payload": payload, **more}).encode()


@pytest.mark.parametrize("platform", ["sms", "whatsapp", "email"])
def test_the_three_kinds_of_events_are_read_on_every_platform(platform: str) -> None:
    outbound = read_event(body(f"{platform}.outbound", OUTBOUND, sentAt="now"))
    assert isinstance(outbound, OutboundEvent)
    assert (outbound.channel, outbound.sighting.reference, outbound.sighting.remote_id) == (
        CHANNEL.lower(),
        "mine",
        "0b0e5c1a",
    )
    report = outbound.sighting.report
    assert report is not None
    assert (report.status, report.at, report.parts) == ("delivery_failed", 1_795_946_409.5, 1)
    inbound = read_event(body(f"{platform}.inbound", INBOUND | {"new": {"field": 1}}))
    assert isinstance(inbound, InboundEvent)
    assert (inbound.message.senders, inbound.message.texts) == (("+447700900001",), ("STOP",))
    interaction = read_event(body(f"{platform}.interaction", INTERACTION))
    assert isinstance(interaction, InteractionEvent)
    assert (interaction.entry.type, interaction.entry.message) == ("unsubscribe-request", "0b0e5c1a")


def without(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


UNREADABLE = [
    *(("sms.outbound", without(OUTBOUND, key)) for key in ("id", "status")),
    *(("sms.outbound", OUTBOUND | {key: 1}) for key in ("id", "status", "reference", "receiver")),
    ("sms.outbound", OUTBOUND | {"direction": "incoming"}),
    ("sms.outbound", OUTBOUND | {"id": "+447700900001"}),  # a number in the place of the id
    ("sms.outbound", {}),
    ("sms.inbound", without(without(INBOUND, "sender"), "body")),
    ("sms.inbound", INBOUND | {"direction": "outgoing"}),
    ("sms.inbound", INBOUND | {"sender": {"contact": [CONTACT]}, "body": None}),
    *(("sms.interaction", without(INTERACTION, key)) for key in ("id", "type", "messageId", "createdAt")),
    ("sms.interaction", INTERACTION | {"type": {"a": 1}}),
]


@pytest.mark.parametrize(("event", "payload"), UNREADABLE)
def test_a_payload_that_lacks_what_makes_it_one_is_told(event: str, payload: dict[str, Any]) -> None:
    assert read_event(body(event, payload)) == UnreadableEvent(EventFault.PAYLOAD, event)


@pytest.mark.parametrize(
    ("event", "service", "name"),
    [
        ("sms.new-thing", "channels", "sms.new-thing"),
        ("sms", "channels", "sms"),
        ("channel.created", "channels", "channel.created"),
        ("sms.outbound.v2", "channels", "sms.outbound.v2"),
        ("sms.Outbound", "channels", "sms.Outbound"),
        ("sms.outbound", "numbers", "numbers sms.outbound"),
    ],
)
def test_other_events_are_kept_apart(event: str, service: str, name: str) -> None:
    assert read_event(body(event, OUTBOUND, service)) == OtherEvent(name)
    assert envelope_name(body(event, OUTBOUND, service)) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b'"x"', b"\xff{}", b"{", b"{}", b"[" * 2_000, b'{"a":' * 2_000, b'{"a":NaN}',
        body("sms.outbound", None), body("sms.outbound", []), body("", OUTBOUND), body("sms outbound", OUTBOUND),
        body("sms.\u202eoutbound", OUTBOUND), body("+447700900001 wrote", OUTBOUND), body("x" * 41, OUTBOUND), body("sms.outbound\n", OUTBOUND),
        body("sms.outbound", OUTBOUND, "chan nels"), b'{"service":"channels","event":"sms.outbound","event":"sms.inbound","payload":{}}',
        b'{"service":1,"event":2,"payload":{}}',
    ],
)  # fmt: skip
def test_a_body_that_is_not_the_documented_json_is_told(raw: bytes) -> None:
    assert read_event(raw) == UnreadableEvent(EventFault.BODY)
    assert read_envelope(raw) is None
    assert envelope_name(raw) == ""


@pytest.mark.parametrize("kind", ["outbound", "inbound", "interaction"])
def test_no_value_of_any_type_breaks_the_reading(kind: str) -> None:
    whole = {**OUTBOUND, **INBOUND, **INTERACTION, "direction": {"outbound": "outgoing"}.get(kind, "incoming")}
    odd: list[Any] = [
        None,
        0,
        -1.5,
        1e308,
        True,
        "",
        "\ud800",
        "x" * 5_000,
        [],
        [[]],
        [None],
        {},
        {"contacts": [1]},
        {"contact": None},
        {"text": {"text": 3}},
    ]
    for key in whole:
        for value in odd:
            read_event(body(f"sms.{kind}", whole | {key: value}))


def test_what_is_read_does_not_show_numbers_or_texts() -> None:
    for event, payload in (("sms.inbound", INBOUND), ("sms.interaction", INTERACTION)):
        assert "447700900001" not in repr(read_event(body(event, payload)))
        assert "STOP" not in repr(read_event(body(event, payload)))
