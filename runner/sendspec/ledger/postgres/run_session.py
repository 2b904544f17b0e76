"""The session of a run: it holds the run's lock, and comes back when the server was away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.error import is_lost, is_worth_repeating, trouble_of
from sendspec.ledger.postgres.session import TIMELINE, Session

PATIENCE_SECONDS = 60.0
"""How long a query or call is repeated while the server is away. Only the first waits that long in vain."""
PAUSE_SECONDS = 0.25


class RunSession(Session):
    """A session whose queries are repeated. `run_number` is the run whose lock it holds, once it has begun, and `begun_on` the `TIMELINE` then."""

    def __init__(
        self,
        place: ServerPlace,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(place)
        self.run_number: int | None = None
        self.begun_on: tuple[str, str | None] | None = None
        self._monotonic = monotonic
        self._sleep = sleep
        self._patience_seconds = PATIENCE_SECONDS

    def close(self) -> None:
        """Gives its locks back at once: the server takes a moment to notice that a session has ended."""
        import psycopg

        if self._is_mine and self.is_usable:
            with suppress(psycopg.Error):
                self.connection.execute("SELECT pg_advisory_unlock_all()")
        super().close()

    def once(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows that a call answers which must not be repeated."""
        return super().rows(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows of a query or a call, which is repeated while the server is away, and after a deadlock or a time-out.

        Within a transaction nothing is repeated.
        """
        import psycopg

        if self.is_in_transaction:
            return self.once(sql, parameters)
        until = self._monotonic() + self._patience_seconds
        while True:
            try:
                if not self.is_usable:
                    self._come_back()
                return self.run(sql, parameters).fetchall()
            except psycopg.Error as error:
                if not is_worth_repeating(error):
                    raise trouble_of(self.place.shown, error) from None
                if self._monotonic() >= until:
                    self._patience_seconds = 0.0
                    raise trouble_of(self.place.shown, error) from None
                if is_lost(error):
                    self.close()
                self._sleep(PAUSE_SECONDS)

    def _come_back(self) -> None:
        """Takes the run's lock again in a new session. Raises psycopg's errors; `FENCED` once a later run took this one for dead.

        A server that took the other's place may lack what other runs have sent, which this one would send again: only a run that begins
        asks the API for it. Raises `LedgerUnwritable`.
        """
        self.reconnect()
        if self.run_number is None:
            return
        try:
            if self.run(TIMELINE).fetchone() != self.begun_on:
                raise LedgerUnwritable(
                    f"{self.place.shown} is another one, or was restored, since this run began: its latest writes may be lost",
                    "run the command again: it first asks the API what it has accepted",
                )
            self.run("SELECT relock_run(%(run)s)", {"run": self.run_number})
            self.run("SELECT rejoin(%(run)s)", {"run": self.run_number})
        except BaseException:
            self.close()
            raise

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Has the block's queries tell of one moment."""
        self.rows("SELECT 1")  # comes back first, if the server was away
        with self.translated():
            self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield
            finally:
                self.end_reading()
