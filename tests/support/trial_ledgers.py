"""The ledgers of campaigns of kills, read beside the sends by other means than their own."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from mutants import Mutant, SharedMutant
from postgres_mutants import broken_functions
from psycopg.rows import TupleRow
from sendspec.ledger.postgres.function_words import LOST_OWNER

UNREACHABLE = "unreachable"
"""What a message's state is while its ledger can't be asked."""
PATIENCE_SECONDS = 60.0


class TrialLedger(Protocol):
    """`setting` is what the project says of it, `environ` what its commands have to know."""

    @property
    def setting(self) -> str: ...

    @property
    def environ(self) -> Mapping[str, str]: ...

    def break_it(self) -> None:
        """Once it is made: as its mutant has it, if it has one."""

    def states(self, generation: int) -> dict[str, int]:
        """The count of a generation's messages by state."""

    def rows(self, generation: int) -> list[tuple[str, str, str]]:
        """Reference, state and API id of a generation's messages."""

    def most_on_the_way(self, generation: int) -> int:
        """How many messages the run has on its way that has most."""

    def in_doubt(self) -> int:
        """How many messages of all generations are."""

    def state_of(self, reference: str) -> str | None: ...

    def doubted_of_ended_runs(self) -> int:
        """How many messages were put in doubt as those of a dead run that had come to its end."""

    def be_sure_who_is_dead(self) -> None:
        """Once no send runs: nobody is waited for any longer."""

    def close(self) -> None: ...


class SqliteTrial:
    """A connection of its own each time: one that stays open would keep the next run from finding the ledger as a kill left it."""

    setting = "{file: test.db}"
    environ: Mapping[str, str] = {}  # read only

    def __init__(self, folder: Path) -> None:
        self._path = folder / "test.db"

    def break_it(self) -> None:
        """Its statements are in the sending processes."""

    def states(self, generation: int) -> dict[str, int]:
        sql = "SELECT state, count(*) FROM message JOIN spec ON spec.number = message.spec WHERE generation = ? GROUP BY state"
        return dict(self._asked(sql, generation))

    def rows(self, generation: int) -> list[tuple[str, str, str]]:
        sql = "SELECT 'm' || lower(hex(id)), state, remote_id FROM message JOIN spec ON spec.number = message.spec WHERE generation = ?"
        return self._asked(sql, generation)

    def most_on_the_way(self, generation: int) -> int:
        return self.states(generation).get("sending", 0)

    def in_doubt(self) -> int:
        return int(self._asked("SELECT count(*) FROM message WHERE state = 'in_doubt'")[0][0])

    def state_of(self, reference: str) -> str | None:
        rows = self._asked("SELECT state FROM message WHERE id = ?", bytes.fromhex(reference[1:33]))
        return rows[0][0] if rows else None

    def doubted_of_ended_runs(self) -> int:
        """None can be: its lock is for one run."""
        return 0

    def be_sure_who_is_dead(self) -> None:
        """A lock tells at once."""

    def close(self) -> None:
        """Nothing is open."""

    def _asked(self, sql: str, *parameters: object) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, parameters).fetchall()


class PostgresTrial:
    """A schema of its own. A server that is away is waited for. `mutant` breaks the ledger's functions in one place."""

    def __init__(self, url: str, mutant: Mutant | SharedMutant | None = None) -> None:
        self._url, self.schema, self._mutant = url, f"trial_{uuid4().hex}", mutant
        self.setting = f"{{url: {{env: TEST_LEDGER_URL}}, schema: {self.schema}}}"
        self.environ = {"TEST_LEDGER_URL": url}
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[TupleRow] | None = None

    def break_it(self) -> None:
        for statement in broken_functions(self._mutant, fence=True, schema=self.schema) if self._mutant else ():
            self.change(statement)

    def states(self, generation: int) -> dict[str, int]:
        sql = "SELECT state, count(*) FROM message JOIN spec ON spec.number = message.spec WHERE generation = %s GROUP BY state"
        return dict(self._asked(sql, generation))

    def rows(self, generation: int) -> list[tuple[str, str, str]]:
        sql = "SELECT 'm' || encode(id, 'hex'), state, remote_id FROM message JOIN spec ON spec.number = message.spec WHERE generation = %s"
        return self._asked(sql, generation)

    def most_on_the_way(self, generation: int) -> int:
        sql = """SELECT coalesce(max(held), 0) FROM (SELECT count(*) AS held FROM message JOIN spec ON spec.number = message.spec
            WHERE generation = %s AND state = 'sending' GROUP BY run) AS of_run"""
        return int(self._asked(sql, generation)[0][0])

    def in_doubt(self) -> int:
        return int(self._asked("SELECT count(*) FROM message WHERE state = 'in_doubt'")[0][0])

    def state_of(self, reference: str) -> str | None:
        try:
            rows = self._asked_once("SELECT state FROM message WHERE id = %s", bytes.fromhex(reference[1:33]))
        except psycopg.Error:
            return UNREACHABLE
        return rows[0][0] if rows else None

    def doubted_of_ended_runs(self) -> int:
        sql = """SELECT count(*) FROM event doubted JOIN event claimed
                ON claimed.message = doubted.message AND claimed.attempt = doubted.attempt AND claimed.target = 'sending'
            JOIN run ON run.number = claimed.run
            WHERE doubted.target = 'in_doubt' AND doubted.evidence = %s AND run.ended_at IS NOT NULL"""
        return int(self._asked(sql, LOST_OWNER)[0][0])

    def be_sure_who_is_dead(self) -> None:
        """The runs of a server that was just started are given a minute to come back; here, none is left."""
        self._asked("UPDATE run SET seen_at = now() WHERE on_the_way > 0 RETURNING number")

    def change(self, sql: str) -> None:
        """Changes it behind its runs' backs."""
        self._asked(f"{sql}; SELECT 1")

    def close(self) -> None:
        self._asked(f"DROP SCHEMA {self.schema} CASCADE; SELECT 1")
        if self._connection is not None:
            self._connection.close()

    def _asked(self, sql: str, *parameters: object) -> list[Any]:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._asked_once(sql, *parameters)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _asked_once(self, sql: str, *parameters: object) -> list[Any]:
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._url, autocommit=True, options=f"-c search_path={self.schema}")
            cursor = self._connection.execute(sql, parameters or None)
            while cursor.nextset():
                """Only the last result counts."""
            return cursor.fetchall()
