"""Faults of the server that pass: the transaction is repeated until they have, and nothing happens twice."""

from __future__ import annotations

import psycopg
import pytest
from ledger_samples import IDS, claim, settle
from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.planning.message_state import State

Sql = psycopg.Connection[tuple[object, ...]]


def fail_writes(sql: Sql, state: str) -> None:
    """Has every claim and result fail with this SQLSTATE, as late in its transaction as can be."""
    sql.execute(
        "CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = 'not now'; END $$"
    )
    sql.execute(
        "CREATE CONSTRAINT TRIGGER failing AFTER UPDATE ON run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION failing()"
    )


@pytest.mark.parametrize(
    "state", ["40001", "40P01", "53100", "53200", "55P03", "57014"],
    ids=["serialization", "deadlock", "full disk", "no memory", "lock time-out", "statement time-out"],
)  # fmt: skip
def test_a_fault_that_passes_is_outwaited(planned: PostgresLedger, sql: Sql, state: str) -> None:
    claim(planned, IDS[0])
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            sql.execute("DROP TRIGGER failing ON run")

    planned._session._sleep = pause
    fail_writes(sql, state)
    settle(planned, IDS[0], 1, State.ACCEPTED)
    assert claim(planned, IDS[1]) == {IDS[1]: 1}
    assert len(pauses) == 2
    assert planned.states("hello", 1) == {State.ACCEPTED: 1, State.SENDING: 1, State.PLANNED: 6}
    assert (planned.find_damage(), planned.odd_moves()) == ([], [])


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", LedgerUnwritable, "the disk of .* is full"),
        ("40P01", LedgerUnwritable, "kept busy by other runs"),
        ("57014", LedgerUnwritable, "took too long"),
        ("22003", LedgerTrouble, "refused a step: NumericValueOutOfRange"),
    ],
)
def test_a_fault_that_stays_is_told_and_nothing_was_claimed(
    planned: PostgresLedger, sql: Sql, state: str, kind: type[LedgerTrouble], words: str
) -> None:
    moments = iter(range(0, 1_000, 30))
    planned._session._monotonic = lambda: float(next(moments))
    planned._session._sleep = lambda seconds: None
    fail_writes(sql, state)
    with pytest.raises(kind, match=words):
        claim(planned, IDS[0])
    assert planned.states("hello", 1) == {State.PLANNED: 8}
