"""One look at what people sent, over a real socket: from where, up to when, and what a look that breaks off says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sendspec.diagnostics.clock import Clock
from sendspec.provider.endpoint import Endpoint
from sendspec.sending.connection import Connection
from sendspec.sending.incoming_sweep import INCOMING_BOUNDS, OVERLAP, IncomingSwept, sweep_incoming
from sendspec.sending.list_reader import ListReader
from sendspec.sending.list_window import MARGIN, MAX_WINDOW

NOW = 1_800_000_000.0
HOUR, DAY = 3_600.0, 86_400.0


def reply(number: int) -> dict[str, Any]:
    return {
        "id": f"in-{number}",
        "sender": {"contact": {"identifierValue": "+447700900001"}},
        "createdAt": "2026-11-24T09:00:00Z",
    }


def page(*entries: Any, token: str | None = None, date: float = NOW) -> bytes:
    body = json.dumps({"results": list(entries), "nextPageToken": token}).encode()
    return _answer(200, body, date)


def _answer(status: int, body: bytes = b"{}", date: float = NOW) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nDate: {formatdate(date, usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Look:
    """What one look did: its result, the ids it kept, and the windows that it asked for."""

    def __init__(self, helpers: Any, answers: Iterable[bytes], mark: float | None) -> None:
        self.kept: list[str] = []
        self.asked: list[dict[str, list[str]]] = []
        left = list(answers)

        def script(connection: Any, number: int) -> None:
            while request := connection.recv(65_536):
                self.asked.append(parse_qs(urlsplit(request.split(b" ")[1].decode()).query))
                connection.sendall(left.pop(0) if len(left) > 1 else left[0])

        clock = Clock(monotonic=time.monotonic, wall=lambda: NOW, sleep=lambda seconds: None, random=lambda: 0.0)
        with helpers.raw_server(script) as server:
            endpoint = Endpoint(
                scheme="http", host="127.0.0.1", port=server.port, authority=f"127.0.0.1:{server.port}",
                path="/workspaces/w/channels/c/messages", authorization="AccessKey canary", peer_allowed=lambda peer: True,
            )  # fmt: skip
            reader = ListReader(Connection(endpoint, None, time.monotonic), clock, 5.0, lambda: False, INCOMING_BOUNDS)
            self.found: IncomingSwept = sweep_incoming(
                reader, mark, NOW, lambda messages: self.kept.extend(each.id for each in messages)
            )

    @property
    def windows(self) -> list[tuple[float, float]]:
        return [(_moment(each["startAt"]), _moment(each["endAt"])) for each in self.asked]


def _moment(written: list[str]) -> float:
    return datetime.fromisoformat(written[0]).timestamp() - NOW


@pytest.mark.parametrize(
    ("mark", "since", "gap"),
    [
        (None, MARGIN - MAX_WINDOW, 0.0),
        (-DAY, -DAY - OVERLAP, 0.0),
        (0.0, -OVERLAP, 0.0),
        (MARGIN, MARGIN - OVERLAP, 0.0),
        (5 * DAY, MARGIN - MAX_WINDOW, 0.0),  # a clock was wrong then: it says nothing of what was read
        (-9 * DAY, MARGIN - MAX_WINDOW, 9 * DAY + MARGIN - MAX_WINDOW),
    ],
)
def test_it_reads_from_before_the_last_look_to_now(helpers: Any, mark: float | None, since: float, gap: float) -> None:
    look = Look(helpers, [page(reply(1))], None if mark is None else NOW + mark)
    assert look.windows == [(since, MARGIN)]
    assert look.kept == ["in-1"]
    assert look.found == IncomingSwept(until=NOW, gap=gap)


def test_what_was_read_counts_by_the_clock_of_the_api(helpers: Any) -> None:
    look = Look(helpers, [page(reply(1), date=NOW + 2 * HOUR)], NOW + 2 * HOUR - 60)
    assert look.windows[-1][1] == 2 * HOUR + MARGIN
    assert look.found.until == NOW + 2 * HOUR


def test_every_page_is_kept_and_what_can_not_be_read_is_counted(helpers: Any) -> None:
    look = Look(helpers, [page(reply(1), "x", token="t"), page(reply(2), {})], NOW)
    assert (look.kept, look.found.skipped, look.found.until) == (["in-1", "in-2"], 2, NOW)
    assert look.asked[1]["pageToken"] == ["t"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([page(reply(1), token="t"), _answer(502)], "502"),
        ([page(reply(1), token="t"), _answer(403)], "403"),
        ([page(reply(1), token="t")], "circle"),
        ([page(reply(1), token="t"), _answer(200, b"[]")], "not the documented JSON"),
    ],
)
def test_a_list_that_breaks_off_is_not_read_but_what_it_showed_is_kept(
    helpers: Any, answers: list[bytes], reason: str
) -> None:
    look = Look(helpers, answers, NOW)
    assert look.found.until is None
    assert look.found.unread is not None
    assert reason in look.found.unread.reason
    assert look.kept[0] == "in-1"
