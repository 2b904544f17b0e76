"""What people do: texts in the list, and interactions with messages, as the time comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_client import CHANNEL, NOW, PATH, WORKSPACE, Client, payload, payload_to, sandboxed
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.store import Incoming, Store

STOPS, STARTS, CLICKS, SAYS = "+447700000004", "+447700000008", "+447700000007", "+447700000010"
INCOMING = f"{PATH}?direction=incoming"


def listed(client: Client, query: str = "") -> list[tuple[str, str]]:
    """The texts of a page: who wrote what."""
    results = client.ask("GET", f"{INCOMING}&{query}").json()["results"]
    return [(text["sender"]["contact"]["identifierValue"], text["body"]["text"]["text"]) for text in results]


def interactions(client: Client, identity: str) -> list[Any]:
    found: list[Any] = client.ask("GET", f"{PATH}/{identity}/interactions").json()["results"]
    return found


def test_a_text_is_listed_from_its_moment_on_in_the_documented_shape(client: Client) -> None:
    client.post(payload_to(STOPS))
    client.clock.now += 3.9
    assert listed(client) == []
    client.clock.now += 0.1
    (text,) = client.ask("GET", INCOMING).json()["results"]
    assert set(text.pop("sender")["contact"].items()) >= {("identifierKey", "phonenumber"), ("identifierValue", STOPS)}
    moment = format_timestamp(NOW + 4)
    assert len({text.pop("id"), text.pop("parts")[0].pop("platformReference")}) == 2
    assert text == {
        "channelId": CHANNEL, "receiver": {"connector": {"id": CHANNEL}}, "body": {"type": "text", "text": {"text": "STOP"}},
        "status": "delivered", "direction": "incoming", "lastStatusAt": moment, "createdAt": moment, "updatedAt": moment,
    }  # fmt: skip
    assert client.ask("GET", PATH).json()["results"][0]["direction"] == "outgoing"


def test_a_start_comes_a_minute_after_the_stop(client: Client) -> None:
    identity = client.post(payload_to(STARTS)).json()["id"]
    client.clock.now += 63.9
    assert listed(client) == [(STARTS, "STOP")]
    client.clock.now += 0.1
    assert listed(client) == [(STARTS, "START"), (STARTS, "STOP")]
    assert [(each["type"], each["createdAt"]) for each in interactions(client, identity)] == [
        ("unsubscribe-request", format_timestamp(NOW + 4)), ("subscribe-consent", format_timestamp(NOW + 64)),
    ]  # fmt: skip


def test_a_text_that_contains_a_keyword_is_no_interaction(client: Client) -> None:
    identity = client.post(payload_to(SAYS)).json()["id"]
    client.clock.now += 60
    assert listed(client) == [(SAYS, "Please don't stop now")]
    assert interactions(client, identity) == []


def test_an_interaction_names_the_message_and_its_reference(client: Client) -> None:
    identity = client.post(payload_to(STOPS, tags=["Spring"])).json()["id"]
    assert interactions(client, identity) == []
    client.clock.now += 4
    (stop,) = interactions(client, identity)
    assert stop.pop("id") not in (identity, "")
    assert stop == {
        "messageId": identity, "channelId": CHANNEL, "platformId": "sms-messagebird", "type": "unsubscribe-request",
        "messageReference": "to-004", "messagePartsCount": 1, "messageTags": ["spring"], "details": "keyword",
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": STOPS}]},
        "createdAt": format_timestamp(NOW + 4), "isFirstInteraction": True, "isFirstInteractionIncludingBots": True,
    }  # fmt: skip


def test_a_bot_s_click_is_told_from_a_person_s(client: Client) -> None:
    identity = client.post(payload_to(CLICKS)).json()["id"]
    client.clock.now += 60
    bot, person = interactions(client, identity)
    marks = [(it["metadata"]["prefetched"], it["isFirstInteraction"], it["isFirstInteractionIncludingBots"]) for it in (bot, person)]  # fmt: skip
    assert marks == [(True, False, True), (False, True, False)]
    assert bot["id"] != person["id"]
    assert {bot["type"], person["type"]} == {"clicked"}
    assert {bot["metadata"]["link"]["url"], person["metadata"]["link"]["url"]} == {"https://example.com/"}


@pytest.mark.parametrize("path", ["/interactions", "/no-message/interactions", f"/{CHANNEL}/interactions"])
def test_interactions_of_no_message_are_404(client: Client, path: str) -> None:
    assert client.ask("GET", PATH + path).status == 404


def test_an_email_s_interactions_name_its_platform() -> None:
    with sandboxed(platforms={CHANNEL: "whatsapp"}) as client:
        identity = client.post(payload_to(CLICKS)).json()["id"]
        client.clock.now += 60
        assert {each["platformId"] for each in interactions(client, identity)} == {"whatsapp"}


@pytest.mark.parametrize("reverse", ["false", "true"])
@pytest.mark.parametrize("limit", [1, 3, 1_000])
def test_the_pages_of_texts_are_the_texts_once_in_the_order_of_time(limit: int, reverse: str) -> None:
    with sandboxed() as client:
        store = client.sandbox.store
        for n in range(3):
            client.post_batch([payload_to(STOPS), payload(n), payload_to(STARTS)])
            text = Incoming(0, f"id {n}", WORKSPACE, CHANNEL, "+447700900001", f"own {n}", NOW + 4 + n, None)
            store.add_incoming(text)
            client.clock.now += 1
        client.clock.now += 62
        found, token = [], ""
        while True:
            query = urlencode({"limit": limit, "reverse": reverse, **({"pageToken": token} if token else {})})
            page = client.ask("GET", f"{INCOMING}&{query}").json()
            found += page["results"]
            if (token := page.get("nextPageToken", "")) == "":
                break
            assert len(page["results"]) == limit
        assert len({text["id"] for text in found}) == len(found) == 11  # the last START is to come
        moments = [text["createdAt"] for text in found]
        assert moments == sorted(moments, reverse=reverse == "false")


def test_texts_can_be_narrowed(client: Client) -> None:
    client.post(payload_to(STARTS))
    client.clock.now += 100
    both = [(STARTS, "START"), (STARTS, "STOP")]
    assert listed(client, "status=delivered&status=sent") == both
    assert listed(client, "status=sent") == []
    assert listed(client, urlencode({"startAt": format_timestamp(NOW + 5)})) == both[:1]
    assert listed(client, urlencode({"endAt": format_timestamp(NOW + 5)})) == both[1:]
    (first, _) = client.ask("GET", INCOMING).json()["results"]
    assert listed(client, f"id={first['id']}") == both[:1]
    for nothing in (urlencode({"to": STARTS}), "tag=x", f"batchId={CHANNEL}"):
        assert listed(client, nothing) == []


def test_texts_to_another_channel_are_not_listed(client: Client) -> None:
    client.post(payload_to(STOPS))
    client.clock.now += 60
    assert client.ask("GET", INCOMING.replace(CHANNEL, WORKSPACE)).json() == {"results": []}


def test_texts_are_kept_as_long_as_messages_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sandboxed(path) as client:
        client.sandbox.store.add_incoming(Incoming(0, "id", WORKSPACE, CHANNEL, STOPS, "Hello", NOW, None))
    with sandboxed(path) as client:
        assert listed(client) == [(STOPS, "Hello")]
        client.clock.now += 7 * 86_400
        assert listed(client) == [(STOPS, "Hello")]
        client.clock.now += 1
        client.ask("GET", PATH)
        assert client.sandbox.store.incoming(WORKSPACE, CHANNEL) == []


def test_a_number_in_a_text_makes_no_ending(client: Client) -> None:
    client.post(payload(1, body={"type": "text", "text": {"text": '"+447700000004" %_\\'}}))
    client.clock.now += 100
    assert listed(client) == []
    client.post({**payload_to(STARTS), "reference": "0000004"})
    client.clock.now += 10
    assert listed(client) == [(STARTS, "STOP")]
    store = client.sandbox.store
    assert [len(store.with_text(text)) for text in ('00004\\"', "%_", "_%", "9_")] == [1, 1, 0, 0]


def test_more_texts_than_are_kept_push_out_the_oldest() -> None:
    store = Store(None)
    for n in range(10_003):
        store.add_incoming(Incoming(0, f"id {n}", WORKSPACE, CHANNEL, STOPS, "x", NOW, None))
    kept = store.incoming(WORKSPACE, CHANNEL)
    assert (len(kept), kept[0].id) == (10_000, "id 3")
    assert store.newest_numbers() == (0, 10_003)
    store.close()
