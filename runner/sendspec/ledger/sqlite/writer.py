"""A ledger on a connection that writes durably, under the run lock."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.sqlite.asked_check import AskedCheck
from sendspec.ledger.sqlite.durable_rows import DurableRows
from sendspec.ledger.sqlite.error import trouble_of
from sendspec.ledger.sqlite.exchanged_row import ExchangedRow
from sendspec.ledger.sqlite.migration import migrate
from sendspec.ledger.sqlite.open_ledger import KeyedDigest
from sendspec.ledger.sqlite.progress_mirror import OpenMirror
from sendspec.ledger.sqlite.query_limit import QueryLimit
from sendspec.ledger.sqlite.sealing import Sealing
from sendspec.ledger.sqlite.state_tally import CountsBySpec

MOVES_BETWEEN_CHECKPOINTS = 4_000
EPOCH = "SELECT value FROM meta WHERE name = 'epoch'"


class LedgerWriter(DurableRows, AskedCheck):
    """A ledger on a connection that syncs each commit. Every transaction but the one in `begin` needs a run begun."""

    def __init__(
        self,
        connection: Any,
        path: str,
        keyed: KeyedDigest | None = None,
        *,
        limit: QueryLimit | None = None,
        still_mine: Callable[[], bool] = lambda: True,
    ) -> None:
        """`still_mine` asks the run lock, which the caller holds."""
        super().__init__(connection, path, keyed, limit=limit)
        self._still_mine = still_mine
        self._run: int | None = None
        self._epoch: int | None = None
        self._id = ""
        self._claimed: dict[bytes, ExchangedRow] = {}
        """The rows of this run's unsettled claims, by id."""
        self._claimed_at: dict[int, float] = {}
        self._recorded = self._checkpointed = 0
        self._mirror: OpenMirror | None = None
        self._clock_offset: float | None = None
        self._sealing: Sealing | None = None
        self._is_wholly_checked = True

    def note_verified(self, sealing: Sealing | None, *, wholly: bool) -> None:
        """Has the ledger sealed when it is closed, or not at all. `wholly`: everything in it was verified."""
        self._sealing, self._is_wholly_checked = sealing, wholly

    def spoil_seal(self) -> None:
        """Leaves no new seal: the next opening has to verify what no move names, or something is wrong with the ledger."""
        if self._sealing is not None:
            self._sealing.spoil()

    def _need_end(self) -> None:
        """The run plans or claims: unless it ends, the ledger isn't sealed."""
        if self._sealing is not None:
            self._sealing.need_end()

    def close(self) -> None:
        """The same. The ledger is sealed, unless a run has planned or claimed and did not end."""
        sealing, progress = self._sealing, self._progress_to_seal()
        super().close()
        if sealing is not None and progress is not None:
            sealing.seal(*progress)

    def _progress_to_seal(self) -> tuple[int, int, int] | None:
        """The ledger's epoch, its moves, and up to which of them dead runs are recovered, if it is to be sealed."""
        is_here = not (self._closed or self._broken) and os.getpid() == self._pid
        if not is_here or self._sealing is None or not self._sealing.is_due or not self._still_mine():
            return None
        with suppress(LedgerTrouble):
            return self.epoch, self.moves, self._recovered_until(self._sealing)
        return None

    def _recovered_until(self, sealing: Sealing) -> int:
        """The move after which every message that is `sending` was claimed."""
        since = sealing.recovered_until
        return self.moves if sealing.is_idle and not self._is_sending(since) else since

    def _checkpoint(self) -> None:
        if self._sealing is not None:
            self._sealing.before_checkpoint()
        super()._checkpoint()
        if self._sealing is not None:
            self._sealing.after_checkpoint()

    def migrate(self) -> None:
        """Migrates a ledger of an older version to this one. Only for the owner of the run lock."""
        try:
            migrate(self._connection)
        except sqlite3.Error as error:
            self._broken = True
            raise trouble_of(self.path, error) from error
        self._read_version()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Nobody else writes."""
        yield

    _in_one_moment = one_moment

    def _true_counts_of(self, specs: Collection[int]) -> CountsBySpec | None:
        """The notes were verified when it was opened, and within a plan the sends' counts are behind."""
        return self._counts_of(specs)

    def _note(self, moves: int) -> None:
        """Mirrors that so many more moves are committed. Now and then, copies the WAL into the file."""
        self._recorded += moves
        if self._mirror is not None:
            self._mirror.note(self._recorded)
        if self._recorded - self._checkpointed >= MOVES_BETWEEN_CHECKPOINTS:
            self._checkpointed = self._recorded
            self._checkpoint()

    def _check_fence(self) -> None:
        """Raises `LedgerTrouble` once another run has begun, and `LedgerDamaged` where no epoch can be read."""
        if self._execute(EPOCH).fetchone() != (self._epoch,) and self.epoch != self._epoch:
            raise LedgerTrouble("another run has taken over the ledger", "wait for it, then run the command again")

    def _leave(self) -> None:
        if self._mirror is not None:
            self._mirror.close()
        super()._leave()

    def _roll_back(self) -> None:
        self._claimed.clear()
        self._claimed_at.clear()
        self._counted = None
        super()._roll_back()

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql, parameters)
