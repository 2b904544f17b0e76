"""Rows of deliveries, interactions, signals and pending reports, as both stores have them, with what shows that one is damaged."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any, TypeAlias

from sendspec.composing.identity import ID_BYTES
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.kept_value import is_kept_moment, reason_of, reason_text, to_milliseconds, to_seconds
from sendspec.ledger.delivery.observation import Delivery, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.protocol import PendingReport

DIGEST_BYTES = 16
LOST = "lost"
"""The kind of the row that stands for all signals with a lower number that are gone."""
Row: TypeAlias = tuple[Any, ...]


def checksum(key: bytes, *values: object) -> int:
    """A checksum over a row's values, as a signed number of 32 bits: SQLite stores that in four bytes."""
    found = zlib.crc32(key + repr(values).encode())
    return found - (1 << 32) if found >= 1 << 31 else found


def delivery_values(
    message: bytes, delivery: Delivery
) -> tuple[str, int, int | None, int, int, int | None, str | None, int]:
    """Status, source, at, seen at, whether it changed, parts, reason and checksum."""
    report = delivery.report
    values = (
        report.status,
        int(delivery.source),
        None if report.at is None else to_milliseconds(report.at),
        to_milliseconds(delivery.seen_at),
        int(delivery.is_changed),
        report.parts,
        None if report.reason is None else reason_text(report.reason),
    )
    return (*values, checksum(message, *values))


def delivery_of(message: bytes, row: Row) -> Delivery:
    """The delivery of a row of `delivery_values`. Raises ValueError for a damaged one."""
    *values, noted = row
    if checksum(message, *values) != noted:
        raise ValueError("a delivery doesn't match its checksum")
    status, source, at, seen_at, changed, parts, reason = values
    report = StatusReport(
        status,
        None if at is None else to_seconds(at),
        None if reason is None else reason_of(reason),
        parts,
    )
    return Delivery(report, Source(source), to_seconds(seen_at), bool(changed))


def interaction_values(one: Interaction) -> tuple[bytes, str, int, int, int, int]:
    """Message, kind, at, whether it is the first, whether a bot's, and the checksum."""
    values = one.kind, to_milliseconds(one.at), int(one.is_first), int(one.is_bot)
    return (one.message, *values, checksum(one.message, one.id, *values))


def interaction_of(identity: str, row: Row) -> Interaction:
    """The interaction of a row of `interaction_values`. Raises ValueError for a damaged one."""
    message, kind, at, first, bot, noted = row
    if checksum(message, identity, kind, at, first, bot) != noted:
        raise ValueError("an interaction doesn't match its checksum")
    return Interaction(identity, message, kind, to_seconds(at), bool(first), bool(bot))


def signal_values(signal: OptOutSignal) -> tuple[bytes, str, str, int, str | None, str, int, bytes]:
    """Receiver, kind, ground, at, channel, evidence, noted at, and the digest that tells equal signals."""
    values = (
        signal.receiver,
        signal.kind.value,
        signal.ground.value,
        to_milliseconds(signal.at),
        signal.channel,
        signal.evidence,
    )
    return (*values, to_milliseconds(signal.noted_at), signal_digest(*values))


def signal_of(row: Row) -> OptOutSignal:
    """The signal of a row of `signal_values`. Raises ValueError for a damaged one."""
    receiver, kind, ground, at, channel, evidence, noted_at, digest = row
    if signal_digest(receiver, kind, ground, at, channel, evidence) != digest or not is_kept_moment(noted_at):
        raise ValueError("an opt-out doesn't match its digest")
    return OptOutSignal(
        receiver, SignalKind(kind), Ground(ground), to_seconds(at), channel, evidence, to_seconds(noted_at)
    )


def lost_values(reason: str, at: float) -> tuple[bytes, str, str, int, None, str, int, bytes]:
    """The row in the place of signals that were lost, with a person's reason for going on without them."""
    moment = to_milliseconds(at)
    return b"", LOST, Ground.HAND.value, moment, None, reason, moment, signal_digest(b"", LOST, reason, moment)


def check_lost(row: Row) -> None:
    """Raises ValueError for a damaged row of `lost_values`."""
    if signal_digest(b"", LOST, row[5], row[3]) != row[7]:
        raise ValueError("a note of lost opt-outs doesn't match its digest")


def numbered_signals(
    rows: Iterable[Row], after: int, sound: Callable[..., Any], damaged: Callable[[str], Exception]
) -> Iterator[OptOutSignal]:
    """The signals in numbered rows above `after`. Their numbers have no gap, but for what is noted as lost.

    `sound` calls a reader, and raises for a damaged row; `damaged` makes the error for a row that is gone.
    """
    expected = after + 1
    for number, *values in rows:
        if number != expected and (values[1] != LOST or number < expected):
            raise damaged("an opt-out is gone from it")
        expected = number + 1
        if values[1] == LOST:
            sound(check_lost, values)
        else:
            yield sound(signal_of, values)


def signal_digest(receiver: bytes, *values: str | int | None) -> bytes:
    """Over all of a signal but when it was noted."""
    return blake2b(receiver + json.dumps(values).encode(), digest_size=DIGEST_BYTES).digest()


def pending_values(pending: PendingReport) -> tuple[str, str, bytes, int, int]:
    """Remote id, report, receivers, source, and when it was seen."""
    report = pending.report
    reason = None if report.reason is None else reason_text(report.reason)
    at = None if report.at is None else to_milliseconds(report.at)
    content = json.dumps([report.status, at, report.parts, reason], ensure_ascii=False)
    receivers = b"".join(sorted(pending.receivers))
    return pending.remote_id, content, receivers, int(pending.source), to_milliseconds(pending.seen_at)


def pending_of(row: Row) -> PendingReport:
    """The pending report of a row of `pending_values`. Raises ValueError for a damaged one."""
    remote_id, content, receivers, source, seen_at = row
    status, at, parts, reason = json.loads(content)
    starts = range(0, len(receivers), ID_BYTES)
    report = StatusReport(
        status, None if at is None else to_seconds(at), None if reason is None else reason_of(reason), parts
    )
    return PendingReport(
        remote_id,
        tuple(receivers[start : start + ID_BYTES] for start in starts),
        report,
        Source(source),
        to_seconds(seen_at),
    )
