"""A sweep over the API for deliveries, over a real socket: what it asks, what it believes, and where it stops."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sendspec.composing.identity import id_text
from sendspec.diagnostics.clock import Clock
from sendspec.ledger.delivery.observation import Observation, Source
from sendspec.ledger.record import KnownMessage, Route, SentMessage
from sendspec.planning.message_state import State
from sendspec.provider.endpoint import Endpoint
from sendspec.sending.connection import Connection
from sendspec.sending.delivery_sweep import DeliverySweep, Swept
from sendspec.sending.report_match import Matched, RemoteIds, ReportMatch
from sendspec.sending.request_pace import RequestPace
from sendspec.sending.undecided import Undecided

NOW = 1_900_000_000.0
ROUTE = Route("w", "c")
SLEPT: list[float] = []
CLOCK = Clock(monotonic=time.monotonic, wall=lambda: NOW, sleep=SLEPT.append, random=lambda: 0.5)
LONG = 30.0


def identity(number: int) -> bytes:
    return number.to_bytes(16)


def receiver(number: int) -> str:
    return f"+4477009{number:05d}"


def known(number: int, **changes: Any) -> KnownMessage:
    fields = {
        "state": State.ACCEPTED, "receiver": receiver(number).encode(), "remote_id": f"api-{number}", "reference": id_text(identity(number)),
    }  # fmt: skip
    return KnownMessage(**{**fields, **changes})


def sent(number: int, **changes: Any) -> SentMessage:
    fields = {"id": identity(number), "remote_id": f"api-{number}", "accepted_at": NOW - 60, "route": ROUTE}
    return SentMessage(**{**fields, **changes})


def shown(number: int, status: Any = "delivered", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"api-{number}",
        "reference": id_text(identity(number)),
        "receiver": {"contacts": [{"identifierValue": receiver(number)}]},
        "status": status,
        **changes,
    }


@dataclass
class FakeLedger:
    messages: dict[bytes, KnownMessage] = field(default_factory=dict)

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        return {each: self.messages[each] for each in ids if each in self.messages}


LEDGER = FakeLedger({identity(number): known(number) for number in range(1, 31)})


def swept(
    helpers: Any,
    answers: Sequence[bytes | None],
    *channels: Undecided,
    ledger: FakeLedger = LEDGER,
    seconds: float = 20.0,
    own: Callable[[], Sequence[SentMessage]] = list,
) -> tuple[Swept, dict[bytes, Observation], list[str]]:
    """What a sweep of these channels did and saw, and the targets of its requests. None closes the connection without an answer."""
    asked: list[str] = []
    seen: dict[bytes, Observation] = {}

    def script(connection: Any, number: int) -> None:
        while request := connection.recv(65_536):
            asked.append(request.split(b" ")[1].decode().partition("messages")[2])
            answer = answers[min(len(asked), len(answers)) - 1]
            if answer is None:
                return
            connection.sendall(answer)

    def observe(route: Route, found: Sequence[Matched]) -> None:
        assert route in {channel.route for channel in channels}
        seen.update({each.message: each for _, each in found})

    with helpers.raw_server(script) as server:
        endpoint = Endpoint(
            scheme="http", host="127.0.0.1", port=server.port, authority="x", path="/workspaces/w/channels/c/messages",
            authorization="AccessKey canary", peer_allowed=lambda peer: True,
        )  # fmt: skip
        match = ReportMatch(ledger, str.encode, own)
        sweep = DeliverySweep(match, lambda route: Connection(endpoint, None, CLOCK.monotonic), CLOCK, seconds=seconds)
        return sweep.run(channels, observe), seen, asked


def page(helpers: Any, *messages: Any, token: str | None = None) -> bytes:
    answer: bytes = helpers.http(200, json.dumps({"results": list(messages), "nextPageToken": token}).encode())
    return answer


def one(helpers: Any, message: Any, status: int = 200) -> bytes:
    answer: bytes = helpers.http(status, json.dumps(message).encode())
    return answer


def many(**changes: Any) -> Undecided:
    return Undecided(**{"route": ROUTE, "recent": 30, "since": NOW - 60, **changes})


def few(*messages: SentMessage) -> Undecided:
    return Undecided(route=ROUTE, recent=len(messages), since=NOW - 60, few=messages)


def test_the_list_is_read_from_before_the_oldest_message_on(helpers: Any) -> None:
    result, seen, asked = swept(
        helpers, [page(helpers, shown(1), token="t"), page(helpers, shown(2, "sent"))], many(ahead=100.0)
    )
    assert (result.is_whole, result.requests, result.observed, result.unreadable) == (True, 2, 2, 0)
    assert {each.message: (each.report.status, each.source, each.seen_at) for each in seen.values()} == {
        identity(1): ("delivered", Source.LIST, NOW), identity(2): ("sent", Source.LIST, NOW),
    }  # fmt: skip
    assert (
        "startAt=2030-03-17T17%3A27%3A20.000Z" in asked[0]
    )  # 60 s ago, by a clock that was 100 s ahead, less 20 minutes
    assert "pageToken=t" in asked[1]


def test_people_who_are_named_are_listed_sixteen_at_once(helpers: Any) -> None:
    people = tuple(f"+4477009000{n:02d}" for n in range(17))
    _, seen, asked = swept(helpers, [page(helpers, shown(1)), page(helpers, shown(2))], many(receivers=people))
    assert [each.count("to=%2B44") for each in asked] == [16, 1]
    assert set(seen) == {identity(1), identity(2)}


def test_older_than_the_list_is_cut_to_its_seven_days(helpers: Any) -> None:
    _, _, asked = swept(helpers, [page(helpers)], many(since=NOW - 8 * 86_400))
    assert "startAt=2030-03-10T17%3A57%3A40.000Z" in asked[0]


@pytest.mark.parametrize(
    ("message", "in_ledger", "counted"),
    [
        (shown(1), {}, "seen"),
        (shown(1, reference="other-words"), {}, "other"),
        (shown(1, id="api-9"), {}, "elsewhere"),
        (shown(1, receiver={"contacts": [{"identifierValue": receiver(2)}]}), {}, "elsewhere"),
        (shown(1, receiver=None), {}, "elsewhere"),
        (shown(1), {"state": State.IN_DOUBT}, "other"),
        (shown(1), {"state": State.PLANNED}, "other"),
        (shown(1), {"receiver": bytes(16)}, "elsewhere"),
        (shown(1, id="any"), {"remote_id": None}, "seen"),
        (shown(1, id="any"), {"remote_id": None, "reference": id_text(identity(1)) + "-2"}, "elsewhere"),
        (shown(1, reference=id_text(identity(1)) + "-2"), {"reference": id_text(identity(1)) + "-2"}, "seen"),
        (shown(1, reference="order-" + id_text(identity(1))), {"reference": "order-" + id_text(identity(1))}, "seen"),
        (shown(1, status=5), {}, "unreadable"),
        (shown(1, id=5), {}, "unreadable"),
        (shown(1, status="rejected"), {}, "seen"),
        (shown(77), {}, "other"),
        ("text", {}, "unreadable"),
    ],
)  # fmt: skip
def test_only_what_is_surely_ours_is_believed(
    helpers: Any, message: Any, in_ledger: dict[str, Any], counted: str
) -> None:
    ledger = FakeLedger({identity(1): known(1, **in_ledger)})
    result, seen, _ = swept(helpers, [page(helpers, message)], many(), ledger=ledger)
    found = {"seen": result.observed, "elsewhere": result.elsewhere, "unreadable": result.unreadable}
    assert {word for word, count in found.items() if count} == ({counted} - {"other"})
    assert len(seen) == result.observed


def test_a_reference_of_the_users_own_is_found_by_the_apis_id(helpers: Any) -> None:
    ledger = FakeLedger({identity(n): known(n, reference=f"order-{n}") for n in (1, 2)})
    messages = [shown(1, reference="order-1"), shown(2, reference="order-2", id="api-1"), shown(3, reference="x")]
    result, seen, _ = swept(
        helpers, [page(helpers, *messages, token="t"), page(helpers, shown(2, reference="order-2"))], many(), ledger=ledger,
        own=lambda: [sent(1), sent(2), sent(4, remote_id=None)],
    )  # fmt: skip
    assert (set(seen), result.elsewhere) == ({identity(1), identity(2)}, 1)


def test_many_ids_are_found_in_little_memory() -> None:
    ids = RemoteIds(sent(number) for number in range(5_000))
    assert all(list(ids.candidates(f"api-{number}")) == [identity(number)] for number in range(0, 5_000, 97))
    assert list(ids.candidates("api-5000")) == list(RemoteIds([]).candidates("api-1")) == []


def test_a_few_are_asked_for_one_by_one(helpers: Any) -> None:
    result, seen, asked = swept(
        helpers, [one(helpers, shown(1)), one(helpers, shown(2, "sent"))], few(sent(1), sent(2))
    )
    assert (asked, set(seen), result.is_whole) == (["/api-1", "/api-2"], {identity(1), identity(2)}, True)
    assert {each.source for each in seen.values()} == {Source.GET}


@pytest.mark.parametrize("answer", ["404", "500", "closed", "another", "garbage", "huge"])
def test_one_that_is_not_answered_is_looked_up_in_the_list(helpers: Any, answer: str) -> None:
    first = {
        "404": helpers.http(404, b"{}"), "500": helpers.http(500), "closed": None, "another": one(helpers, shown(2)),
        "garbage": helpers.http(200, b"<html>"), "huge": helpers.http(200, b" " * 300_000),
    }[answer]  # fmt: skip
    result, seen, asked = swept(helpers, [first, page(helpers, shown(1))], few(sent(1)))
    assert (asked[0], asked[1][:11], set(seen), result.is_whole) == ("/api-1", "?direction=", {identity(1)}, True)


@pytest.mark.parametrize("status", [429, 502])
def test_a_busy_api_is_asked_nothing_more_singly(helpers: Any, status: int) -> None:
    _, _, asked = swept(helpers, [helpers.http(status), page(helpers)], few(*(sent(number) for number in range(1, 10))))
    assert [each[:7] for each in asked] == ["/api-1", "?direct"]


@pytest.mark.parametrize("remote_id", [None, "hidden:00ff", "..", "a/b", "é"])
def test_an_id_that_is_none_is_not_asked_for(helpers: Any, remote_id: str | None) -> None:
    _, _, asked = swept(helpers, [page(helpers)], few(sent(1, remote_id=remote_id)))
    assert [each[:11] for each in asked] == ["?direction="]


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize("channel", [few(sent(1)), many()])
def test_a_refusal_of_the_whole_ends_the_sweep(helpers: Any, status: int, channel: Undecided) -> None:
    result, _, asked = swept(helpers, [helpers.http(status, b'{"code": "NoAccess"}')], channel, many())
    assert result.refusal is not None
    assert (result.refusal.http_status, len(asked), result.is_whole) == (status, 1, False)


def test_a_list_that_cannot_be_read_does_not_keep_others_from_being_read(helpers: Any) -> None:
    answers = [*[helpers.http(429, b"{}", "Retry-After: 50")], page(helpers, shown(1))]
    result, seen, _ = swept(helpers, answers, many(), many())
    assert (set(seen), result.retry_after, "429" in result.unread, result.is_whole) == (
        {identity(1)},
        50.0,
        True,
        False,
    )


def test_what_a_broken_off_list_showed_counts(helpers: Any) -> None:
    result, seen, _ = swept(helpers, [page(helpers, shown(1), token="t"), page(helpers, shown(2), token="t")], many())
    assert (set(seen), "round in a circle" in result.unread) == ({identity(1), identity(2)}, True)


def test_stragglers_that_the_list_does_not_show_are_asked_for_and_no_more_than_twenty(helpers: Any) -> None:
    stragglers = tuple(sent(number) for number in range(1, 31))
    channel = many(stragglers=stragglers)
    result, seen, asked = swept(
        helpers, [page(helpers, shown(1), shown(2)), *(one(helpers, shown(n)) for n in range(3, 30))], channel
    )
    assert asked[1:] == [f"/api-{number}" for number in range(3, 23)]
    assert len(seen) == 22
    old = Undecided(route=ROUTE, stragglers=stragglers[:2])
    result, seen, asked = swept(helpers, [one(helpers, shown(1)), one(helpers, shown(2))], old)
    assert (asked, len(seen), result.is_whole) == (["/api-1", "/api-2"], 2, True)


def test_two_channels_share_the_number_of_single_questions(helpers: Any) -> None:
    some = few(*(sent(number) for number in range(1, 16)))
    answers = [*(one(helpers, shown(number)) for number in range(1, 16)), page(helpers)]
    _, _, asked = swept(helpers, answers, some, some)
    assert len(asked) == 16
    assert asked[-1].startswith("?direction=")


def test_no_request_and_no_wait_outlasts_the_sweep(helpers: Any) -> None:
    """A server that answers nothing, and one that always asks for another try."""

    over = threading.Event()

    def hang(connection: Any, number: int) -> None:
        connection.recv(65_536)
        over.wait(LONG)

    with helpers.raw_server(hang) as server:
        endpoint = Endpoint(
            scheme="http", host="127.0.0.1", port=server.port, authority="x", path="/m", authorization="AccessKey canary",
            peer_allowed=lambda peer: True,
        )  # fmt: skip
        sweep = DeliverySweep(
            ReportMatch(LEDGER, str.encode, list),
            lambda route: Connection(endpoint, None, CLOCK.monotonic),
            CLOCK,
            seconds=0.2,
        )
        before = time.monotonic()
        result = sweep.run([many()], lambda route, found: None)
        assert time.monotonic() - before < LONG
        over.set()
        assert not result.is_whole
    SLEPT.clear()
    result, _, _ = swept(helpers, [helpers.http(503, b"{}", "Retry-After: 9")], many(), seconds=5.0)
    assert sum(SLEPT) < 5.0
    assert result.retry_after == 9.0


def test_requests_are_spaced() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = RequestPace(Clock(monotonic=lambda: now[0], wall=time.time, sleep=sleep, random=lambda: 0.5))
    for _ in range(11):
        pace()
    assert pace.requests == 11
    assert now[0] == pytest.approx(1.0)
    now[0] = 100.0  # what was not used is not made up for
    pace()
    pace()
    assert now[0] == pytest.approx(100.1)
