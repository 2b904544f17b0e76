"""Whether a connection pool is between a run and its server."""

from __future__ import annotations

from sendspec.ledger.postgres.session import Session
from sendspec.ledger.server_state import Pool

BACKEND = "SELECT pg_backend_pid()"


def pool_of(session: Session) -> Pool:
    """The kind of pool in between.

    A pool can't tell its clients the number of the server process that will serve them, as it may change. While this session is
    idle, a second one gets the same process only from a pool that gives sessions to transactions.
    """
    backend = session.rows(BACKEND)
    if backend[0][0] == session.connection.info.backend_pid:
        return Pool.NONE
    second = Session(session.place)
    try:
        return Pool.SHARED if second.rows(BACKEND) == backend else Pool.SESSION
    finally:
        second.close()
