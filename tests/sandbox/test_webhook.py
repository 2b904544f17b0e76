"""The sandbox's events: which, in which order, signed how, and again until they are answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import BATCH, CHANNEL, NOW, PATH, WORKSPACE, Client, Clock, payload, payload_to, sandboxed
from sendspec.provider.interaction_entry import read_interaction
from sendspec.provider.timestamp import format_timestamp
from sendspec.provider.webhook_event import InboundEvent, InteractionEvent, OutboundEvent, read_event
from sendspec.provider.webhook_signature import Signed, Unsigned, verify
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.receive import NewText, receive
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store
from sendspec.sandbox.webhook_post import DEFAULT_KEY, POST_SECONDS, WebhookConnection, parse_target
from sendspec.sandbox.webhook_sender import MAX_TRIES, WebhookSender
from webhook_receiver import Received, WebhookReceiver, receiving

LIFE = ["accepted", "processing", "sent", "delivered"]


class Stepped:
    """A sandbox whose events are posted when a test says so, by a clock of its own."""

    def __init__(self, receiver: WebhookReceiver, url: str, path: Path | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.store = Store(path, self.clock)
        faults = [parse_fault(fault) for fault in options.pop("faults", ())]
        self.sandbox = Sandbox(self.store, self.clock, pace=options.get("pace", 1.0))
        self.receiver = receiver
        self.url = url
        self.told: list[str] = []
        self.sender = WebhookSender(
            self.store, parse_target(url, DEFAULT_KEY), self.clock, faults=faults, tell=self.told.append, **options
        )

    def post(self, *payloads: Any) -> list[str]:
        """Posts messages, and returns their ids."""
        found = [self.sandbox.post(PATH, _raw(payload)) for payload in payloads]
        assert [status for status, _, _ in found] == [202] * len(payloads)
        return [body["id"] for _, body, _ in found]

    def until(self, seconds: float) -> list[str]:
        """What is received from now until so many seconds after the beginning."""
        before = len(self.receiver.received)
        while (due := self.sender.step()) is not None and due <= NOW + seconds:
            self.clock.now = max(self.clock.now, due)
        self.clock.now = max(self.clock.now, NOW + seconds)
        self.sender.step()
        return self.receiver.said[before:]


def _raw(body: Any) -> bytes:
    return json.dumps(body).encode()


@contextmanager
def stepped(**options: Any) -> Iterator[Stepped]:
    with receiving() as (receiver, url):
        found = Stepped(receiver, url + "/events?env=test", **options)
        yield found
        found.store.close()


def outbound(*statuses: str) -> list[str]:
    return [f"sms.outbound {status}" for status in statuses]


STOPPED = ["sms.inbound delivered", "sms.interaction unsubscribe-request"]
EVENTS_BY_NUMBER = {
    "+447700900001": outbound(*LIFE),
    "+447700000000": outbound(*LIFE[:3], "delivery_failed"),
    "+447700000001": outbound("accepted", "sending_failed"),
    "+447700000002": outbound(*LIFE[:3]),
    "+447700000003": outbound("accepted", "rejected"),
    "+447700000004": [*outbound(*LIFE), *STOPPED],
    "+447700000005": outbound(*LIFE[:3], "delivery_failed", "delivered"),
    "+447700000006": outbound("accepted", "skipped"),
    "+447700000007": [*outbound(*LIFE), *["sms.interaction clicked"] * 2],
    "+447700000008": [*outbound(*LIFE), *STOPPED, "sms.inbound delivered", "sms.interaction subscribe-consent"],
    "+447700000010": [*outbound(*LIFE), "sms.inbound delivered"],
}


@pytest.mark.parametrize("number", EVENTS_BY_NUMBER)
def test_each_step_of_a_life_is_an_event_signed_and_readable(number: str) -> None:
    with stepped() as it:
        it.post(payload_to(number))
        assert it.until(100) == EVENTS_BY_NUMBER[number]
        assert it.sender.counts.delivered == len(EVENTS_BY_NUMBER[number])
        for received in it.receiver.received:
            assert received.path == "/events?env=test"
            signed = verify([DEFAULT_KEY], it.url, received.headers, received.body)
            assert isinstance(signed, Signed)
            assert NOW <= signed.timestamp <= NOW + 100
            assert isinstance(read_event(received.body), OutboundEvent | InboundEvent | InteractionEvent)
        assert it.told == []


def test_an_event_has_what_the_list_has_at_that_moment() -> None:
    with stepped() as it:
        (identity,) = it.post(payload_to("+447700000007", tags=["A"]))
        for moment in (0, 0.5, 1.5, 3):
            it.until(moment)
            assert it.receiver.received[-1].payload == it.sandbox.get(PATH)[1]["results"][0]
        it.until(9)
        shown = it.sandbox.get(f"{PATH}/{identity}/interactions")[1]["results"]
        assert [each.payload for each in it.receiver.received[4:]] == shown
        entries = [read_interaction(each) for each in shown]
        assert [(entry.is_bot, entry.is_first) for entry in entries if entry] == [(True, False), (False, True)]


def test_events_of_several_messages_come_in_the_order_of_time_and_at_the_pace() -> None:
    with stepped(pace=10) as it:
        it.post(payload(1), payload(2))
        assert it.until(0) == outbound("accepted", "accepted")
        assert it.until(4.9) == []
        assert it.until(30) == outbound("processing", "processing", "sent", "sent", "delivered", "delivered")


def test_a_scheduled_message_is_reported_at_once_and_at_its_time() -> None:
    with stepped() as it:
        it.post(payload_to("+447700000004", scheduledFor=format_timestamp(NOW + 3_600)))
        assert it.until(3_599) == outbound("scheduled")
        assert it.until(3_700) == [*outbound(*LIFE), *STOPPED]


def test_an_email_s_events_are_those_of_its_platform() -> None:
    contacts = {"contacts": [{"identifierKey": "emailaddress", "identifierValue": "ada@example.com"}]}
    html = {"type": "html", "html": {"html": "Hi", "text": "Hi"}}
    with stepped() as it:
        it.post(payload(1, receiver=contacts, body=html))
        assert it.until(0) == ["email.outbound accepted"]
    with stepped(platforms={CHANNEL: "whatsapp"}) as it:
        it.post(payload_to("+447700000004"))
        assert it.until(9)[-2:] == ["whatsapp.inbound delivered", "whatsapp.interaction unsubscribe-request"]


def test_a_text_that_is_put_in_is_an_event_at_once() -> None:
    with stepped() as it:
        it.post(payload_to("+447700000004"))
        it.until(9)
        start = NewText(sender="+447700000004", text="START", channel=None, workspace=None)
        received = receive(it.store, start, it.clock())
        assert received is not None
        assert it.until(9) == ["sms.inbound delivered", "sms.interaction subscribe-consent"]
        assert it.receiver.received[-2].payload["id"] == received.id
        alone = NewText(sender="+447700900009", text="STOP", channel=CHANNEL, workspace=WORKSPACE)
        receive(it.store, alone, it.clock())
        assert it.until(9) == ["sms.inbound delivered"]


def test_an_event_is_posted_again_at_growing_intervals_with_its_first_timestamp() -> None:
    with stepped() as it:
        it.receiver.answers = [500, 302, 404, None]
        it.post(payload_to("+447700000006"))
        assert it.until(0) == outbound("accepted")
        assert it.until(0.9) == outbound("skipped")
        assert it.until(1) == outbound("accepted")
        assert it.until(1.4) == []
        it.receiver.ended.set()  # the next request hangs up at once
        assert it.until(1.5) == outbound("skipped")
        assert it.until(2.9) == []
        assert it.until(3) == outbound("accepted")
        assert it.until(4) == outbound("skipped")
        assert it.until(100) == []
        accepted, skipped = ([each for each in it.receiver.received if each.payload["status"] == status] for status in ("accepted", "skipped"))  # fmt: skip
        for tries in (accepted, skipped):
            assert len({(each.body, *map(tuple, _signing(each))) for each in tries}) == 1
        assert isinstance(verify([DEFAULT_KEY], it.url, accepted[-1].headers, accepted[-1].body), Signed)
        assert (it.sender.counts.delivered, it.sender.counts.failed_tries) == (2, 4)
        assert [words.split(";")[0] for words in it.told] == [
            "the webhook answers 500", "the webhook answers 302", "the webhook answers 404", "the webhook does not answer",
            "the webhook answers 204",
        ]  # fmt: skip


def _signing(received: Received) -> list[list[str]]:
    return sorted([name.lower(), value] for name, value in received.headers if name.lower().startswith("messagebird-"))


def test_the_intervals_are_as_long_as_the_pace_says() -> None:
    with stepped(pace=0.1) as it:
        it.receiver.answers = [500, 500]
        it.post(payload_to("+447700000002"))
        it.until(0)
        assert it.sender.step() == NOW + 0.05
        it.until(0.05)
        assert it.sender.step() == NOW + 0.1
        assert sorted(it.until(0.2)) == outbound("accepted", "processing", "sent")


def test_an_event_is_given_up_after_so_many_tries() -> None:
    with stepped() as it:
        it.receiver.answers = [500] * 1_000
        it.post(payload_to("+447700000002"))
        assert len(it.until(8 * 3_600)) == 3 * MAX_TRIES
        assert it.sender.counts.given_up == 3
        assert it.sender.step() is None


def test_events_of_what_happened_before_the_start_are_not_reported(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with stepped(path=path) as it:
        it.post(payload(1))
        it.clock.now += 2
        later = WebhookSender(it.store, parse_target(it.url, DEFAULT_KEY), it.clock)
        it.clock.now += 10
        later.step()
        assert it.receiver.said == outbound("delivered")
        latest = WebhookSender(it.store, parse_target(it.url, DEFAULT_KEY), it.clock)
        assert latest.step() is None
        another = Store(path)  # another process puts a message there
        another.add(WORKSPACE, CHANNEL, [("an-id", payload(2))], it.clock.now)
        another.close()
        latest.step()
        assert it.receiver.said == outbound("delivered", "accepted")


def test_numbers_that_begin_again_are_new_messages() -> None:
    with stepped() as it:
        it.post(payload(1), payload(2))
        it.until(60)
        it.clock.now += 8 * 86_400
        assert it.sandbox.get(PATH)[1] == {"results": []}
        it.sender.step()
        it.post(payload(3))
        assert it.until(9 * 86_400) == outbound(*LIFE)


REVERSED = ["delivered", "sent", "processing", "accepted"]


def test_the_events_of_a_file_in_place_of_another_are_reported(tmp_path: Path) -> None:
    with stepped(path=tmp_path / "sandbox.db") as it:
        it.post(payload())
        assert it.until(10) == outbound(*LIFE)
        (tmp_path / "sandbox.db").unlink()
        it.post(payload(2))
        assert it.until(20) == outbound(*LIFE)


@pytest.mark.parametrize(
    ("faults", "at_once", "at_three", "in_the_end"),
    [
        (["webhook-twice"], LIFE[:1] * 2, ["accepted", "accepted", "processing", "processing", "sent", "sent", "delivered", "delivered"], 8),
        (["webhook-late:ms=2500"], [], LIFE[:2], 4),
        (["webhook-reversed"], [], REVERSED, 4),
        (["webhook-reversed", "webhook-late:ms=2000"], [], [], 4),
    ],
)  # fmt: skip
def test_events_come_twice_late_or_reversed(
    faults: list[str], at_once: list[str], at_three: list[str], in_the_end: int
) -> None:
    with stepped(faults=faults) as it:
        it.post(payload(1))
        assert it.until(0) == outbound(*at_once)
        it.until(3)
        assert it.receiver.said == outbound(*at_three)
        it.until(60)
        assert len(it.receiver.said) == in_the_end
        if "webhook-reversed" in faults:
            assert it.receiver.said == outbound(*REVERSED)
        for received in it.receiver.received:
            assert isinstance(verify([DEFAULT_KEY], it.url, received.headers, received.body), Signed)


def test_an_event_that_comes_twice_is_the_same_one() -> None:
    with stepped(faults=["webhook-twice"]) as it:
        it.post(payload(1))
        it.until(0)
        first, second = it.receiver.received
        assert (first.body, _signing(first)) == (second.body, _signing(second))
        it.receiver.answers = [500, 500]
        assert it.until(0.5) == outbound("processing", "processing")
        assert it.until(1.5) == outbound("sent", "sent", "processing")


def test_a_fault_strikes_the_events_of_the_messages_it_is_asked_to() -> None:
    with stepped(faults=["webhook-unsigned:every=2"]) as it:
        ids = it.post(payload(1), payload(2), payload(3))
        it.until(0.5)
        for received in it.receiver.received:
            found = verify([DEFAULT_KEY], it.url, received.headers, received.body)
            assert isinstance(found, Unsigned if received.payload["id"] == ids[1] else Signed)
        assert len(it.receiver.received) == 6


@contextmanager
def served(**options: Any) -> Iterator[tuple[Client, WebhookReceiver]]:
    """A sandbox that posts events from its thread, by a clock that stands still."""
    with ExitStack() as stack:
        receiver, url = stack.enter_context(receiving())
        faults = [parse_fault(fault) for fault in options.pop("faults", ())]
        store, clock = Store(None), Clock()
        sandbox = Sandbox(store, clock, faults=faults)
        sender = WebhookSender(store, parse_target(url, DEFAULT_KEY), clock, faults=faults)
        base = stack.enter_context(serving(sandbox, webhooks=sender))
        yield Client(base, sandbox, clock), receiver
    store.close()


@pytest.mark.parametrize("status", [204, 500])
def test_an_event_can_come_before_the_answer(status: int) -> None:
    with served(faults=["webhook-before-answer"]) as (client, receiver):
        receiver.answers = [status] * 3
        identity = client.post(payload(1)).json()["id"]
        assert (receiver.received[0].payload["id"], receiver.said) == (identity, outbound("accepted"))
        ids = [message["id"] for message in client.ask("POST", BATCH, {"messageRequests": [payload(2), payload(3)]}).json()["messages"]]  # fmt: skip
        assert [each.payload["id"] for each in receiver.received] == [identity, *ids]


def test_a_receiver_that_hangs_holds_up_neither_clients_nor_the_end() -> None:
    with served() as (client, receiver):
        receiver.answers = [None]
        assert client.post(payload(1)).status == 202
        assert receiver.hung.wait(10)
        assert [client.post(payload(n)).status for n in range(20)] == [202] * 20
        assert client.ask("GET", PATH).status == 200
    assert len(receiver.received) == 1


def test_a_post_under_way_is_cut_off_and_none_begins_after_that() -> None:
    with receiving() as (receiver, url):
        connection = WebhookConnection(parse_target(url, DEFAULT_KEY))
        receiver.answers = [None]
        found: list[int | None] = []
        thread = threading.Thread(target=lambda: found.append(connection.post(b"{}", {})))
        thread.start()
        assert receiver.hung.wait(10)
        connection.end()
        thread.join(POST_SECONDS * 0.8)
        assert found == [None]
        assert connection.post(b"{}", {}) is None
    assert len(receiver.received) == 1


def test_nobody_who_listens_is_no_trouble_for_clients() -> None:
    with receiving() as (_, url):
        pass
    store, clock = Store(None), Clock()
    sandbox = Sandbox(store, clock)
    told: list[str] = []
    sender = WebhookSender(store, parse_target(url, DEFAULT_KEY), clock, tell=told.append)
    with serving(sandbox, webhooks=sender) as base:
        client = Client(base, sandbox, clock)
        assert client.post(payload(1)).status == 202
        sender.wait_for_first_events()
    assert (sender.counts.delivered, sender.counts.failed_tries) == (0, 1)
    assert told == ["the webhook does not answer; events are posted again at growing intervals"]
    store.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "http://localhost:8443/a/b?c=d&e=%20", "http://[::1]:1/", "http://127.0.0.1:65535/x"])  # fmt: skip
def test_a_webhook_is_on_this_machine(url: str) -> None:
    target = parse_target(url, "key")
    assert target.url == url
    assert target.host in ("127.0.0.1", "localhost", "::1")
    assert "key" not in repr(target).replace("127", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/", "http://192.0.2.1/",
        "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1/a b", "http://127.0.0.1/#a", "http://127.0.0.1/\r\nHost: x",
        "http://127.0.0.1?x", "//127.0.0.1/", "", "http://127.0.0.1/é", "http://0.0.0.0/", "http://127.0.0.1/\n",
    ],
)  # fmt: skip
def test_a_webhook_elsewhere_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="an http address on this machine"):
        parse_target(url, "key")


@pytest.mark.parametrize(("key", "words"), [("", "is empty"), ("a\n", "a line end"), (" a", "a space"), ("\ud800", "a line end")])  # fmt: skip
def test_a_key_that_no_receiver_takes_signs_nothing(key: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"the signing key .*{words}"):
        parse_target("http://127.0.0.1/", key)


def test_a_list_is_late_or_fails() -> None:
    with sandboxed(faults=[parse_fault("list-late:ms=2000,to=3"), parse_fault("list-5xx:every=5")]) as client:
        client.post(payload_to("+447700000004"))
        client.clock.now += 1.9
        assert client.ask("GET", PATH).json()["results"] == []
        client.clock.now += 0.1
        assert client.ask("GET", PATH).json()["results"][0]["status"] == "accepted"
        client.clock.now += 2
        assert client.ask("GET", f"{PATH}?direction=incoming").json()["results"] == []
        assert len(client.ask("GET", f"{PATH}?direction=incoming").json()["results"]) == 1
        assert client.ask("GET", PATH).status == 502
        (message,) = client.ask("GET", PATH).json()["results"]
        assert message["status"] == "delivered"
        assert client.ask("GET", f"{PATH}/{message['id']}").status == 200
