"""An open ledger file: its identity and version, its notes, and its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.sqlite.checked_rows import CheckedRows
from sendspec.ledger.sqlite.migration import version_of
from sendspec.ledger.sqlite.opt_out_mirror import MAX_BYTES, NOTE
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress
from sendspec.ledger.sqlite.query_limit import QueryLimit
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.planning.message_state import State

STATE_BY_WORD = {state.value: state for state in State}
KeyedDigest: TypeAlias = Callable[[bytes], bytes]
"""Turns the plain SHA-256 of an earlier version's ledger into a payload digest."""

MAX_EPOCH = 1 << 62
NUMBER_OF_SEND = "SELECT number FROM spec WHERE name = ? AND generation = ?"


class OpenLedger(CheckedRows):
    """A ledger, opened to read or to write."""

    def __init__(
        self, connection: Any, path: str, keyed: KeyedDigest | None = None, *, limit: QueryLimit | None = None
    ) -> None:
        """`keyed` converts the payload digests of an earlier version; a ledger of this version needs none."""
        super().__init__(connection, path, limit=limit)
        for arguments in (8, 9):
            connection.create_function("row_checksum", arguments, row_checksum, deterministic=True)
        if keyed is not None:
            connection.create_function("keyed_digest", 1, keyed, deterministic=True)
        self._read_version()

    def _read_version(self) -> None:
        """Chooses the expressions that stand in for columns which an earlier version lacks."""
        self.version = version_of(self._connection)
        self._resend = "resend" if self.version >= 2 else "0"
        self._digest = "digest" if self.version >= 3 else "keyed_digest(digest)"
        self._number = "number" if self.version >= 3 else "id"

    @property
    def id(self) -> str:
        return str(self._value("SELECT value FROM meta WHERE name = 'id'"))

    @property
    def salt_check(self) -> str | None:
        """`identity.salt_check_of` the salt that keys this ledger's messages; None where it was not noted."""
        return self._noted("salt_check")

    @property
    def moved_to(self) -> str | None:
        """Where the ledger was copied to; None: it was not."""
        return self._noted("moved_to")

    @property
    def halt(self) -> str | None:
        """A ledger in a file can't be halted: always None."""
        return None

    @property
    def opt_outs_noted(self) -> int:
        """How many opt-out signals there were beside the ledger when that was last noted."""
        noted = self._noted(NOTE)
        if noted is None:
            return 0
        if not noted.isascii() or not noted.isdigit() or len(noted) > MAX_BYTES:
            raise self._damaged("its count of opt-outs is no number")
        return int(noted)

    def _noted(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    @property
    def epoch(self) -> int:
        epoch = self._number_of("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'epoch'")
        if not 0 <= epoch < MAX_EPOCH:
            raise self._damaged("its count of runs is not one that runs can reach")
        return epoch

    @property
    def moves(self) -> int:
        """The number of recorded moves. It only grows: a ledger with fewer than before has lost some."""
        return self._number_of("SELECT coalesce(max(number), 0) FROM event")

    @property
    def progress(self) -> LedgerProgress:
        return LedgerProgress(self.epoch, self.moves)

    def _state(self, word: str) -> State:
        state = STATE_BY_WORD.get(word)
        if state is None:
            raise LedgerDamaged(
                f"the ledger {self.path} is damaged: a message is in the state {word!r}", "restore it from a backup"
            )
        return state
