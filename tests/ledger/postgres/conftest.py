"""Ledgers on the tests' own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cutting_proxy import CuttingProxy
from ledger_samples import IDS, OWNER, SEND, record
from postgres_server import server_url
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger

IDENTITY = LedgerIdentity("one", bytes(32))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The server is a process."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.process)


@pytest.fixture
def place(tmp_path: Path) -> ServerPlace:
    """Where no ledger is yet."""
    return ServerPlace(Secret(server_url()), f"test_{uuid4().hex}", "the server at TEST_URL", tmp_path)


@pytest.fixture
def made(place: ServerPlace, tmp_path: Path) -> ServerPlace:
    access.make(place, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    return place


@pytest.fixture
def sql(place: ServerPlace) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the ledger's owner, beside the ledger's own."""
    with psycopg.connect(place.url.reveal(), autocommit=True) as connection:
        connection.execute(f"SET search_path = {place.schema}")
        yield connection


@pytest.fixture
def new_run(made: ServerPlace) -> Iterator[Callable[..., PostgresLedger]]:
    """Begins runs, each in a session of its own; all end with the test."""
    with ExitStack() as held:

        def begin(now: float = 2.0, place: ServerPlace | None = None) -> PostgresLedger:
            ledger = held.enter_context(access.hold(place or made, IDENTITY, OWNER, since="now", ci=False))
            assert isinstance(ledger, PostgresLedger)
            ledger.begin(OWNER, now=now)
            return ledger

        yield begin


@pytest.fixture
def planned(new_run: Callable[..., PostgresLedger]) -> PostgresLedger:
    """A run that has planned eight messages."""
    ledger = new_run()
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    return ledger


@pytest.fixture
def proxy(made: ServerPlace) -> Iterator[CuttingProxy]:
    cutting = CuttingProxy(int(made.url.reveal().rpartition(":")[2].partition("/")[0]))
    yield cutting
    cutting.close()


@pytest.fixture
def through(made: ServerPlace, proxy: CuttingProxy) -> ServerPlace:
    """The same ledger, reached through the proxy."""
    return replace(made, url=Secret(f"postgresql://tester@127.0.0.1:{proxy.port}/postgres"))
