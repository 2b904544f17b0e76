"""Whether a connection pool is between a run and its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.postgres.session import Session, log_in, why_unreachable
from sendspec.ledger.server_state import Pool

if TYPE_CHECKING:
    import psycopg

BACKEND = "SELECT pg_backend_pid()"
WAIT_SECONDS = 1.0
"""How long the second of two sessions is waited for."""


def pool_of(session: Session, *, wait_seconds: float = WAIT_SECONDS) -> Pool:
    """The kind of pool in between.

    A pool can't tell its clients the number of the server process that will serve them, as it may change. While this session is
    idle, a second one gets the same process only from a pool that gives sessions to transactions.
    """
    import psycopg

    own = session.rows(BACKEND)[0][0]
    if own == session.connection.info.backend_pid:
        return Pool.NONE
    try:
        second = log_in(session.place)
        try:
            return _kind(session, str(own), second, wait_seconds)
        finally:
            second.close()
    except psycopg.Error as error:
        raise why_unreachable(session.place, error) from None


def _kind(session: Session, own: str, second: psycopg.Connection[Any], seconds: float) -> Pool:
    """A pool with a single session has the second one wait for it. If the first is answered at once although it asks later, it has its
    own: in a queue for transactions the second would come first.
    """
    from sendspec.ledger.postgres.first_answer import NoAnswer, answer, ask

    ask(second, BACKEND)
    found = answer(second, seconds)
    if found is None:
        ask(session.connection, BACKEND)
        if answer(session.connection, session.answer_seconds) is None:
            session.close()
            raise NoAnswer
        found = answer(second, 0)
    return Pool.SHARED if found == [own] else Pool.SESSION


def refuse_pool(session: Session) -> None:
    """Raises if the next transaction may run in another session: a lock would then be somebody else's."""
    if pool_of(session) is Pool.SHARED:
        raise LedgerTrouble(
            f"{session.place.shown} is behind a connection pool that gives each transaction another session",
            "connect to the server itself, or set the pool to session mode",
        )
