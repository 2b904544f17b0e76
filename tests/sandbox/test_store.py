"""The sandbox's stored messages: kept over restarts, upgraded, and paged."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree

import pytest
from sandbox_client import CHANNEL, NOW, WORKSPACE, Clock, pages, payload, sandboxed
from sendspec.diagnostics.exceptions import SandboxUnwritable
from sendspec.sandbox.store import Incoming, Store
from sendspec.sandbox.store_file import KNOWN


def test_narrowed_pages_are_filled_however_many_messages_lie_between(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.db")
    store.add(WORKSPACE, CHANNEL, [(f"id-{n}", payload(n % 1_000)) for n in range(3_000)], NOW)
    found = store.page(
        WORKSPACE, CHANNEL, after=None, since=None, until=None, limit=10,
        matches=lambda message: message.receivers == ["+447700900005"],
    )  # fmt: skip
    assert [message.id for message in found] == ["id-2005", "id-1005", "id-5"]
    store.close()


@pytest.mark.parametrize("version", range(len(KNOWN)))
def test_a_store_of_an_earlier_version_is_used_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "sandbox.db"
    with sqlite3.connect(path) as old:
        for table in KNOWN[version]:
            old.execute(table)
    old.close()
    with sandboxed(path) as client, sandboxed(path) as another:
        client.post(payload(1))
        another.sandbox.store.add_incoming(Incoming(0, "id", WORKSPACE, CHANNEL, "+447700900001", "Hello", NOW, None))
        assert pages(client, "") == [["m1"]]
        assert len(client.sandbox.store.incoming(WORKSPACE, CHANNEL)) == 1
    with sqlite3.connect(path) as now:
        assert [sql for (sql,) in now.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")] == KNOWN[-1]
    now.close()


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM message; END",
        "CREATE VIEW incoming AS SELECT * FROM message",
        "CREATE TABLE incoming (number)",
    ],
)
def test_a_store_with_anything_else_in_it_is_refused(tmp_path: Path, planted: str) -> None:
    path = tmp_path / "sandbox.db"
    Store(path).close()
    with sqlite3.connect(path) as changed:
        if "incoming" in planted:
            changed.execute("DROP TABLE incoming")
        changed.execute(planted)
    changed.close()
    with pytest.raises(SandboxUnwritable, match="another database"):
        Store(path)


def test_two_that_open_a_new_store_at_once_both_use_it(tmp_path: Path) -> None:
    for attempt in range(5):
        path = tmp_path / f"sandbox-{attempt}.db"
        with ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(Store, [path] * 4))
        for store in stores:
            store.close()


def test_what_was_accepted_is_still_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with sandboxed(path) as client:
        client.post(payload(3))
    with sandboxed(path) as client:
        assert [message.payload["reference"] for message in client.sandbox.store.all()] == ["m3"]


def test_a_file_that_fails_later_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    store = Store(path)
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE incoming")
    other.close()
    for use in (lambda: store.forget(NOW), store.newest_numbers, lambda: store.incoming(WORKSPACE, CHANNEL)):
        with pytest.raises(SandboxUnwritable, match=r"can't be kept in .*sandbox\.db: no such table: incoming"):
            use()
    assert store.all() == []
    store.close()


def test_a_file_that_was_removed_or_replaced_is_noticed_and_the_new_one_used(tmp_path: Path) -> None:
    path, clock = tmp_path / ".sendspec" / "sandbox.db", Clock()

    def add(store: Store, name: str) -> None:
        store.add(WORKSPACE, CHANNEL, [(name, payload(1))], NOW)

    def names() -> list[str]:
        return [message.id for message in ours.all()]

    ours = Store(path, clock)
    add(ours, "one")
    assert (names(), ours.lost_at) == (["one"], None)
    rmtree(path.parent)
    assert (names(), ours.newest_numbers(), ours.lost_at) == ([], (0, 0), NOW)
    assert not path.parent.exists()  # a look leaves nothing behind, so that a folder can be removed
    clock.now += 5
    other = Store(path)
    add(other, "two")
    assert (names(), ours.lost_at) == (["two"], NOW)
    other.close()
    clock.now += 5
    rmtree(path.parent)
    add(ours, "three")
    assert (names(), ours.lost_at) == (["three"], NOW + 10)
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert path.stat().st_mode & 0o077 == 0
    path.rename(path.with_name("old"))
    Store(path).close()
    assert (names(), ours.lost_at) == ([], NOW + 10)
    path.unlink()
    path.symlink_to("old")
    with pytest.raises(SandboxUnwritable, match="link"):
        ours.all()
    ours.close()
