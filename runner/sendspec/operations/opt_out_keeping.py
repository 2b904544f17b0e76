"""Keeps opt-out signals, and writes the addresses of people who opt out to the file of the user's own, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from sendspec.ledger.delivery.opt_out import SignalKind
from sendspec.ledger.delivery.protocol import DeliveryStore, Written
from sendspec.operations.opt_out_signal import SignalReading, failure_signals, may_be_opt_out
from sendspec.operations.own_opt_out_file import append_addresses
from sendspec.operations.project_context import ProjectContext
from sendspec.sending.report_match import Matched


def keep_signals(context: ProjectContext, store: DeliveryStore, readings: Iterable[SignalReading]) -> Written:
    """Keeps the signals, durably. Writing the same again changes nothing.

    The user's file comes first: a command that is killed in between, and is given the same once more, loses no address. Raises
    `LedgerTrouble`, and `FileUnwritable` for that file.
    """
    read = list(readings)
    if any(reading.is_undated for reading in read):
        known = {(signal.evidence, signal.receiver) for signal in store.signals()}
        read = [_without(known, reading) if reading.is_undated else reading for reading in read]
    own = context.environment.opt_outs.append
    if own is not None:
        said = {
            address: signal.at
            for reading in read
            for signal, address in zip(reading.signals, reading.addresses, strict=True)
            if address and signal.kind is SignalKind.OUT
        }
        append_addresses(context, own, said)
    return store.put_signals(signal for reading in read for signal in reading.signals)


def _without(known: Collection[tuple[str, bytes]], reading: SignalReading) -> SignalReading:
    """The signals that are not known yet: of an entry without a time, read again, only the time would be another."""
    pairs = zip(reading.signals, reading.addresses, strict=True)
    fresh = [(signal, address) for signal, address in pairs if (signal.evidence, signal.receiver) not in known]
    return replace(reading, signals=tuple(s for s, _ in fresh), addresses=tuple(address for _, address in fresh))


def keep_failures(context: ProjectContext, store: DeliveryStore, channel: str, found: Iterable[Matched]) -> None:
    """Keeps who may have opted out, by the failures of messages on a channel. What was kept of such a failure before is not kept again."""
    failed = [one for one in found if may_be_opt_out(one.observation.report)]
    if not failed:
        return
    known = store.deliveries([one.observation.message for one in failed])
    noted_at = context.system.clock.wall()
    readings = [
        failure_signals(one.sighting, context.salt, noted_at, channel)
        for one in failed
        if (earlier := known.get(one.observation.message)) is None or not may_be_opt_out(earlier.report)
    ]
    keep_signals(context, store, [reading for reading in readings if reading.signals])
