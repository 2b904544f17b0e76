"""Sends whose ledger's server fails at a chosen request: the account is the API's, nobody gets a message twice, and the next run sends the rest."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import product

import psycopg
import pytest
from cutting_proxy import CuttingProxy, proxy_to, through
from invariants import InvariantCheck
from long_rows import all_but
from message_list import DatedList, moment
from postgres_server import own_server, server_folder, server_url
from processes import SEND, launched
from project_dir import Answer, CountingServer, Done, ProjectDir, Request
from server_ledger_project import PEOPLE, server_ledger_project

Sql = psycopg.Connection[tuple[object, ...]]
Strike = Callable[[], object]
DAY = 86_400
AT = 10
"""The request at which it happens. Three others are on their way then, and their results are not handed in."""
FAILING = """CREATE SEQUENCE failures;
    CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE _state text; BEGIN
        _state := (ARRAY[{states}])[nextval('failures')];
        IF _state IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = _state; END IF;
        RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER failing AFTER UPDATE ON run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION failing()"""
"""Fails transactions as late as can be, each with the next SQLSTATE; a sequence keeps its number when they are rolled back."""
FAST_CLOCK = """
import os, sys, time
real = time.monotonic
time.monotonic = lambda: real() * (200.0 if os.path.exists("struck") else 1.0)
from sendspec.cli.main import main
main(sys.argv[1:])
"""
"""Once there is a file `struck`, a minute in vain takes a third of a second. What a request may take is counted by another clock."""
OTHER_CLOCK = """
import sys, time
real, calls, jump, after = time.time, [0], float(sys.argv.pop(1)), int(sys.argv.pop(1))
def jumping():
    calls[0] += 1
    return real() + (jump if calls[0] > after else 0.0)
time.time = jumping
from sendspec.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def invariants(shared: ProjectDir, server: CountingServer) -> InvariantCheck:
    return InvariantCheck(shared, server)


def struck(server: CountingServer, strike: Strike) -> None:
    """Has it happen before request `AT` is answered, or a later one."""
    happened = threading.Event()

    def decide(number: int, request: Request) -> Answer:
        if number == AT:
            try:
                strike()
            finally:
                happened.set()
        elif number > AT:
            happened.wait(60)
        return Answer()

    server.decide = decide


def settled(done: Done, server: CountingServer) -> None:
    """It went to its end as if nothing had happened."""
    assert (done.code, done.json["totals"]["accepted"]) == (0, PEOPLE), done.err
    assert len(server.posts) == PEOPLE


def given_up(done: Done, server: CountingServer, words: str) -> None:
    """It ended with the ledger; what it can't know is not called sent or unsent."""
    assert (done.code, words in done.err) == (6, True), done.err
    assert done.json["error"]["code"] in ("ledger-unwritable", "ledger-trouble")
    totals = done.json["totals"]
    assert totals is None or totals["recipients"] == PEOPLE == sum(totals.values()) - PEOPLE
    assert AT <= len(server.posts) < PEOPLE


def sent_on(server: CountingServer, invariants: InvariantCheck) -> None:
    """Nothing was lost or in doubt, without a look at the API's list: what the run could not hand in, it kept."""
    server.listing = lambda request: server.page([])
    assert invariants()["accepted"] == PEOPLE
    assert len(server.posts) == PEOPLE


def end_session(sql: Sql) -> None:
    sql.execute("SELECT pg_terminate_backend(backend, 10000) FROM run ORDER BY number DESC LIMIT 1")


def take_for_dead(sql: Sql) -> None:
    """Ends the run's session, and begins another run before it can come back: it has to read `meta` for that."""
    with sql.transaction():
        sql.execute("LOCK TABLE meta")
        end_session(sql)
        sql.execute("SELECT begin_run(next_run(), 1, 1, 'elsewhere', 'sendspec send', '', '')")
    sql.execute("SELECT pg_advisory_unlock_all()")


def test_a_session_that_ends_is_made_again(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck
) -> None:
    struck(server, lambda: end_session(sql))
    settled(shared.run(*SEND), server)
    assert invariants()["accepted"] == PEOPLE


def test_a_run_that_another_took_for_dead_ends_and_its_acceptances_are_kept(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck
) -> None:
    struck(server, lambda: take_for_dead(sql))
    given_up(shared.run(*SEND), server, "another run took it for dead")
    sent_on(server, invariants)


@pytest.mark.parametrize("how", [CuttingProxy.swallow_next, CuttingProxy.cut])
def test_an_answer_that_is_lost_is_asked_for_again(
    shared: ProjectDir, server: CountingServer, invariants: InvariantCheck, how: Callable[[CuttingProxy], None]
) -> None:
    with closing(proxy_to(server_url())) as proxy:
        shared.environ["LEDGER_URL"] = through(proxy)
        struck(server, lambda: how(proxy))
        settled(shared.run(*SEND), server)
        assert invariants()["accepted"] == PEOPLE


def test_faults_that_pass_repeat_the_transaction_and_no_request(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck
) -> None:
    states = "'40001', '40P01', '57014', '53100', '55P03'"
    struck(server, lambda: sql.execute(FAILING.format(states=states).encode()))
    settled(shared.run(*SEND), server)
    assert sql.execute("SELECT last_value > 5 FROM failures").fetchone() == (True,)
    assert invariants()["accepted"] == PEOPLE


@pytest.mark.parametrize(
    ("state", "words"),
    all_but(
        [("53100", "is full")],
        [("53100", "is full"), ("40P01", "kept busy by other runs"), ("57014", "took too long")],
    ),
)
def test_a_fault_that_stays_ends_the_run_and_the_next_one_sends_the_rest(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck, state: str, words: str
) -> None:

    def strike() -> None:
        sql.execute(FAILING.format(states=", ".join([f"'{state}'"] * 10_000)).encode())
        shared.write("struck", "")

    struck(server, strike)
    process = launched(shared, sys.executable, "-c", FAST_CLOCK, *SEND)
    out, err = process.communicate(timeout=60)
    given_up(Done(process.returncode, out, err), server, words)
    sql.execute("DROP TRIGGER failing ON run")
    sent_on(server, invariants)


def test_a_permission_that_is_taken_away_ends_the_run(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck, schema: str
) -> None:
    role = f"{schema}_send"
    for _ in range(2):
        sql.execute(shared.run("ledger", "init", "--env", "test", "--roles").out.encode())
    try:
        shared.environ["LEDGER_URL"] = server_url().replace("tester", role)
        struck(server, lambda: sql.execute(f"REVOKE EXECUTE ON FUNCTION exchange FROM {role}".encode()))
        given_up(shared.run(*SEND), server, "may not do this")
        sql.execute(f"GRANT EXECUTE ON FUNCTION exchange TO {role}".encode())
        sent_on(server, invariants)
    finally:
        for each in ("owner", "plan", "send"):
            sql.execute(f"DROP OWNED BY {schema}_{each} CASCADE; DROP ROLE {schema}_{each}".encode())


@pytest.mark.parametrize(("jump", "after"), all_but([(DAY, 0), (-DAY, 6)], product((DAY, -DAY), (0, 6))))
def test_a_clock_that_is_a_day_apart_from_the_servers_changes_nothing(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck, jump: int, after: int
) -> None:
    """Whose answer was lost is still found in the API's list, by the API's clock."""
    DatedList(server)

    def decide(number: int, request: Request) -> Answer:
        if number == AT:
            end_session(sql)
        return Answer(drop=True, taken=True) if number == 30 else Answer()

    server.decide = decide
    done = shared.run(str(jump), str(after), *SEND, script=OTHER_CLOCK)
    assert (done.code, done.json["totals"]["in_doubt"]) == (4, 1), done.err
    assert invariants()["accepted"] == PEOPLE
    assert len(server.posts) == PEOPLE


@pytest.mark.parametrize("ahead", [0, 3 * DAY])
def test_what_a_restored_server_lacks_is_looked_for_seven_days_back_by_the_apis_clock(
    shared: ProjectDir, server: CountingServer, sql: Sql, invariants: InvariantCheck, ahead: int
) -> None:
    assert shared.run(*SEND).code == 0
    listing = DatedList(server)
    for message in server.taken:
        message["createdAt"] = moment(time.time() - 6.5 * DAY)
    sql.execute("UPDATE message SET state = 'planned', remote_id = NULL, attempt = 0, first_claimed_at = NULL")
    sql.execute("UPDATE meta SET value = 'restored' WHERE name = 'timeline'")
    done = shared.run(str(ahead), "0", *SEND, script=OTHER_CLOCK)
    assert (done.code, len(server.posts)) == (6, PEOPLE), done.err
    assert listing.queries
    assert invariants()["accepted"] == PEOPLE
    assert len(server.posts) == PEOPLE


def test_a_send_ends_when_a_standby_that_lacks_its_claims_takes_the_servers_place(
    project_dir: ProjectDir, server: CountingServer
) -> None:
    project = server_ledger_project(project_dir, server, "sendspec", PEOPLE, "timeout: 30, concurrency: 4")
    with own_server() as primary, server_folder() as folder:
        project.environ["LEDGER_URL"] = primary.url
        assert project.run("ledger", "init", "--env", "test").code == 0
        standby = primary.standby(folder / "standby")
        project.environ["LEDGER_URL"] = (
            f"postgresql://tester@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres?target_session_attrs=read-write"
        )

        def fail_over() -> None:
            primary.kill()
            standby.start()
            standby.promote()

        struck(server, fail_over)
        try:
            given_up(project.run(*SEND), server, "its latest writes may be lost")
            done = project.run(*SEND)
            assert (done.code, done.json["totals"]["accepted"]) == (6, 0), done.err
            assert InvariantCheck(project, server)()["accepted"] == PEOPLE
            assert len(server.posts) == PEOPLE
        finally:
            standby.stop("immediate")
            primary.start()
