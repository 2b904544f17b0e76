"""Interactions asked for one message at a time, over a real socket: what is read, and what ends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from sendspec.diagnostics.clock import Clock
from sendspec.provider.endpoint import Endpoint
from sendspec.sending.connection import Connection
from sendspec.sending.interaction_sweep import MAX_BODY, MAX_PAGES, InteractionSweep
from sendspec.sending.list_reader import ListAbandoned, ListUnread
from sendspec.sending.request_pace import RequestPace

CLOCK = Clock(monotonic=time.monotonic, wall=time.time, sleep=lambda seconds: None, random=lambda: 0.0)
PATH = "/workspaces/w/channels/c/messages"


def page(*numbers: int, token: str | None = None) -> bytes:
    entries = [
        {"id": f"act-{n}", "messageId": "m-1", "type": "clicked", "createdAt": "2026-11-24T09:00:00Z"} for n in numbers
    ]
    return json.dumps({"results": [*entries, {}], "nextPageToken": token}).encode()


class Asked:
    """What was asked for, the ids of what was read, and how many entries could not be read."""

    def __init__(
        self, helpers: Any, answer: Callable[[int], bytes], message: str = "m-1", *, stopped: bool = False
    ) -> None:
        self.targets: list[str] = []
        self.read: list[str] = []

        def script(connection: Any, number: int) -> None:
            while request := connection.recv(65_536):
                self.targets.append(request.split(b" ")[1].decode().removeprefix(PATH))
                connection.sendall(answer(len(self.targets)))

        with helpers.raw_server(script) as server:
            endpoint = Endpoint(
                scheme="http", host="127.0.0.1", port=server.port, authority=f"127.0.0.1:{server.port}", path=PATH,
                authorization="AccessKey canary", peer_allowed=lambda peer: True,
            )  # fmt: skip
            connection = Connection(endpoint, None, time.monotonic)
            sweep = InteractionSweep(connection, CLOCK, RequestPace(CLOCK), lambda: stopped)
            try:
                for entries in sweep.interactions_with(message):
                    self.read += [entry.id for entry in entries]
            finally:
                connection.close()
                self.skipped = sweep.skipped


def test_every_page_is_read(helpers: Any) -> None:
    asked = Asked(helpers, lambda n: helpers.http(200, page(n, token="t" if n == 1 else None)))
    assert (asked.read, asked.skipped) == (["act-1", "act-2"], 2)
    assert asked.targets == ["/m-1/interactions", "/m-1/interactions?pageToken=t"]


def test_pages_without_end_are_left(helpers: Any) -> None:
    asked = Asked(helpers, lambda n: helpers.http(200, page(n, token="t")))
    assert len(asked.targets) == len(asked.read) == MAX_PAGES


def test_a_message_that_is_gone_or_can_not_be_asked_for_has_none(helpers: Any) -> None:
    assert Asked(helpers, lambda n: helpers.http(404, b"{}")).read == []
    assert Asked(helpers, lambda n: b"", "hidden:00").targets == []


@pytest.mark.parametrize(
    ("answer", "reason", "refused"),
    [
        ((500, b"{}"), "500", False),
        ((401, b"{}"), "401", True),
        ((200, b"[]"), "not the documented JSON", False),
        ((200, b"x" * (MAX_BODY + 1)), "large", False),
        (None, "can't be read", False),
    ],
)
def test_what_can_not_be_read_ends_it(
    helpers: Any, answer: tuple[int, bytes] | None, reason: str, refused: bool
) -> None:
    with pytest.raises(ListUnread, match=reason) as caught:
        Asked(helpers, lambda n: b"no HTTP\r\n\r\n" if answer is None else helpers.http(*answer))
    assert (caught.value.refusal is not None) is refused


def test_an_address_that_nobody_answers_ends_it(helpers: Any) -> None:
    endpoint = Endpoint(
        scheme="http", host="127.0.0.1", port=1, authority="127.0.0.1:1", path=PATH, authorization="AccessKey canary",
        peer_allowed=lambda peer: True,
    )  # fmt: skip
    sweep = InteractionSweep(Connection(endpoint, None, time.monotonic), CLOCK, RequestPace(CLOCK), lambda: False)
    with pytest.raises(ListUnread, match=r"127\.0\.0\.1:1"):
        list(sweep.interactions_with("m-1"))


def test_a_signal_ends_it_before_the_next_request(helpers: Any) -> None:
    with pytest.raises(ListAbandoned):
        Asked(helpers, lambda n: helpers.http(200, page(n)), stopped=True)
