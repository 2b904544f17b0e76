"""Reads the opt-outs and opt-ins from the requests in a spool of webhooks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

from sendspec.ledger.delivery.opt_out import OptOutSignal, SignalKind
from sendspec.operations.captured_request import MAX_LINE, LineFault, read_request
from sendspec.operations.opt_out_signal import signals_of
from sendspec.provider.webhook_event import InboundEvent, InteractionEvent, UnreadableEvent, read_event

TORN = frozenset({LineFault.LINE_JSON, LineFault.LINE_LENGTH})
"""What a receiver that was killed leaves: a request that it didn't answer."""


def read_spool(
    spool: BinaryIO, channels: Collection[str] | None, salt: bytes, now: float
) -> tuple[tuple[OptOutSignal, ...], int]:
    """The signals of events on `channels`, in order, and how many requests can't be understood. `channels` None: any.

    `now` is in Unix seconds. Raises `OSError` if the spool can't be read.
    """
    signals: list[OptOutSignal] = []
    unread = 0
    for line in _whole_lines(spool):
        request = read_request(line)
        if isinstance(request, LineFault):
            unread += request not in TORN
            continue
        event = read_event(request.body)
        if isinstance(event, UnreadableEvent):
            unread += not event.name.endswith(".outbound")
        elif isinstance(event, InboundEvent | InteractionEvent):
            entry = event.message if isinstance(event, InboundEvent) else event.entry
            if entry.channel is None or channels is None or entry.channel in channels:
                reading = signals_of(entry, salt, now)
                unread += reading.unaddressed
                signals += (one for one in reading.signals if one.kind is not SignalKind.MAYBE)
    return tuple(signals), unread


def _whole_lines(spool: BinaryIO) -> Iterator[bytes]:
    """Lines with an end: what comes after the last one is being written. Of one that is too long, nothing."""
    is_whole = True
    while line := spool.readline(MAX_LINE + 2):
        ends = line.endswith(b"\n")
        if ends and is_whole and line.strip():
            yield line.rstrip(b"\n")
        is_whole = ends
