"""Each test here runs on every kind of ledger, through the protocol alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER, SEND, record
from ledgers import LEDGERS, MARKS, Store
from sendspec.ledger.protocol import Ledger


@pytest.fixture(scope="session", params=[pytest.param(kind, marks=MARKS.get(kind, ())) for kind in sorted(LEDGERS)])
def ledger_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def new_store(ledger_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Store]:
    """Makes another empty ledger."""
    return lambda: LEDGERS[ledger_kind](tmp_path_factory.mktemp("ledger"))


@pytest.fixture
def store(ledger_kind: str, tmp_path: Path) -> Store:
    return LEDGERS[ledger_kind](tmp_path)


@pytest.fixture
def unbegun(store: Store) -> Iterator[Ledger]:
    with store.hold() as ledger:
        yield ledger


@pytest.fixture
def running(unbegun: Ledger) -> Ledger:
    """A ledger with a run begun and eight messages planned."""
    unbegun.begin(OWNER, now=2.0)
    unbegun.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    return unbegun
