"""Many runs on one ledger: whose claims count, who is dead, and what each may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import pytest
from ledger_samples import IDS, OWNER, SEND, claim, claims, record, settle
from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger import access
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.record import ClaimLost, SendIdentity, Settlement
from sendspec.planning.fact import PlanningState
from sendspec.planning.message_state import State

from .conftest import IDENTITY

NewRun = Callable[..., PostgresLedger]
Sql = psycopg.Connection[tuple[object, ...]]


def test_a_message_is_claimed_by_one_run_and_the_other_learns_it(planned: PostgresLedger, new_run: NewRun) -> None:
    other = new_run()
    assert claim(planned, IDS[0], IDS[1]) == {IDS[0]: 1, IDS[1]: 1}
    exchanged = other.exchange(settle=[], claim=claims(IDS[1:3]), now=3.0)
    assert exchanged.won == {IDS[2]: 1}
    assert exchanged.lost == {IDS[1]: ClaimLost.TAKEN_ELSEWHERE}


def test_what_a_living_run_sends_is_in_doubt_for_nobody(planned: PostgresLedger, new_run: NewRun) -> None:
    claim(planned, IDS[0])
    other = new_run(now=9.0)
    assert other.facts([IDS[0]])[IDS[0]].prior_state is PlanningState.UNDER_WAY
    assert set(other.prior_states([IDS[0]]).values()) == {PlanningState.UNDER_WAY}
    assert planned.facts([IDS[0]])[IDS[0]].prior_state is State.SENDING
    assert (other.count_uncertain("hello"), planned.count_uncertain("hello")) == (0, 1)
    settle(planned, IDS[0], 1, State.ACCEPTED)
    assert other.find_damage() == []


def test_only_a_dead_runs_messages_are_put_in_doubt(planned: PostgresLedger, new_run: NewRun, sql: Sql) -> None:
    dead = new_run()
    claim(planned, IDS[0])
    claim(dead, IDS[1])
    kill_session(dead, sql)
    last = new_run(now=9.0)
    assert {identity: fact.state for identity, fact in last.facts(IDS[:2]).items()} == {
        IDS[0]: State.SENDING,
        IDS[1]: State.IN_DOUBT,
    }
    assert last.count_uncertain("hello") == 1
    assert last.odd_moves() == []


def test_what_a_dead_run_left_is_uncertain_before_anybody_begins(
    planned: PostgresLedger, made: ServerPlace, sql: Sql
) -> None:
    claim(planned, IDS[0])
    with access.read(made, IDENTITY) as facts:
        assert facts.count_uncertain("hello") == 0
    kill_session(planned, sql)
    with access.read(made, IDENTITY) as facts:
        assert facts.count_uncertain("hello") == 1


def test_a_run_that_was_taken_for_dead_writes_nothing_more(planned: PostgresLedger, new_run: NewRun, sql: Sql) -> None:
    claim(planned, IDS[0])
    kill_session(planned, sql)
    new_run(now=9.0)
    with pytest.raises(LedgerUnwritable, match="took it for dead"):
        settle(planned, IDS[0], 1, State.ACCEPTED)
    with pytest.raises(LedgerUnwritable):
        claim(planned, IDS[1])


def test_a_result_that_comes_late_proves_an_acceptance_and_nothing_else(
    planned: PostgresLedger, new_run: NewRun, sql: Sql
) -> None:
    claim(planned, *IDS[:3])
    kill_session(planned, sql)
    new_run(now=9.0)
    planned.spill(
        [
            Settlement(IDS[0], 1, State.ACCEPTED, "id-1", "202", 202),
            Settlement(IDS[1], 1, State.REFUSED, None, "no", 422),
            Settlement(IDS[2], 1, State.PLANNED, None, "429", 429),
        ]
    )
    last = new_run(now=10.0)
    assert [last.facts(IDS[:3])[each].state for each in IDS[:3]] == [State.ACCEPTED, State.IN_DOUBT, State.IN_DOUBT]
    assert last.odd_moves() == []
    assert sorted(last._session.place.folder.glob("*.spill")) == [
        last._session.place.folder / f"one-{number}.spill" for number in (2, 3)
    ]


def test_results_of_a_dead_run_are_imported_before_it_is_taken_for_dead(
    planned: PostgresLedger, new_run: NewRun, sql: Sql
) -> None:
    claim(planned, *IDS[:2])
    planned.spill([Settlement(IDS[0], 1, State.REFUSED, None, "no", 422)])
    kill_session(planned, sql)
    last = new_run(now=10.0)
    assert [last.facts(IDS[:2])[each].state for each in IDS[:2]] == [State.REFUSED, State.IN_DOUBT]
    assert last.find_damage() == []


def test_the_runs_of_a_server_that_was_just_started_are_given_time(
    planned: PostgresLedger, new_run: NewRun, sql: Sql
) -> None:
    claim(planned, IDS[0])
    kill_session(planned, sql)
    sql.execute("UPDATE run SET seen_at = pg_postmaster_start_time() - interval '1 second'")
    started_lately = "SELECT now() < pg_postmaster_start_time() + interval '50 seconds'"
    if sql.execute(started_lately).fetchall()[0][0]:
        assert new_run(now=9.0).facts([IDS[0]])[IDS[0]].state is State.SENDING
    settle(planned, IDS[0], 1, State.ACCEPTED)


def test_two_runs_plan_one_name_one_after_the_other(planned: PostgresLedger, new_run: NewRun) -> None:
    other = new_run()
    with planned._together():
        planned._put_send(SEND, b"p" * 32, baselined=False)
        other._session.run("SET lock_timeout = '50ms'")
        other._session.run("BEGIN")
        with pytest.raises(LedgerUnwritable, match="kept busy"):
            other._put_send(SEND, b"q" * 32, baselined=False)
        other._session.run("ROLLBACK")
        other.put_planned(SendIdentity("bye", 1, "bye.yaml"), [record(bytes(16))], b"p" * 32, now=3.0)


def test_a_plan_leaves_alone_what_another_run_is_claiming(planned: PostgresLedger, new_run: NewRun) -> None:
    other = new_run()
    with planned._together():
        planned._session.run("SELECT FROM message WHERE id = %(id)s FOR UPDATE", {"id": IDS[0]})
        assert other.put_planned(SEND, [record(each, b"n" * 24) for each in IDS], b"q" * 32, now=3.0) == len(IDS)
    assert [fact.digest for fact in other.facts(IDS).values()] == [b"d" * 24, *[b"n" * 24] * 7]


def test_a_halt_stops_every_claim_and_no_result(planned: PostgresLedger, sql: Sql) -> None:
    claim(planned, IDS[0])
    sql.execute("INSERT INTO meta VALUES ('halt', 'wrong price')")
    exchanged = planned.exchange(
        settle=[Settlement(IDS[0], 1, State.ACCEPTED, "id-1")], claim=claims(IDS[1:3]), now=4.0
    )
    assert (dict(exchanged.won), dict(exchanged.lost), exchanged.halt) == ({}, {}, "wrong price")
    assert planned.facts(IDS[:1])[IDS[0]].state is State.ACCEPTED
    sql.execute("DELETE FROM meta WHERE name = 'halt'")
    assert claim(planned, IDS[1]) == {IDS[1]: 1}


def test_counts_are_of_one_moment(planned: PostgresLedger, new_run: NewRun) -> None:
    other = new_run()
    with planned.one_moment():
        assert planned.states("hello", 1) == {State.PLANNED: 8}
        claim(other, IDS[0])
        assert planned.states("hello", 1) == {State.PLANNED: 8}
    assert planned.states("hello", 1) == {State.PLANNED: 7, State.SENDING: 1}


def test_what_is_freed_while_the_moves_are_read_comes_after_them(planned: PostgresLedger, made: ServerPlace) -> None:
    """A number taken before, and committed after, would be missed."""
    claim(planned, IDS[0])
    with planned._together(), access.read(made, IDENTITY) as facts:
        planned._session.run("SELECT pg_advisory_xact_lock(lock_key('freed'))")
        facts._session.run("SET lock_timeout = '50ms'")  # type: ignore[attr-defined]
        with pytest.raises(LedgerTrouble, match="kept busy"):
            _ = facts.moves
    before = planned.moves
    settle(planned, IDS[0], 1, State.PLANNED)
    assert planned.freed_since(before, None) == {IDS[0]}


def test_a_run_begins_with_its_lock_held(new_run: NewRun, sql: Sql) -> None:
    new_run()
    assert sql.execute("SELECT pg_try_advisory_lock(lock_key('run 1'))").fetchall() == [(False,)]


def test_a_run_whose_connection_is_cut_while_it_begins_has_its_lock(made: ServerPlace, new_run: NewRun) -> None:
    ledger = PostgresLedger(CutOnceNumbered(made), IDENTITY.ledger)
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    claim(ledger, IDS[0])
    new_run()
    settle(ledger, IDS[0], 1, State.ACCEPTED)
    ledger.close()


class CutOnceNumbered(RunSession):
    """Loses its connection as soon as its run has a number."""

    def once(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        rows = super().once(sql, parameters)
        if "next_run" in sql:
            self.connection.close()
        return rows


def kill_session(ledger: PostgresLedger, sql: Sql) -> None:
    """Ends a run's session at the server, as when its machine is gone."""
    pid = ledger._session.connection.info.backend_pid
    sql.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
