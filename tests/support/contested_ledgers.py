"""Ledgers that two runners of a state machine open at once, with every loss that can happen to a runner.

What keeps runs apart, SQLite's lock and its fence, can be left out: the rows' own guards then have to keep the promise.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg
from ledgers import IDENTITY, PostgresStore
from mutant_patches import broken
from mutants import Mutant, SharedMutant
from postgres_mutants import broken_functions
from postgres_server import memory_folder
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import EXCHANGE, PostgresLedger
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import State


class ContestedLedger(Protocol):
    """While it is entered, the code is broken as its maker asked."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...

    def clear(self, *, now: float) -> None:
        """Makes it an empty ledger, which nobody has open."""

    def open(self) -> Ledger:
        """Opened by a new process, whoever else has it open."""

    def kill(self, ledger: Ledger) -> None:
        """The process that opened it is gone."""

    def facts(self, identity: bytes) -> Fact | None:
        """What it has of a message."""


class ContestedSqlite:
    """A file that is opened without its lock; without `fence`, a run doesn't notice that a later one has begun either."""

    def __init__(self, mutant: Mutant | None, *, fence: bool) -> None:
        self._mutant, self._fence = mutant, fence
        self._open: list[SqliteLedger] = []
        self._folder = Path()
        self._broken = ExitStack()

    def __enter__(self) -> Self:
        self._broken = broken(self._mutant, fence=self._fence)
        self._folder = Path(tempfile.mkdtemp(dir=memory_folder()))
        return self

    def __exit__(self, *raised: object) -> None:
        self._broken.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _path(self) -> Path:
        return self._folder / "test.db"

    def clear(self, *, now: float) -> None:
        for path in self._folder.iterdir():
            path.unlink()
        create_ledger(self._path, IDENTITY.ledger, now=now)

    def open(self) -> SqliteLedger:
        ledger = open_to_write(self._path, IDENTITY.ledger)
        self._open.append(ledger)
        return ledger

    def kill(self, ledger: Ledger) -> None:
        assert isinstance(ledger, SqliteLedger)
        self._open.remove(ledger)
        ledger._connection.close()

    def facts(self, identity: bytes) -> Fact | None:
        return self._open[0].facts([identity]).get(identity)


class Connections:
    """Connections to one ledger, lent to one process after another: to make one costs the server a process."""

    def __init__(self, place: ServerPlace) -> None:
        self.place = place
        self.statements = 0
        self._idle: list[psycopg.Connection[Any]] = []
        self.lost = Session(place).connection
        self.lost.close()

    def lend(self) -> psycopg.Connection[Any]:
        return self._idle.pop(0) if self._idle else Session(self.place).connection

    def take_back(self, connection: psycopg.Connection[Any]) -> None:
        """Does what the server does when a connection ends: no transaction is left open, and no lock held."""
        if connection is not self.lost:
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock_all()")
            self._idle.append(connection)


class LossySession(RunSession):
    """A session that can be lost: as it is, or with the answer of its next exchange."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        super().__init__(connections.place, sleep=lambda seconds: None)

    def _connected(self) -> psycopg.Connection[Any]:
        return self._connections.lend()

    def reconnect(self) -> None:
        self._drop()
        self.connection = self._connections.lend()

    def _drop(self) -> None:
        lost, self.connection = self.connection, self._connections.lost
        self._connections.take_back(lost)

    loses_answer = False

    def run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> psycopg.Cursor[Any]:
        self._connections.statements += 1
        cursor = super().run(sql, parameters)
        if sql == EXCHANGE and self.loses_answer:
            self.loses_answer = False
            self._drop()
            raise psycopg.OperationalError("the connection ended before the answer came")
        return cursor


@cache
def _connections() -> Connections:
    """To the one schema that all searches of this process empty and use again."""
    folder = Path(tempfile.mkdtemp(dir=memory_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = PostgresStore(folder)
    return Connections(store.place)


LOOK = "SELECT state, digest, resend, attempt, run FROM message WHERE id = %s"
EMPTIED = "; ".join(f"DELETE FROM {table}" for table in ("absence", "event", "plan", "message", "spec", "run"))


class ContestedPostgres:
    """A schema of the tests' server. Without `fence`, no function looks whether its run was taken for dead."""

    def __init__(self, mutant: Mutant | SharedMutant | None, *, fence: bool) -> None:
        self._mutant, self._fence = mutant, fence

    def __enter__(self) -> Self:
        self._connections = _connections()
        self._own = self._connections.lend()
        self._message: tuple[Fact | None, int | None] = None, None
        self._looked_after = -1
        self._change(self._mutant, fence=self._fence)
        return self

    def __exit__(self, *raised: object) -> None:
        self._change(None, fence=True)
        self._connections.take_back(self._own)

    def _change(self, mutant: Mutant | SharedMutant | None, *, fence: bool) -> None:
        for statement in broken_functions(mutant, fence=fence, schema=self._connections.place.schema):
            self._own.execute(statement)

    def clear(self, *, now: float) -> None:
        self._own.execute(f"{EMPTIED}; DELETE FROM meta WHERE name IN ('server', 'timeline', 'timeline_since')")
        for path in self._connections.place.folder.glob("*.spill"):
            path.unlink()
        self._looked_after = -1

    def open(self) -> PostgresLedger:
        return PostgresLedger(LossySession(self._connections), IDENTITY.ledger)

    def kill(self, ledger: Ledger) -> None:
        session_of(ledger).close()

    def facts(self, identity: bytes) -> Fact | None:
        return self._look(identity)[0]

    def owner(self, identity: bytes) -> int | None:
        """The run whose claim a message's last one was."""
        return self._look(identity)[1]

    def _look(self, identity: bytes) -> tuple[Fact | None, int | None]:
        """Asks again only once some run has done something: the machine asks several times a step."""
        if self._looked_after != self._connections.statements:
            self._looked_after = self._connections.statements
            found = self._own.execute(LOOK, (identity,)).fetchone()
            self._message = (Fact(State(found[0]), *found[1:4]), found[4]) if found else (None, None)
        return self._message

    def is_connected(self, ledger: Ledger) -> bool:
        return session_of(ledger).is_usable

    def cut(self, ledger: Ledger) -> None:
        """Its connection is lost, and the server knows."""
        session_of(ledger)._drop()

    def lose_next_answer(self, ledger: Ledger) -> None:
        """The connection is lost once the server has done the next exchange, before its answer arrives."""
        session_of(ledger).loses_answer = True

    def take_lock_away(self, ledger: Ledger) -> None:
        """The lock of its run is lost, and its session is not: some pool between them has given it another one."""
        session_of(ledger).connection.execute("SELECT pg_advisory_unlock_all()")


def session_of(ledger: Ledger) -> LossySession:
    assert isinstance(ledger, PostgresLedger)
    assert isinstance(ledger._session, LossySession)
    return ledger._session
