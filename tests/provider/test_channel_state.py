"""What is made of the API's words about a channel and its webhooks, and of anything else in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sendspec.provider.channel_state import (
    Ability,
    ChannelState,
    Subscriptions,
    read_channel_state,
    read_subscriptions,
)

NOTHING = ChannelState(None)


def state(**channel: Any) -> ChannelState:
    return read_channel_state(json.dumps(channel).encode())


def outgoing(**abilities: Any) -> dict[str, Any]:
    return {"messaging": {"messaging": {"outgoing": abilities}}}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"status": "a", "status": "b"}', b"{" * 20_000, b"\xff"])
def test_what_is_not_understood_says_nothing(body: bytes) -> None:
    assert read_channel_state(body) == NOTHING
    assert read_subscriptions(body) is None


@pytest.mark.parametrize("status", [None, 7, "", "two words", "+447700900001", "a" * 41])
def test_a_status_is_a_word(status: Any) -> None:
    assert state(status=status) == NOTHING
    assert state(status="active") == ChannelState("active")


@pytest.mark.parametrize(
    ("mms", "ability"),
    [
        ({"status": "active"}, Ability.YES),
        ({"status": "ACTIVE", "paused": False}, Ability.YES),
        ({"status": "active", "paused": True}, Ability.NO),
        ({"status": "disabled"}, Ability.NO),
        ({"status": "pending"}, Ability.UNKNOWN),
        ({"status": None}, Ability.UNKNOWN),
        ({}, Ability.UNKNOWN),
        ("active", Ability.UNKNOWN),
    ],
)
def test_an_ability_is_told_by_known_words_alone(mms: Any, ability: Ability) -> None:
    assert state(capabilities=outgoing(mms=mms)) == ChannelState(None, mms=ability)
    assert state(capabilities=outgoing(sms=mms)) == ChannelState(None, sms=ability)


@pytest.mark.parametrize(
    "capabilities",
    [
        "all",
        outgoing(),
        {"a": {"b": {"c": {"d": outgoing(mms={"status": "active"})}}}},
        {"a": {"outgoing": {"mms": {"status": "active"}}}, "b": {"outgoing": {"mms": {"status": "disabled"}}}},
        {"outgoing": "mms"},
    ],
)
def test_abilities_elsewhere_or_twice_are_not_told(capabilities: Any) -> None:
    assert state(capabilities=capabilities) == NOTHING


@pytest.mark.parametrize(
    ("identifier", "name"), [("ACME", "ACME"), ("Acme & Co", "Acme & Co"), ("12345", None), ("+44770", None), (5, None)]
)
def test_a_short_identifier_with_letters_is_a_name(identifier: Any, name: str | None) -> None:
    assert state(identifier=identifier) == ChannelState(None, sender_name=name)


def subscription(**more: Any) -> dict[str, Any]:
    return {"service": "channels", "status": "active", **more}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"results": []}, Subscriptions(0, 0)),
        ({"results": [subscription(), subscription(eventFilters=[{"key": "a"}])]}, Subscriptions(2, 1)),
        ({"results": [subscription(eventFilters=[]), 7, subscription(service="x")]}, Subscriptions(1, 0)),
        ({"results": [subscription(status="inactive")], "nextPageToken": "t"}, Subscriptions(0, 0, is_part=True)),
        ({"results": {}}, None),
        ({}, None),
    ],
)
def test_active_webhooks_for_channels_are_counted(document: Any, expected: Subscriptions | None) -> None:
    assert read_subscriptions(json.dumps(document).encode()) == expected
