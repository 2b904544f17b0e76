"""One session with the server: its settings, its statements, and coming back after the connection was lost."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sendspec.diagnostics.exceptions import LedgerTrouble, LedgerUnwritable
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.error import trouble_of

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
ANSWER_SECONDS = 10.0
"""How long a server may be silent to the first statement of a session. A pool has a client wait there for a session of its own."""
QUIET_SECONDS = 3.0
"""How long nothing is said of waiting."""
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
UNANSWERED_MS = 25_000
"""How long a vanished server, or a vanished client, keeps its end of the connection, and with it the run's lock."""
SETTINGS = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    f"SET tcp_user_timeout = {UNANSWERED_MS}",
    "SET statement_timeout = '10min'",
    "SET idle_in_transaction_session_timeout = 0",
    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')",
    "SET default_transaction_isolation = 'read committed'",
    "SET client_min_messages = warning",
    "SET standard_conforming_strings = on",
    "SET array_nulls = on",
    "SET TIME ZONE 'UTC'",
)
"""What a run relies on, whatever the role, the database and the URL have set. Servers before version 14 lack `idle_session_timeout`, those
before 17 `transaction_timeout`: a run that waits for a person, or for its rate, would lose its lock by them."""
TIMELINE = """SELECT (SELECT system_identifier::text FROM pg_control_system()),
    CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END"""
"""The server's identifier, and its timeline: a standby that takes its place has the same identifier, and another timeline."""
BAD_PARAMETER = (
    r"invalid (?:\w+ value|integer value|port number|connection option)|could not parse network address|definition of service|service file"
    r"|could not match \d+ (?:port numbers|host)"
)
"""How libpq says that a parameter has a value that it doesn't take."""
ROWS_AT_ONCE = 2_000
LOCK_TIMEOUT = "30s"
"""How long a statement waits for what another session has locked."""


class Session:
    """A connection to the ledger's server. Belongs to the process that opened it."""

    def __init__(self, place: ServerPlace, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Connects. Raises a `LedgerTrouble`, also if the server doesn't answer to a first statement within `answer_seconds`."""
        self.place = place
        self.lock_timeout = LOCK_TIMEOUT
        self.answer_seconds = answer_seconds
        self._pid = os.getpid()
        self._streams = 0
        self.connection: psycopg.Connection[Any] = self._connected()
        self._idle = self.connection.info.transaction_status

    def _connected(self) -> psycopg.Connection[Any]:
        return _connected(self.place, self.answer_seconds)

    def reconnect(self) -> None:
        """Replaces the connection. Raises psycopg's errors, for the caller to judge."""
        self._drop()
        self.connection = _connect(self.place, self.lock_timeout, self.answer_seconds)

    @property
    def is_usable(self) -> bool:
        return not self.connection.closed

    @property
    def is_in_transaction(self) -> bool:
        return self.is_usable and self.connection.info.transaction_status != self._idle

    def end_reading(self) -> None:
        """Ends a transaction that only read."""
        import psycopg

        with suppress(psycopg.Error):  # then the connection is gone, and the transaction with it
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Safe to call twice. Does nothing in a process forked from the one that opened it."""
        if self._is_mine:
            self._drop()

    @property
    def _is_mine(self) -> bool:
        """Whether this process opened it."""
        return os.getpid() == self._pid

    def _drop(self) -> None:
        import psycopg

        with suppress(psycopg.Error):
            self.connection.close()

    def run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> psycopg.Cursor[Any]:
        """Executes a statement. Raises psycopg's errors."""
        if not self._is_mine:
            raise LedgerTrouble(f"the ledger belongs to process {self._pid}", "open it again in this process")
        return self.connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """All rows of a query."""
        with self.translated():
            return self.run(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Rows of a query, read `ROWS_AT_ONCE` at a time. Other queries may run meanwhile."""
        import psycopg

        self._streams += 1
        with self.translated():
            cursor = self.connection.cursor(f"rows_{self._streams}", withhold=not self.is_in_transaction)
            cursor.itersize = ROWS_AT_ONCE
            try:
                cursor.execute(sql, parameters)
                yield from cursor
            finally:
                with suppress(psycopg.Error):  # the rest is unread, and the connection may be gone
                    cursor.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raises what goes wrong in the block as errors about the ledger."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise trouble_of(self.place.shown, error) from None


def _connected(place: ServerPlace, answer_seconds: float) -> psycopg.Connection[Any]:
    try:
        import psycopg
    except ImportError:
        raise LedgerTrouble(
            f"{place.shown} needs the package psycopg, which isn't installed",
            "install sendspec with its extra: pip install 'sendspec[postgres]'",
        ) from None
    from sendspec.ledger.postgres.first_answer import told_meanwhile  # imports psycopg, which is an extra

    try:
        with told_meanwhile(place.tell, f"waiting for {place.shown}…", QUIET_SECONDS):
            return _connect(place, LOCK_TIMEOUT, answer_seconds)
    except psycopg.Error as error:
        raise why_unreachable(place, error) from None


def _connect(place: ServerPlace, lock_timeout: str, answer_seconds: float) -> psycopg.Connection[Any]:
    connection = log_in(place)
    try:
        _settle(
            connection,
            "; ".join(
                (*SETTINGS, f"SET lock_timeout = '{lock_timeout}'", f"SET search_path = {place.schema}, pg_temp")
            ),
            answer_seconds,
        )
    except BaseException:
        connection.close()
        raise
    return connection


def log_in(place: ServerPlace) -> psycopg.Connection[Any]:
    """A connection as the URL has it. Raises psycopg's errors."""
    from sendspec.ledger.postgres.moment_loader import MomentLoader  # imports psycopg, which is an extra
    from sendspec.ledger.postgres.quiet_connection import QuietConnection

    connection = QuietConnection.connect(
        place.url.reveal(),
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="sendspec",
        client_encoding="UTF8",
        tcp_user_timeout=UNANSWERED_MS,
        **KEEPALIVE,  # type: ignore[arg-type]
    )
    connection.adapters.register_loader("float8", MomentLoader)
    return connection


def _settle(connection: psycopg.Connection[Any], settings: str, seconds: float) -> None:
    """Executes the first statements of a session. A server that refuses one is asked again, for its own words."""
    import psycopg

    from sendspec.ledger.postgres.first_answer import NoAnswer, answer, ask

    ask(connection, settings)
    try:
        if answer(connection, seconds) is None:
            raise NoAnswer
    except NoAnswer:
        raise
    except psycopg.DatabaseError:
        connection.execute(settings)


def why_unreachable(place: ServerPlace, error: psycopg.Error) -> LedgerTrouble:
    """Why no connection was made. libpq gives no SQLSTATE then, and its text names host and user."""
    import psycopg

    from sendspec.ledger.postgres.first_answer import NoAnswer

    if isinstance(error, NoAnswer):
        return LedgerUnwritable(
            f"{place.shown} takes the login, and then doesn't answer",
            "look at the server; if a connection pool is in between, all its sessions may be taken: give it more, or wait for a run to end",
        )
    text = str(error)
    if re.search(BAD_PARAMETER, text):
        return LedgerTrouble(
            f"{place.shown} has a URL with a parameter that PostgreSQL doesn't understand, or an environment variable has one",
            "correct the URL's parameters, and the variables whose names begin with PG",
        )
    for words, problem, fix in (
        ("password authentication failed", "refuses this user or password", "correct the URL"),
        (
            "no pg_hba.conf entry",
            "refuses this user, from this host or without TLS",
            "have the server's operator allow it",
        ),
        ("no password supplied", "wants a password", "put it into the URL"),
        ("does not exist", "has no such database or role", "create it, or correct the URL"),
        ("failed to resolve host", "has a host that can't be found", "correct the URL"),
        ("could not translate host name", "has a host that can't be found", "correct the URL"),
        (
            "server does not support SSL",
            "offers no TLS",
            "turn TLS on at the server; `sslmode=disable` in the URL goes without",
        ),
        ("certificate", "has a certificate that doesn't fit", "correct `sslmode` or `sslrootcert` in the URL"),
        ("too many c", "has no connection left", "wait, or raise the server's, the role's or the database's limit"),
        (
            "not currently accepting connections",
            "has a database that takes no connections",
            "have its operator allow them",
        ),
        ("Connection refused", "can't be reached: connection refused", "start the server, or correct the URL"),
    ):
        if words in text:
            return LedgerTrouble(f"{place.shown} {problem}", fix)
    if isinstance(error, psycopg.ProgrammingError):
        problem = f"{place.shown} has a URL that PostgreSQL doesn't understand"
        return LedgerTrouble(problem, "percent-encode user and password, as in %40 for @, and correct the parameters")
    return trouble_of(place.shown, error)
