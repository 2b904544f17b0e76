"""The moves as SQL. Each guard is in the WHERE of the statement that moves, so that compare and set are one."""

from __future__ import annotations


def _checksum(
    *,
    state: str,
    attempt: str = "attempt",
    resend: str = "resend",
    remote_id: str = "remote_id",
    planned: str = "",
    first_claimed_at: str = "first_claimed_at",
) -> str:
    """The row's checksum after the statement. `planned` is the source of its digest, reference and receiver.

    In an UPDATE, a column's own name still means its old value. `resend` is in the upper half of the attempt, so that rows of
    ledgers without that column keep their checksums.
    """
    attempt = f"({attempt}) + (({resend}) << 32)"
    return (
        f"row_checksum(id, spec, {state}, {planned}digest, {planned}reference, {planned}receiver, {attempt}, {remote_id},"
        f" {first_claimed_at})"
    )


CLAIM = """UPDATE message SET state = 'sending', run = ?1, updated_at = ?2, first_claimed_at = ?4, attempt = ?7, checksum = ?8
    WHERE number = ?3 AND state = 'planned' AND digest = ?5 AND reference IS ?6 AND checksum = ?9"""
CLAIM_EVENT = (
    """INSERT INTO event (message, at, run, attempt, origin, target) VALUES (?3, ?2, ?1, ?4, 'planned', 'sending')"""
)

SETTLE = """UPDATE message SET state = ?1, remote_id = ?2, http_status = ?3, evidence = ?4, updated_at = ?5, checksum = ?9
    WHERE number = ?6 AND state = 'sending' AND attempt = ?7 AND run = ?8 AND checksum = ?10"""
SETTLE_EVENT = """INSERT INTO event (message, at, run, attempt, origin, target, evidence)
    VALUES (?3, ?2, ?1, ?4, 'sending', ?5, ?6)"""
"""CLAIM and SETTLE write what follows from the row as it was read before. The former checksum makes it that very row still."""

REPLAN = """UPDATE message SET digest = ?1, reference = ?2, receiver = ?3, masked = ?4, line = ?5, size = ?6, scheduled_for = ?7,
    shape = ?8 WHERE id = ?9 AND state = ?10 AND attempt = ?11"""
"""Before a MOVE, which writes the checksum: a forced resend may have another payload."""
MOVE = f"""UPDATE message SET state = ?1, remote_id = ?2, http_status = NULL, evidence = ?3, updated_at = ?4, resend = resend + ?8,
    checksum = {_checksum(state="?1", remote_id="?2", resend="resend + ?8")} WHERE id = ?5 AND state = ?6 AND attempt = ?7"""
MOVE_EVENT = """INSERT INTO event (message, at, run, attempt, origin, target, evidence)
    SELECT number, ?4, ?9, ?7, ?6, ?1, ?3 FROM message WHERE id = ?5"""

ABSENT = """INSERT INTO absence (message, attempt, at) SELECT number, ?2, ?3 FROM message WHERE id = ?1
    ON CONFLICT (message) DO UPDATE SET attempt = excluded.attempt, at = excluded.at WHERE attempt <> excluded.attempt"""
BASELINE = "baseline"
"""The evidence of a message that was sent before its ledger was made."""
IS_BASELINED = f"(state = 'skipped' AND evidence IS '{BASELINE}')"
REFERENCE = "coalesce(m.reference, 'm' || lower(hex(m.id))) || iif(m.resend > 0, '-' || (m.resend + 1), '')"
"""The reference a message goes out under: see `identity.resent`."""
_KEPT = f"iif(state = 'skipped' AND evidence = '{BASELINE}', evidence, NULL)"
PURGE = f"""UPDATE message SET masked = '', receiver = zeroblob(16), reference = NULL, evidence = {_KEPT},
    checksum = row_checksum(id, spec, state, digest, NULL, zeroblob(16), attempt + (resend << 32), remote_id, first_claimed_at)
    WHERE state IN ('accepted', 'refused', 'skipped') AND updated_at < ?1 AND masked <> ''"""
PURGE_EVENTS = """UPDATE event SET evidence = NULL
    WHERE evidence IS NOT NULL AND message IN (SELECT number FROM message WHERE masked = '')"""

LOST_OWNER = "the run that was sending it ended without an answer"
RECOVER = f"""UPDATE message SET state = 'in_doubt', evidence = '{LOST_OWNER}', updated_at = ?1,
    checksum = {_checksum(state="'in_doubt'")} WHERE state = 'sending' AND run IS NOT ?2"""
"""?2 is the run that begins. It holds the lock, which proves every other run dead."""
RECOVER_EVENT = f"""INSERT INTO event (message, at, run, attempt, origin, target, evidence)
    SELECT number, ?1, ?2, attempt, 'sending', 'in_doubt', '{LOST_OWNER}' FROM message WHERE state = 'sending' AND run IS NOT ?2"""
MOVED_SINCE = " AND number IN (SELECT message FROM event WHERE number > ?3)"
"""Bounds RECOVER and RECOVER_EVENT, where no message was `sending` before the move ?3. SQLite reads it before it inserts."""

_COLUMNS = (
    "id, spec, state, digest, reference, receiver, masked, updated_at, line, size, scheduled_for, shape, checksum"
)
REPLAN_PLANNED = f"""ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, reference = excluded.reference,
        receiver = excluded.receiver, masked = excluded.masked, updated_at = excluded.updated_at, line = excluded.line,
        size = excluded.size, scheduled_for = excluded.scheduled_for, shape = excluded.shape,
        checksum = {_checksum(state="state", planned="excluded.")}
    WHERE state = 'planned' AND (?3 OR digest = excluded.digest)
        AND (digest <> excluded.digest OR reference IS NOT excluded.reference OR line IS NOT excluded.line
            OR shape IS NOT excluded.shape)"""
"""?3: whether another payload may replace the planned one. `reference` is compared too: the digest leaves it out, and the ledger must know the one that goes out, as reconciling asks the API for it."""
PUT_BASELINED = f"""INSERT INTO message ({_COLUMNS}, evidence)
    VALUES (?1, ?2, 'skipped', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, row_checksum(?1, ?2, 'skipped', ?3, ?4, ?5, 0, NULL), '{BASELINE}')
    ON CONFLICT (id) DO NOTHING"""


def wrong_checksum(version: int) -> str:
    """The condition on a row that it doesn't match its checksum, in a ledger of that version."""
    resend = "resend" if version >= 2 else "0"
    first = "first_claimed_at" if version >= 3 else "NULL"
    computed = _checksum(state="state", resend=resend, first_claimed_at=first)
    return f"checksum IS NOT {computed}"
