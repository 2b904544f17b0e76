"""The kinds of ledger that the conformance tests run on: each is one entry of `LEDGERS`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from ledger_samples import OWNER
from postgres_server import server_url
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, Secret, ServerPlace
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.reading.environment import LedgerFile

IDENTITY = LedgerIdentity("one", bytes(32))


class Store(Protocol):
    """One empty ledger, to be opened any number of times, one after another."""

    def hold(self) -> AbstractContextManager[Ledger]:
        """Opened by a new owner, without a run begun."""

    def read(self) -> AbstractContextManager[Facts]: ...

    @property
    def place(self) -> LedgerPlace: ...


class SqliteStore:
    def __init__(self, folder: Path) -> None:
        file = LedgerFile(folder / "test.db", durable=True)
        self.place: LedgerPlace = file
        access.make_unlisted(file, IDENTITY, OWNER, since="now", now=1.0)

    def hold(self) -> AbstractContextManager[Ledger]:
        return access.hold(self.place, IDENTITY, OWNER, since="now", ci=False)

    def read(self) -> AbstractContextManager[Facts]:
        return access.read(self.place, IDENTITY, latest=True)


class PostgresStore:
    """Each in a schema of its own on the tests' server."""

    def __init__(self, folder: Path) -> None:
        server = ServerPlace(Secret(server_url()), f"test_{uuid4().hex}", "the ledger at TEST_URL", folder)
        self.place: ServerPlace = server
        access.make(server, folder / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)

    def hold(self) -> AbstractContextManager[Ledger]:
        return access.hold(self.place, IDENTITY, OWNER, since="now", ci=False)

    def read(self) -> AbstractContextManager[Facts]:
        return access.read(self.place, IDENTITY, latest=True)


MARKS = {"postgres": pytest.mark.process}
"""The tests' server is a process."""
LEDGERS: dict[str, Callable[[Path], Store]] = {"postgres": PostgresStore, "sqlite": SqliteStore}
