"""Deliveries and opt-outs on a server: many writers at once, roles, and rows that somebody changed by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerForeign, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.postgres.opening import open_to_write
from sendspec.ledger.delivery.postgres.store import PostgresDeliveryStore
from sendspec.ledger.delivery.protocol import PendingReport
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.place import ServerPlace

from .conftest import IDENTITY

Sql = psycopg.Connection[tuple[object, ...]]
IDS = [bytes([n]) * 16 for n in range(4)]
SENT = StatusReport("sent", 20.0)
STOP = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", "reply-1", 51.0)


@pytest.fixture
def store(made: ServerPlace) -> Iterator[PostgresDeliveryStore]:
    with closing(open_to_write(made, IDENTITY)) as opened:
        opened.observe([Observation(IDS[0], SENT, Source.LIST, 30.0)])
        opened.put_interactions([Interaction("i-1", IDS[0], "clicked", 40.0)])
        opened.put_signals([STOP, replace(STOP, evidence="reply-2")])
        opened.put_pending([PendingReport("r-1", (b"r" * 16,), SENT, Source.WEBHOOK, 10.0)])
        yield opened


def everything(store: PostgresDeliveryStore) -> list[object]:
    return [store.deliveries(IDS), list(store.interactions(IDS)), list(store.signals()), list(store.pending())]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE delivery SET status = 'delivered'",
        "UPDATE interaction SET bot = 1",
        "UPDATE opt_out SET kind = 'in' WHERE number = 1",
        "DELETE FROM opt_out WHERE number = 1",
        "UPDATE opt_out SET kind = 'lost' WHERE number = 2",
        "UPDATE pending SET report = '{'",
    ],
)
def test_a_row_changed_by_hand_is_an_error_and_never_another_answer(
    store: PostgresDeliveryStore, sql: Sql, damage: str
) -> None:
    assert store.find_damage() == []
    sql.execute(damage.encode())
    with pytest.raises(LedgerDamaged, match="of the server at TEST_URL is damaged"):
        everything(store)
    assert len(store.find_damage()) == 1


def test_one_writes_at_a_time(store: PostgresDeliveryStore, sql: Sql) -> None:
    """Else of two that merge an observation into the same row, one would be lost."""
    store._session.run("SET lock_timeout = '50ms'")
    sql.execute("BEGIN; SELECT lock_kept()")
    with pytest.raises(LedgerTrouble):
        store.observe([Observation(IDS[1], SENT, Source.LIST, 30.0)])
    with pytest.raises(LedgerTrouble):
        store.put_signals([replace(STOP, evidence="more")])
    sql.execute("ROLLBACK")
    assert (store.counts().deliveries, store.signal_count) == (1, 2)


def test_several_at_once_write_all_of_their_rows(made: ServerPlace) -> None:
    def write(own: int) -> None:
        with open_deliveries(made, IDENTITY) as store:
            for block in range(5):
                store.observe(
                    Observation(n.to_bytes(16, "big"), replace(SENT, at=20.0 + own), Source.LIST, 30.0)
                    for n in range(100 * block, 100 * block + 150)
                )
                store.put_signals([replace(STOP, evidence=f"{own} {block}"), replace(STOP, evidence=f"shared {block}")])

    children = []
    for own in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                write(own)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 3
    with read_deliveries(made, IDENTITY) as facts:
        assert facts is not None
        assert (facts.counts().deliveries, facts.signal_count, facts.find_damage()) == (550, 20, [])
        assert {delivery.report.at for _, delivery in facts.all_deliveries()} == {22.0}


def test_nobody_writes_while_the_ledger_is_copied_or_migrated(store: PostgresDeliveryStore, sql: Sql) -> None:
    sql.execute("SELECT pg_advisory_lock(lock_key('ledger'))")
    with pytest.raises(LedgerTrouble, match="being copied or migrated"):
        store.put_signals([replace(STOP, evidence="more")])
    sql.execute("SELECT pg_advisory_unlock_all()")
    assert store.put_signals([replace(STOP, evidence="more")]).added == 1


def test_lost_signals_are_counted_on(store: PostgresDeliveryStore) -> None:
    replaced = store.replace_lost([replace(STOP, ground=Ground.IMPORT)], noted=5, reason="the disk broke", now=9.0)
    assert (replaced.lost, replaced.written.added, store.signal_count, store.counts().signals) == (3, 1, 6, 3)
    assert [signal.ground for signal in store.signals(after=5)] == [Ground.IMPORT]
    assert store.find_damage() == []


def test_each_role_may_do_what_it_needs(made: ServerPlace, sql: Sql) -> None:
    sql.execute(access.roles_sql(made.schema).encode())
    may = "SELECT has_table_privilege(%s, 'opt_out', %s)"
    for role in ("plan", "send"):
        rights = [
            sql.execute(may, (f"{made.schema}_{role}", right)).fetchone() for right in ("SELECT", "INSERT", "DELETE")
        ]
        assert rights == [(True,), (False,), (False,)]
    sql.execute(f"SET ROLE {made.schema}_send".encode())
    sql.execute("BEGIN; SELECT lock_kept(); SELECT keep_mark('a', 1); COMMIT")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql.execute("SELECT purge_kept(9)")
    sql.execute("RESET ROLE")


def test_another_ledgers_are_refused(made: ServerPlace) -> None:
    other = replace(IDENTITY, ledger="two")
    for opening in (read_deliveries, open_deliveries):
        with pytest.raises(LedgerForeign), opening(made, other):
            pass
