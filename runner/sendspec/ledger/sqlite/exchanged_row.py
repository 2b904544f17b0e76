"""A message's row as an exchange moves it. Its checksum is computed here: a call back from SQL for each row costs more."""

from __future__ import annotations

from typing import TypeAlias

from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.planning.message_state import State

COLUMNS = "number, attempt, spec, state, digest, reference, receiver, resend, remote_id, first_claimed_at, checksum"
ExchangedRow: TypeAlias = tuple[int, int, int, str, bytes, str | None, bytes, int, str | None, int | None, int]
"""The values of `COLUMNS`. A plain tuple, as SQLite returns it: a send makes millions."""

_SENDING = State.SENDING.value


def claimed(identity: bytes, row: ExchangedRow, claimed_at: int | None) -> ExchangedRow:
    """The row after its claim. `claimed_at` dates a first claim, in Unix seconds by the API's clock."""
    number, attempt, spec, _, digest, reference, receiver, resend, remote_id, first, _ = row
    if not attempt:
        first = claimed_at
    attempt += 1
    checksum = row_checksum(
        identity, spec, _SENDING, digest, reference, receiver, attempt + (resend << 32), remote_id, first
    )
    return (number, attempt, spec, _SENDING, digest, reference, receiver, resend, remote_id, first, checksum)


def settled_checksum(identity: bytes, row: ExchangedRow, state: str, remote_id: str | None) -> int:
    """The row's checksum after a settlement: its state and its API id change."""
    _, attempt, spec, _, digest, reference, receiver, resend, _, first, _ = row
    return row_checksum(identity, spec, state, digest, reference, receiver, attempt + (resend << 32), remote_id, first)
