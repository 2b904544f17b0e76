"""What arrived, as conversations: grouped by address, with replies, by a search, at a moment."""

from __future__ import annotations

from sandbox_client import NOW, Client, payload, payload_to
from sandbox_page import MAIL
from sendspec.sandbox.inbox import (
    NO_ADDRESS,
    ArrivedMessage,
    ArrivedText,
    Conversation,
    Inbox,
    read_arrived,
    read_inbox,
)
from sendspec.sandbox.receive import NewText, receive
from sendspec.sandbox.search import parse_search


def inbox(client: Client, search: str = "") -> Inbox:
    return read_inbox(
        read_arrived(client.sandbox.store), parse_search(search), client.clock.now, client.sandbox.pace, {}
    )


def shown(conversation: Conversation) -> list[str]:
    return [
        entry.text.text if isinstance(entry, ArrivedText) else f"{entry.text}: {entry.reached.step.status}"
        for entry in conversation.entries
    ]


def test_messages_and_replies_are_told_in_the_order_of_time(client: Client) -> None:
    client.post(payload_to("+447700000004"))
    client.clock.now += 1
    client.post(payload(2))
    client.post(MAIL)
    client.post(payload(2, body={"type": "text", "text": {"text": "again"}}))
    found = inbox(client)
    assert [each.address for each in found.conversations] == ["+447700900002", "zoe@example.com", "+447700000004"]
    assert shown(found.conversations[0]) == ["Hi: accepted", "again: accepted"]
    client.clock.now += 4
    receive(
        client.sandbox.store,
        NewText(sender="+447700900002", text="Why?", channel=None, workspace=None),
        client.clock.now,
    )
    found = inbox(client)
    assert [each.address for each in found.conversations] == ["+447700900002", "+447700000004", "zoe@example.com"]
    assert shown(found.conversations[0]) == ["Hi: delivered", "again: delivered", "Why?"]
    assert shown(found.conversations[1]) == ["Hi: delivered", "STOP"]
    assert (found.messages, found.texts, len(found.addresses)) == (4, 2, 3)


def test_what_is_to_come_is_not_there_yet(client: Client) -> None:
    client.post(payload_to("+447700000007"))
    client.clock.now = NOW + 3.6
    (only,) = inbox(client).conversations[0].entries
    assert isinstance(only, ArrivedMessage)
    assert [reached.step.status for reached in only.passed] == ["accepted", "processing", "sent", "delivered"]
    assert [each.bot for each in only.interactions] == [True]


def test_a_search_keeps_single_messages_and_says_how_many_there_are(client: Client) -> None:
    client.post(payload(1, tags=["Shop"]))
    client.post(payload(1, body={"type": "text", "text": {"text": "It’s shipped " * 8}}))
    client.post(MAIL)
    assert [(shown(each)[0][:4], each.all) for each in inbox(client, "shipped").conversations] == [("It’s", 2)]
    for search, count in (
        ("encoding:ucs-2 segments:2", 1), ("-encoding:ucs-2", 2), ("tag:shop", 1), ("spring", 1), ("zoe@", 1), ("<b>fat", 1),
        ("status:accepted", 2), ("-status:accepted", 0), ("from:person", 0), ("platform:email", 1), ("+447700900001", 1), ("m1", 1),
        ("-sms", 2), ("-html", 2), ("-subject", 2), ("-id", 2), ("-m", 1), ("-accepted", 2), ("segments:", 0),
    ):  # fmt: skip
        assert len(inbox(client, search).conversations) == count, search


def test_a_contact_without_an_address_has_its_conversation(client: Client) -> None:
    client.post({**payload(), "receiver": {"contacts": [{"id": "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"}]}})
    assert [each.address for each in inbox(client).conversations] == ["5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"]
    client.sandbox.store.add("w", "c", [("x", {"receiver": {}, "body": {"type": "text", "text": {"text": "x"}}})], NOW)
    assert NO_ADDRESS in [each.address for each in inbox(client).conversations]
