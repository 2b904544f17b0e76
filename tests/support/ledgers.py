"""The kinds of ledger that the conformance tests run on: each is one entry of `LEDGERS`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ledger_samples import OWNER
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.reading.environment import LedgerPlace


class Store(Protocol):
    """One empty ledger, to be opened any number of times, one after another."""

    def hold(self) -> AbstractContextManager[Ledger]:
        """Opened by a new owner, without a run begun."""

    def read(self) -> AbstractContextManager[Facts]: ...


class SqliteStore:
    def __init__(self, folder: Path) -> None:
        self._place = LedgerPlace(folder / "test.db", durable=True)
        self._identity = LedgerIdentity("one", bytes(32))
        access.make_unlisted(self._place, self._identity, OWNER, since="now", now=1.0)

    def hold(self) -> AbstractContextManager[Ledger]:
        return access.hold(self._place, self._identity, OWNER, since="now", ci=False)

    def read(self) -> AbstractContextManager[Facts]:
        return access.read(self._place, self._identity, latest=True)


LEDGERS: dict[str, Callable[[Path], Store]] = {"sqlite": SqliteStore}
