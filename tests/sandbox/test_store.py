"""The sandbox's stored messages: kept over restarts, upgraded, and paged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sandbox_client import CHANNEL, NOW, PATH, WORKSPACE, Client, payload, sandboxed
from sendspec.sandbox.store import Store


def pages(client: Client, query: str) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = client.ask("GET", f"{PATH}?{query}{token}").json()
        found.append([message["reference"] for message in page["results"]])
        if "nextPageToken" not in page:
            return found
        token = f"&pageToken={page['nextPageToken']}"


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


def test_what_was_accepted_is_still_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sandboxed(path) as client:
        client.post(payload(3))
    with sandboxed(path) as client:
        assert [message.payload["reference"] for message in client.sandbox.store.all()] == ["m3"]
