"""The sandbox over real HTTP: the documented answers, paging, time, limits and faults."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import SandboxFault, parse_fault
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store

WORKSPACE, CHANNEL = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
PATH = f"/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"
BATCH = PATH.replace("/messages", "/batch/messages")
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Client:
    def __init__(self, url: str, sandbox: Sandbox, clock: Clock) -> None:
        self.url = url
        self.sandbox = sandbox
        self.clock = clock
        self._pool = urllib3.PoolManager(retries=False, timeout=10)

    def ask(self, method: str, path: str, body: Any = None, key: str | None = "AccessKey x") -> Any:
        headers = {} if key is None else {"Authorization": key}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self._pool.request(method, self.url + path, body=raw, headers=headers)

    def post(self, payload: Any, **more: Any) -> Any:
        return self.ask("POST", PATH, payload, **more)

    def post_batch(self, payloads: list[Any], **more: Any) -> Any:
        return self.ask("POST", BATCH, {"messageRequests": payloads}, **more)


@contextmanager
def sandboxed(path: Path | None = None, **options: Any) -> Iterator[Client]:
    clock = Clock()
    store = Store(path)
    sandbox = Sandbox(store, clock, **options)
    with serving(sandbox) as url:
        yield Client(url, sandbox, clock)
    store.close()


@pytest.fixture
def client() -> Iterator[Client]:
    with sandboxed() as made:
        yield made


def payload(n: int = 1, **more: Any) -> dict[str, Any]:
    contacts = [{"identifierKey": "phonenumber", "identifierValue": f"+4477009{n:05d}"}]
    return {
        "receiver": {"contacts": contacts},
        "body": {"type": "text", "text": {"text": "Hi"}},
        "reference": f"m{n}",
        **more,
    }


def conforms(name: str, document: Any) -> None:
    assert load_schema(name).problems(document) == []


def test_a_message_is_accepted_in_the_documented_shape(client: Client) -> None:
    answer = client.post(payload(7, tags=["a"], validity=60))
    assert answer.status == 202
    conforms("response", answer.json())
    assert answer.json()["reference"] == "m7"
    assert answer.json()["status"] == "accepted"
    assert answer.json()["receiver"]["contacts"][0]["identifierValue"] == "+447700900007"
    template = client.post({"receiver": payload()["receiver"], "template": {"name": "t"}})
    assert template.status == 202
    conforms("response", template.json())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (
            {
                "receiver": {"contacts": [{"listId": "x", "identifierValue": "+1"}]},
                "body": {"type": "text", "text": {"text": "a"}},
            },
            ".receiver.contacts[0]",
        ),
        (payload(body={"type": "interactive"}), ".body.type"),
        ({"body": {"type": "text", "text": {"text": "a"}}}, ".receiver"),
        (payload(template={"name": "t"}), ".template"),
    ],
)
def test_a_wrong_message_is_refused_with_the_path_of_what_is_wrong(client: Client, body: Any, path: str) -> None:
    answer = client.post(body)
    assert answer.status == 422
    conforms("error", answer.json())
    assert path in answer.json()["details"]
    assert client.sandbox.store.all() == []


@pytest.mark.parametrize("key", [None, "", "Basic abc", "AccessKey ", "AccessKey a b"])
def test_a_request_without_a_key_is_401(client: Client, key: str | None) -> None:
    answer = client.post(payload(), key=key)
    assert answer.status == 401
    conforms("error", answer.json())


@pytest.mark.parametrize("scheme", ["AccessKey", "Bearer"])
def test_both_schemes_pass(client: Client, scheme: str) -> None:
    assert client.post(payload(), key=f"{scheme} abc").status == 202


@pytest.mark.parametrize(
    "path", ["/", "/v1" + PATH, PATH.replace(WORKSPACE, "ws_1"), PATH.replace(CHANNEL, "..%2f"), PATH + "/nothing"]
)
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    answer = client.ask("GET", path)
    assert answer.status == 404
    conforms("error", answer.json())


def test_no_json_is_400(client: Client) -> None:
    assert client.post(b"{").status == 400


def test_one_message_can_be_asked_for_and_grows_up(client: Client) -> None:
    identity = client.post(payload(7)).json()["id"]
    seen = []
    for _ in range(5):
        message = client.ask("GET", f"{PATH}/{identity}").json()
        conforms("response", message)
        seen.append(message["status"])
        client.clock.now += 1
    assert seen == ["accepted", "processing", "sent", "delivered", "delivered"]


@pytest.mark.parametrize(
    ("number", "status", "failure"),
    [
        (0, "delivery_failed", (15005, "sms-messagebird", "1", "unknown_subscriber")),
        (1, "sending_failed", (12003, "pre-processing", "12003", "unsupported_destination")),
        (2, "delivered", None),
    ],
)
def test_some_numbers_always_fail_each_in_its_way(client: Client, number: int, status: str, failure: Any) -> None:
    identity = client.post(payload(number)).json()["id"]
    assert "failure" not in client.ask("GET", f"{PATH}/{identity}").json()
    client.clock.now += 60
    message = client.ask("GET", f"{PATH}/{identity}").json()
    assert message["status"] == status
    conforms("response", message)
    assert ("failure" in message) == ("reason" in message) == (failure is not None)
    if failure is not None:
        found = message["failure"]
        assert (found["code"], found["source"]["name"], found["source"]["code"], message["details"]) == failure
        assert message["reason"].endswith(f"; reason: {failure[3]}; code: {failure[2]}")


def test_what_is_older_than_seven_days_is_gone(client: Client) -> None:
    identity = client.post(payload(7)).json()["id"]
    client.clock.now += 7 * 86_400
    assert client.ask("GET", f"{PATH}/{identity}").status == 200
    client.clock.now += 1
    assert client.ask("GET", f"{PATH}/{identity}").status == 404
    assert client.sandbox.store.all() == []


def pages(client: Client, query: str) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = client.ask("GET", f"{PATH}?{query}{token}").json()
        found.append([message["reference"] for message in page["results"]])
        if "nextPageToken" not in page:
            return found
        token = f"&pageToken={page['nextPageToken']}"


@settings(max_examples=25)
@given(st.integers(0, 25), st.integers(1, 12))
def test_the_pages_of_a_list_are_the_list_the_newest_first(count: int, limit: int) -> None:
    """The law: whatever the page size, the pages joined are every message once, in order."""
    with sandboxed() as client:
        for n in range(count):
            client.sandbox.post(PATH, json.dumps(payload(n)).encode())
        found = pages(client, f"limit={limit}")
        assert [reference for page in found for reference in page] == [f"m{n}" for n in reversed(range(count))]
        assert all(len(page) == limit for page in found[:-1])


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def test_a_list_can_be_narrowed_by_time_and_direction(client: Client) -> None:
    for n in range(5):
        client.post(payload(n))
        client.clock.now += 10
    between = f"startAt={moment(NOW + 10)}&endAt={moment(NOW + 30)}"
    assert pages(client, between) == [["m3", "m2", "m1"]]
    assert pages(client, "direction=incoming") == [[]]
    assert len(pages(client, "direction=outgoing")[0]) == 5


@pytest.mark.parametrize("name", ["to", "to[]"])
def test_a_list_can_be_narrowed_to_receivers(client: Client, name: str) -> None:
    for n in range(5):
        client.post(payload(n))
    assert pages(client, urlencode([(name, "+447700900001"), (name, "+447700900003"), ("limit", 1)])) == [
        ["m3"],
        ["m1"],
    ]
    assert pages(client, urlencode({name: "+447700909999"})) == [[]]


@pytest.mark.parametrize("name", ["status", "status[]"])
def test_a_list_can_be_narrowed_to_statuses(client: Client, name: str) -> None:
    client.post(payload(7))
    client.clock.now += 60
    client.post(payload(8))
    assert pages(client, urlencode({name: "delivered"})) == [["m7"]]
    assert pages(client, urlencode({name: "accepted"})) == [["m8"]]
    assert pages(client, urlencode([(name, "accepted"), (name, "delivered")])) == [["m8", "m7"]]


def test_a_list_can_be_narrowed_to_a_batch(client: Client) -> None:
    batch = client.post_batch([payload(1), payload(2)]).json()["id"]
    client.post_batch([payload(3)])
    client.post(payload(4))
    assert pages(client, f"batchId={batch}") == [["m2", "m1"]]


def test_a_list_can_be_read_the_oldest_first(client: Client) -> None:
    for n in range(5):
        client.post(payload(n))
    assert pages(client, "reverse=true&limit=2") == [["m0", "m1"], ["m2", "m3"], ["m4"]]
    assert pages(client, "reverse=false&limit=3") == [["m4", "m3", "m2"], ["m1", "m0"]]


def test_narrowed_pages_are_filled_however_many_messages_lie_between(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.db")
    store.add(WORKSPACE, CHANNEL, [(f"id-{n}", payload(n % 1_000)) for n in range(3_000)], NOW)
    found = store.page(
        WORKSPACE, CHANNEL, after=None, since=None, until=None, limit=10,
        matches=lambda message: message.receivers == ["+447700900005"],
    )  # fmt: skip
    assert [message.id for message in found] == ["id-2005", "id-1005", "id-5"]
    store.close()


def test_a_store_of_an_earlier_version_is_used_on(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE message (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
            " channel TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL)"
        )
    old.close()
    with sandboxed(path) as client:
        client.post(payload(1))
        assert pages(client, "") == [["m1"]]


def test_a_list_of_more_than_seven_days_is_refused(client: Client) -> None:
    week = 7 * 86_400
    assert client.ask("GET", f"{PATH}?startAt={moment(NOW - week)}&endAt={moment(NOW)}").status == 200
    answer = client.ask("GET", f"{PATH}?startAt={moment(NOW - week - 1)}&endAt={moment(NOW)}")
    assert answer.status == 422
    assert answer.json()["message"] == "Bad request: Invalid time range to filter."


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "startAt=yesterday", "pageToken=zz", "reverse=1",
                                   "status=seen", "batchId=5"])  # fmt: skip
def test_a_list_is_asked_for_properly_or_not_at_all(client: Client, query: str) -> None:
    assert client.ask("GET", f"{PATH}?{query}").status == 422


def test_beyond_the_rate_is_429_until_the_next_second() -> None:
    with sandboxed(per_second=3) as client:
        assert [client.post(payload(n)).status for n in range(5)] == [202, 202, 202, 429, 429]
        client.clock.now += 1
        answer = client.post(payload(9))
        assert answer.status == 202


def test_what_was_accepted_is_still_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sandboxed(path) as client:
        client.post(payload(3))
    with sandboxed(path) as client:
        assert [message.payload["reference"] for message in client.sandbox.store.all()] == ["m3"]


def test_tests_can_ask_for_everything(client: Client) -> None:
    for n in range(3):
        client.post(payload(n))
    answer = client.ask("GET", "/_sandbox/messages")
    assert [message["reference"] for message in answer.json()["results"]] == ["m0", "m1", "m2"]


# ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 3, 100])
def test_a_batch_is_accepted_with_an_id_for_each_message_in_order_and_listed_like_any_other(
    client: Client, count: int
) -> None:
    answer = client.post_batch([payload(n) for n in range(count)])
    assert answer.status == 202
    assert set(answer.json()) == {"id", "messages"}
    ids = [message.pop("id") for message in answer.json()["messages"]]
    assert len(set(ids)) == count
    stored = [client.ask("GET", f"{PATH}/{identity}").json() for identity in (ids[0], ids[-1])]
    assert [message["reference"] for message in stored] == ["m0", f"m{count - 1}"]
    conforms("response", stored[0])
    listed = client.ask("GET", f"{PATH}?limit=1000").json()["results"]
    assert [message["id"] for message in listed] == ids[::-1]


WRONG: dict[str, tuple[Any, str]] = {
    "a wrong body": (payload(body={"type": "text", "text": "Hi"}), ".messageRequests[3].body.text"),
    "no receiver": ({"body": payload()["body"]}, ".messageRequests[3].receiver"),
    "body and template": (payload(template={"name": "t"}), ".messageRequests[3].template"),
    "no message": ("Hi", ".messageRequests[3]"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_wrong_message_has_the_whole_batch_refused_with_its_path(client: Client, what: str) -> None:
    wrong, path = WRONG[what]
    answer = client.post_batch([payload(1), payload(2), payload(3), wrong, payload(5)])
    assert answer.status == 422
    conforms("error", answer.json())
    assert list(answer.json()["details"]) == [path]
    assert client.sandbox.store.all() == []


@pytest.mark.parametrize(
    "body",
    [
        {"messageRequests": []},
        {"messageRequests": [payload(n) for n in range(101)]},
        {"messageRequests": payload()},
        {"messageRequests": [payload()], "reference": "all"},
        [payload()],
        payload(),
        {},
    ],
)
def test_what_is_no_batch_is_refused(client: Client, body: Any) -> None:
    assert client.ask("POST", BATCH, body).status == 422
    assert client.sandbox.store.all() == []


def test_a_batch_is_no_message_and_its_path_no_list(client: Client) -> None:
    assert client.post({"messageRequests": [payload()]}).status == 422
    assert client.ask("GET", BATCH).status == 404
    assert client.ask("POST", BATCH.replace(CHANNEL, "channel"), {"messageRequests": [payload()]}).status == 404
    assert client.post_batch([payload()], key=None).status == 401


def test_a_batch_may_have_as_many_bytes_as_its_messages(client: Client) -> None:
    long = {"body": {"type": "text", "text": {"text": "x" * 15_000}}}
    assert client.post_batch([payload(n, **long) for n in range(100)]).status == 202


def test_a_batch_counts_as_one_request() -> None:
    with sandboxed(per_second=2) as client:
        assert [client.post_batch([payload(n) for n in range(50)]).status for _ in range(3)] == [202, 202, 429]


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def outcomes(fault: str, count: int = 6) -> tuple[list[Any], int]:
    """What a client sees of each of `count` posts, and how many the sandbox took."""
    seen: list[Any] = []
    with sandboxed(faults=[parse_fault(fault)]) as client:
        for n in range(count):
            try:
                seen.append(client.post(payload(n)).status)
            except urllib3.exceptions.HTTPError as error:
                seen.append(type(error).__name__)
        return seen, len(client.sandbox.store.all())


def test_a_status_strikes_the_posts_it_is_asked_to() -> None:
    assert outcomes("429:every=3,retry-after=1") == ([202, 202, 429, 202, 202, 429], 4)
    assert outcomes("500:from=5") == ([202, 202, 202, 202, 500, 500], 4)
    assert outcomes("422:from=2,to=3") == ([202, 422, 422, 202, 202, 202], 4)


def test_a_dropped_connection_has_taken_the_message_or_not() -> None:
    assert outcomes("drop-after:from=2,to=2") == ([202, "ProtocolError", 202, 202, 202, 202], 6)
    assert outcomes("drop-before:from=2,to=2") == ([202, "ProtocolError", 202, 202, 202, 202], 5)


def test_a_foreign_reference_and_a_page_have_taken_the_message() -> None:
    with sandboxed(faults=[parse_fault("foreign-reference:to=1"), parse_fault("html:from=2,to=2")]) as client:
        assert client.post(payload(1)).json()["reference"] == "another"
        page = client.post(payload(2))
        assert page.headers["Content-Type"] == "text/html"
        assert len(client.sandbox.store.all()) == 2


def of_batches(fault: str) -> tuple[list[Any], int]:
    """What a client sees of each of three batches of two, and how many messages the sandbox took."""
    seen: list[Any] = []
    with sandboxed(faults=[parse_fault(fault)]) as client:
        for n in range(3):
            try:
                seen.append(client.post_batch([payload(2 * n), payload(2 * n + 1)]).status)
            except urllib3.exceptions.HTTPError as error:
                seen.append(type(error).__name__)
        return seen, len(client.sandbox.store.all())


@pytest.mark.parametrize(
    ("fault", "answer", "taken"),
    [("429", 429, 4), ("500", 500, 4), ("html", 200, 6), ("drop-before", "ProtocolError", 4), ("drop-after", "ProtocolError", 6)],
)  # fmt: skip
def test_a_fault_strikes_a_batch_as_a_whole(fault: str, answer: Any, taken: int) -> None:
    assert of_batches(f"{fault}:from=2,to=2") == ([202, answer, 202], taken)


def test_every_message_of_a_batch_has_a_foreign_reference() -> None:
    with sandboxed(faults=[parse_fault("foreign-reference")]) as client:
        answer = client.post_batch([payload(1), payload(2)])
        assert [message["reference"] for message in answer.json()["messages"]] == ["another"] * 2
        assert len(client.sandbox.store.all()) == 2


@pytest.mark.parametrize(
    "text", ["", "429x", "200", "429:every", "429:every=x", "429:often=3", "429:every=0", "dorp-after"]
)
def test_a_fault_that_is_none_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_fault(text)


def test_a_fault_reads_as_written() -> None:
    assert parse_fault("429:every=10,retry-after=2") == SandboxFault(kind="429", every=10, retry_after=2)
    assert parse_fault("slow:ms=150") == SandboxFault(kind="slow", milliseconds=150)
