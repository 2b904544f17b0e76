"""A sandbox with a clock of its own, and a client that talks to it over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.api import Sandbox
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


def payload(n: int = 1, **more: Any) -> dict[str, Any]:
    contacts = [{"identifierKey": "phonenumber", "identifierValue": f"+4477009{n:05d}"}]
    return {
        "receiver": {"contacts": contacts},
        "body": {"type": "text", "text": {"text": "Hi"}},
        "reference": f"m{n}",
        **more,
    }


def payload_to(number: str, **more: Any) -> dict[str, Any]:
    """A message to this phone number; its reference is `to-` and the number's last three digits."""
    contacts = [{"identifierKey": "phonenumber", "identifierValue": number}]
    return payload(receiver={"contacts": contacts}, reference=f"to-{number[-3:]}", **more)


def conforms(name: str, document: Any) -> None:
    assert load_schema(name).problems(document) == []


def pages(client: Client, query: str) -> list[list[str]]:
    """The references of every message, by the page of the list that has it."""
    found, token = [], ""
    while True:
        page = client.ask("GET", f"{PATH}?{query}{token}").json()
        found.append([message["reference"] for message in page["results"]])
        if "nextPageToken" not in page:
            return found
        token = f"&pageToken={page['nextPageToken']}"
