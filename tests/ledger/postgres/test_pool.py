"""Ledgers reached through a connection pool, and servers that take a login and are silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger import access
from sendspec.ledger.copying import copy_ledger
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.first_answer import answer, ask, told_meanwhile
from sendspec.ledger.postgres.pool import pool_of
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.server_state import Pool
from session_pool import SessionPool

from .conftest import IDENTITY


@contextmanager
def through_pool(place: ServerPlace, **kind: int) -> Iterator[ServerPlace]:
    """The place as it is reached through a pool of this kind."""
    port = int(place.url.reveal().rpartition(":")[2].partition("/")[0])
    with closing(SessionPool(port, **{"shares": False, **kind})) as pool:  # type: ignore[arg-type]
        yield replace(place, url=Secret(f"postgresql://tester@127.0.0.1:{pool.port}/postgres"))


@pytest.mark.parametrize(("shares", "kind"), [(False, Pool.SESSION), (True, Pool.SHARED)])
def test_a_pool_is_recognised_by_the_sessions_that_it_gives(made: ServerPlace, shares: bool, kind: Pool) -> None:
    with through_pool(made, shares=shares) as far:
        assert access.inspect_server(far, lambda: 1.0).pool is kind


def test_a_run_refuses_a_pool_that_shares_sessions_even_if_nobody_else_uses_it(made: ServerPlace) -> None:
    with through_pool(made, shares=True) as far:
        with (
            pytest.raises(LedgerTrouble, match="connection pool"),
            access.hold(far, IDENTITY, OWNER, since="now", ci=False),
        ):
            pass
        with pytest.raises(LedgerTrouble, match="connection pool"), access.read(far, IDENTITY):
            pass
    with through_pool(made) as far, access.hold(far, IDENTITY, OWNER, since="now", ci=False) as ledger:
        assert ledger.begin(OWNER, now=2.0).run == 1


@pytest.mark.parametrize("step", ["make", "migrate", "copy"])
def test_no_ledger_is_made_migrated_or_copied_through_a_pool_that_shares_sessions(
    made: ServerPlace, tmp_path: Path, step: str
) -> None:
    with through_pool(made, shares=True) as far:
        other = replace(far, schema=f"{made.schema}_2")
        lock = tmp_path / "other.lock"
        steps: dict[str, Callable[[], object]] = {
            "make": lambda: access.make(other, lock, "test", IDENTITY, OWNER, since="now", now=1.0),
            "migrate": lambda: access.migrate(far, IDENTITY, OWNER, since="now"),
            "copy": lambda: copy_ledger(made, other, IDENTITY, OWNER, since="now", now=2.0, ci=False),
        }
        with pytest.raises(LedgerTrouble, match="connection pool"):
            steps[step]()
    with access.read(made, IDENTITY) as ledger:
        assert ledger.moved_to is None
    assert not access.is_there(replace(made, schema=f"{made.schema}_2"))


def test_one_session_of_a_pool_is_enough(made: ServerPlace) -> None:
    with through_pool(made, size=1) as far:
        assert access.inspect_server(far, lambda: 1.0).pool is Pool.SESSION
        with access.read(far, IDENTITY) as facts:
            assert facts.id == "one"
        with access.hold(far, IDENTITY, OWNER, since="now", ci=False) as ledger:
            assert ledger.begin(OWNER, now=2.0).run == 1


def test_a_server_that_takes_the_login_and_is_silent_is_told(made: ServerPlace) -> None:
    with through_pool(made, size=0) as far:
        with pytest.raises(LedgerUnwritable, match="takes the login, and then doesn't answer") as told:
            Session(far, answer_seconds=0.2)
        assert "all its sessions may be taken" in told.value.fix


def test_a_pool_that_serves_others_first_is_told(made: ServerPlace) -> None:
    """What kind it is of can't be found out then."""
    with through_pool(made, shares=True, crowded=True) as far:
        session = Session(far, answer_seconds=0.2)
        with pytest.raises(LedgerUnwritable, match="takes the login, and then doesn't answer"):
            pool_of(session, wait_seconds=0.2)
        assert not session.is_usable


def test_waiting_is_told_once_it_takes_long() -> None:
    told = threading.Event()
    with told_meanwhile(lambda words: told.set(), "waiting", 0.01):
        assert told.wait(60)
    heard: list[str] = []
    with told_meanwhile(heard.append, "waiting", 60):
        pass
    assert heard == []


def test_an_answer_that_comes_in_pieces_is_read_whole(made: ServerPlace) -> None:
    with closing(Session(made)) as session:
        ask(session.connection, "SELECT repeat('x', 1000000); SELECT 2 WHERE false")
        assert answer(session.connection, 60) == ["x" * 1_000_000, ""]
