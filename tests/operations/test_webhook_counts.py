"""A receiver says what arrived, once a minute and only if there is more."""

from __future__ import annotations

import http.client
from collections.abc import Callable

import pytest
from project_dir import SPEC, ProjectDir, numbers
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.project_context import open_context
from sendspec.operations.system import real_system
from sendspec.operations.webhook_serve import ServeSettings, ServeWords, serve
from sendspec.operations.webhook_settings import SigningKeys
from sendspec.showing.webhook_serve import counts_text
from webhook_requests import KEY, URL, reply_event, signature_headers


class Minutes:
    """The end of a receiver, asked for after as many minutes as there are things to do in them."""

    def __init__(self, *in_each: Callable[[], object]) -> None:
        self._left = list(in_each)

    def set(self) -> None:
        self._left.clear()

    def wait(self, seconds: float | None = None) -> bool:
        if not self._left:
            return True
        self._left.pop(0)()
        return False


def test_what_arrived_is_told_every_minute_that_brought_more(
    project: ProjectDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(1))
    context = open_context((), "test", Problems(), real_system("test"))
    assert context is not None
    where: list[str] = []
    told: list[str] = []

    def post(key: str) -> None:
        body = reply_event("+447700900001", "hello")
        connection = http.client.HTTPConnection(where[0], timeout=20)
        now = context.system.clock.wall()
        connection.request("POST", "/bird?env=test", body, signature_headers(body, key, timestamp=now))
        connection.getresponse().read()
        connection.close()

    words = ServeWords(
        listening=where.append,
        counted=lambda answered: told.append(counts_text(answered)),
        refused=lambda reason, error: None,
        put_aside=lambda reasons, path: None,
        tell=told.append,
    )
    settings = ServeSettings(keys=SigningKeys(("K",), (KEY,)), url=URL, address=("127.0.0.1", 0))
    minutes = Minutes(lambda: post(KEY), lambda: None, lambda: post("wrong"))
    report = serve(context, settings, words, minutes)
    assert told == ["1 request received", "1 request received; refused: 1 signature_wrong"]
    assert (report.answered, report.left) == ({"": 1, "signature_wrong": 1}, 0)
