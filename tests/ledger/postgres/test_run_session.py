"""A server that goes away and comes back: answers that are lost, sessions that end, calls that are repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest
from cutting_proxy import CuttingProxy
from ledger_samples import IDS, OWNER, SEND, claim, claims, record, settle
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import EXCHANGE, PostgresLedger
from sendspec.ledger.postgres.opening import open_to_write
from sendspec.ledger.postgres.run_session import PATIENCE_SECONDS, RunSession
from sendspec.ledger.record import Change, Settlement
from sendspec.planning.message_state import MOVE_BY_NAME, State

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def far(new_run: NewRun, through: ServerPlace) -> PostgresLedger:
    """A run whose session goes through the proxy, with eight messages planned."""
    ledger = new_run(place=through)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    return ledger


def test_an_exchange_whose_answer_is_lost_happens_once(far: PostgresLedger, proxy: CuttingProxy) -> None:
    proxy.swallow_next()
    assert claim(far, IDS[0], IDS[1]) == {IDS[0]: 1, IDS[1]: 1}
    proxy.swallow_next()
    exchanged = far.exchange(
        settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id-1"), Settlement(IDS[1], 1, State.PLANNED)],
        claim=claims([IDS[2], IDS[1]]),
        now=4.0,
    )
    assert exchanged.won == {IDS[1]: 2, IDS[2]: 1}
    assert far.states("hello", 1) == {State.ACCEPTED: 1, State.SENDING: 2, State.PLANNED: 5}
    assert (far.find_damage(), far.odd_moves()) == ([], [])


def test_a_purge_whose_answer_is_lost_tells_how_many_it_purged(far: PostgresLedger, proxy: CuttingProxy) -> None:
    claim(far, *IDS[:2])
    for identity in IDS[:2]:
        settle(far, identity, 1, State.ACCEPTED)
    proxy.swallow_next()
    assert far.purge(before=99.0) == 2
    assert far.purge(before=99.0) == 0
    assert claim(far, IDS[2]) == {IDS[2]: 1}


def test_claims_that_were_lost_are_lost_again_when_it_is_repeated(
    far: PostgresLedger, new_run: NewRun, proxy: CuttingProxy
) -> None:
    claim(new_run(), IDS[0])
    claim(far, IDS[1])
    proxy.swallow_next()
    exchanged = far.exchange(settle=[], claim=claims(IDS[:3]), now=4.0)
    assert (exchanged.won, set(exchanged.lost)) == ({IDS[2]: 1}, {IDS[0], IDS[1]})


@pytest.mark.parametrize("number", [1, 2])
def test_an_exchange_out_of_order_is_refused(planned: PostgresLedger, number: int) -> None:
    """As on a server that was restored meanwhile, which knows of fewer than the run has made."""
    claim(planned, IDS[0])
    planned._exchange += number
    with pytest.raises(LedgerDamaged, match="lacks the latest writes"):
        claim(planned, IDS[1])


def test_a_connection_that_is_cut_is_made_again(far: PostgresLedger, proxy: CuttingProxy) -> None:
    for number, identity in enumerate(IDS):
        claim(far, identity)
        if number % 2:
            proxy.cut()
    assert far.states("hello", 1) == {State.SENDING: 8}
    proxy.cut()
    with far.one_moment():
        assert far.count_uncertain("hello") == 8
    proxy.cut()
    far.put_planned(SEND, map(record, IDS), b"p" * 32, now=3.0)
    proxy.cut()
    far.end(now=9.0, ending="finished", requests=8)


def test_a_move_is_not_repeated(far: PostgresLedger, proxy: CuttingProxy) -> None:
    change = Change(id=IDS[0], attempt=0, to=State.SKIPPED, reason="called off")
    proxy.swallow_next()
    with pytest.raises(LedgerUnwritable):
        far.move(MOVE_BY_NAME["drop"], [change], now=3.0)
    assert far.facts(IDS[:1])[IDS[0]].state is State.SKIPPED


def test_a_plan_that_breaks_off_is_not_written(far: PostgresLedger, proxy: CuttingProxy) -> None:
    def breaking() -> Iterator[object]:
        yield record(b"n" * 16)
        proxy.cut()

    with pytest.raises(LedgerUnwritable):
        far.put_planned(SEND, breaking(), b"p" * 32, now=3.0)  # type: ignore[arg-type]
    assert sum(far.states("hello", 1).values()) == len(IDS)


def test_a_server_that_stays_away_is_waited_for_and_then_given_up(through: ServerPlace, proxy: CuttingProxy) -> None:
    seconds = count()
    session = RunSession(through, monotonic=lambda: float(next(seconds)), sleep=lambda pause: None)
    proxy.close()
    with pytest.raises(LedgerUnwritable, match="can't be reached"):
        session.rows("SELECT 1")
    waited = next(seconds)
    assert waited > PATIENCE_SECONDS
    with pytest.raises(LedgerUnwritable, match="can't be reached"):
        session.rows("SELECT 1")
    assert next(seconds) < waited + 5


def test_a_fault_of_ours_is_not_repeated(planned: PostgresLedger) -> None:
    with pytest.raises(LedgerTrouble, match="22012"):
        planned._session.rows("SELECT 1 / 0")


def test_a_session_that_another_has_taken_over_writes_nothing(planned: PostgresLedger, sql: Sql) -> None:
    """As behind a pool in transaction mode."""
    sql.execute("UPDATE run SET backend = 0")
    for write in (
        lambda: claim(planned, IDS[0]),
        lambda: planned.note_clock(1.0),
        lambda: settle(planned, IDS[0], 1, State.ACCEPTED),
    ):
        with pytest.raises(LedgerTrouble, match="connection pool"):
            write()


def test_coming_back_waits_for_the_old_session_to_end(made: ServerPlace, sql: Sql) -> None:
    """A half-open connection keeps its lock until the server notices."""
    ledger = open_to_write(made, "one")
    ledger.begin(OWNER, now=2.0)
    old = ledger._session.connection
    ledger._session.connection = psycopg.connect(made.url.reveal())
    ledger._session.connection.close()
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        old.close()

    ledger._session._sleep = pause
    ledger._session.lock_timeout = "50ms"
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    assert pauses
    ledger.close()


def test_an_exchange_is_one_call() -> None:
    assert EXCHANGE.count("SELECT") == 1
