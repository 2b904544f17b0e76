"""What `doctor` says of a ledger's server. No text names the server, its database or its user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from sendspec.diagnostics.wording import counted
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.server_state import FIT_ENCODING, Continuity, Encryption, LedgerState, Pool, Right, ServerState
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.run_at_work import run_words
from sendspec.sending.witness import SKEW_NOTED

OK, NOTE, PROBLEM = CheckStatus.OK, CheckStatus.NOTE, CheckStatus.PROBLEM
ROLES = "have its owner grant what `sendspec ledger init --roles` prints"


def server_checks(state: ServerState, environment: str) -> Iterator[Check]:
    """Server, settings, pool, connection, role and clock; of the ledger its runs and whether it is behind."""
    ledger = "" if state.ledger is None else f", ledger version {state.ledger.version}"
    yield Check(OK, "server", f"PostgreSQL {state.version}{ledger}")
    yield from _settings(state)
    yield _pool(state.pool)
    yield _encryption(state.encryption)
    yield _role(state)
    yield _clock(state.clock_skew)
    if state.ledger is not None:
        yield from _history(state.ledger, environment)


def _settings(state: ServerState) -> Iterator[Check]:
    if state.is_standby:
        yield Check(PROBLEM, "standby", "it is a standby, which takes no writes", "connect to the primary server")
    elif state.is_read_only and state.right is not Right.PLAN:
        found = "the role, the database or the server is set to read only"
        yield Check(PROBLEM, "writes", found, "turn `default_transaction_read_only` off")
    if state.encoding != FIT_ENCODING:
        found = f"the database's is {state.encoding}, which lacks characters"
        yield Check(PROBLEM, "encoding", found, f"create a database with the encoding {FIT_ENCODING}")
    for name, cost in state.unsafe.items():
        yield Check(PROBLEM, f"setting {name}", f"it is off: {cost}", f"turn {name} on at the server")
    if not state.is_standby and not state.unsafe:
        yield Check(OK, "settings", "the server keeps what it confirms")


def _pool(pool: Pool) -> Check:
    match pool:
        case Pool.NONE:
            return Check(OK, "pool", "no connection pool in between")
        case Pool.SESSION:
            found = (
                "there is a connection pool in between; it gives this client a session of its own, which a run needs"
            )
            return Check(NOTE, "pool", found, "leave the pool in session mode, or connect to the server itself")
        case Pool.SHARED:
            found = "there is a connection pool in between that gives each transaction another session"
            return Check(PROBLEM, "pool", found, "connect to the server itself, or set the pool to session mode")
        case _:
            assert_never(pool)


def _encryption(encryption: Encryption) -> Check:
    match encryption:
        case Encryption.VERIFIED:
            return Check(OK, "connection", "encrypted, and the server's certificate is verified")
        case Encryption.LOCAL:
            return Check(OK, "connection", "not encrypted; it doesn't leave this machine")
        case Encryption.UNVERIFIED:
            found = "encrypted, but nothing verifies that this is your server"
            return Check(NOTE, "connection", found, "add sslmode=verify-full and sslrootcert=… to the URL")
        case Encryption.NONE:
            found = "not encrypted: anyone on the network can read the password"
            return Check(NOTE, "connection", found, "write sslmode=verify-full into the URL")
        case _:
            assert_never(encryption)


def _role(state: ServerState) -> Check:
    lacks = f"; it lacks rights to {', '.join(state.missing)}" if state.missing else ""
    match state.right:
        case Right.OWN:
            found = "it owns the ledger, and could change or delete it"
            return Check(NOTE, "role", found, "use a lesser role on CI: sendspec ledger init --roles")
        case Right.SEND:
            return Check(OK, "role", "may plan and send")
        case Right.PLAN:
            return Check(OK, "role", "may plan, and not send")
        case Right.NOTHING:
            return Check(PROBLEM, "role", f"may not read the ledger{lacks}", ROLES)
        case Right.MAKE:
            return Check(OK, "role", "may make the ledger")
        case Right.NOTHING_YET:
            found = "may not make the ledger: it can't create a schema in this database"
            return Check(PROBLEM, "role", found, "make the ledger as the database's owner")
        case Right.NO_TABLES:
            found = "may not make the ledger: it can't create tables in the schema, which is there already"
            return Check(PROBLEM, "role", found, "make the ledger as the schema's owner")
        case _:
            assert_never(state.right)


def _clock(skew: float) -> Check:
    if abs(skew) <= SKEW_NOTED:
        return Check(OK, "server's clock", "agrees with this machine's")
    order = "ahead of" if skew > 0 else "behind"
    found = f"it is {abs(skew):.0f} s {order} this machine's"
    return Check(NOTE, "server's clock", found, "set the clocks; times in reports follow the sender's")


def _history(ledger: LedgerState, environment: str) -> Iterator[Check]:
    if ledger.halt is not None:
        fix = "find out why, and end the halt: sendspec explain ledger-halted"
        yield Check(PROBLEM, "halt", f"all sends are halted: {ledger.halt}", fix)
    for run in ledger.runs:
        yield _run(run, environment)
    match ledger.continuity:
        case None:
            return
        case Continuity.NO_RUN:
            yield Check(OK, "history", "no run yet")
        case Continuity.SAME:
            yield Check(OK, "history", "the server is the one that the last run used")
        case Continuity.OTHER_SERVER | Continuity.OTHER_TIMELINE:
            yield _changed(ledger.continuity)
        case _:
            assert_never(ledger.continuity)


def _changed(continuity: Continuity) -> Check:
    other = continuity is Continuity.OTHER_SERVER
    what = (
        "the ledger is on another server than at its last run" if other else "the server failed over, or was restored"
    )
    return Check(
        NOTE,
        "history",
        f"{what}{'' if other else ', since the last run'}: it may lack the latest writes",
        "send without --no-witness: each spec's next send first compares 7 days of the API's list with the ledger",
    )


def _run(run: SeenRun, environment: str) -> Check:
    found = run_words(run)
    if run.is_living:
        left = f", with {counted(run.on_the_way, 'message')} on the way" if run.on_the_way else ""
        return Check(OK, f"run {run.number}", f"{found}, is at work{left}")
    return Check(
        NOTE,
        f"run {run.number}",
        f"{found}, died and left {counted(run.on_the_way, 'message')} without an answer",
        f"look them up: sendspec reconcile --env {environment}",
    )
