"""Measures what is kept of deliveries beside a ledger: bytes a message, seconds to write and read, memory, and how long others wait.

`make bench-delivery`, or `python -m benchmarks.delivery_store --messages 20000` for a look. The files are on the disk of `--folder`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.identity import LedgerIdentity
from sendspec.reading.environment import LedgerFile

IDENTITY = LedgerIdentity("bench", bytes(32))
REASON = FailureReason("unknown subscriber", 15005, "sms-messagebird", "1")
BEGUN = 1_790_000_000.0
IDS_AT_ONCE = 1_000


def line(what: str, value: float, unit: str) -> None:
    print(f"{what:<58} {value:>12,.2f} {unit}", flush=True)


def ids(count: int) -> Iterator[bytes]:
    """The same in each process, without being held."""
    chance = random.Random(1)
    return (chance.randbytes(16) for _ in range(count))


def observations(count: int, failed_percent: int) -> Iterator[Observation]:
    """As a sweep of the list sees messages of one send: in an order that is no ids' order."""
    for number, identity in enumerate(ids(count)):
        is_failed = number % 100 < failed_percent
        report = StatusReport(
            "delivery_failed" if is_failed else "delivered", BEGUN + number / 50, REASON if is_failed else None, 1
        )
        yield Observation(identity, report, Source.LIST, BEGUN + 3_600 + number / 5_000)


def written(place: LedgerFile, count: int, failed_percent: int) -> None:
    for again in ("written", "seen again"):
        start = time.perf_counter()
        with open_deliveries(place, IDENTITY) as store:
            store.observe(observations(count, failed_percent))
        line(f"{count:,} messages, {failed_percent} % failed: {again}", time.perf_counter() - start, "s")
    size = place.file.with_name(f"{place.file.name}.delivery").stat().st_size
    line(f"{count:,} messages, {failed_percent} % failed: kept", size / count, "B a message")
    line("memory of the process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024, "MB")


def read(place: LedgerFile, count: int) -> None:
    start, found, block = time.perf_counter(), 0, list[bytes]()
    with read_deliveries(place, IDENTITY) as facts:
        assert facts is not None
        for identity in ids(count):
            block.append(identity)
            if len(block) == IDS_AT_ONCE:
                found += len(facts.deliveries(block))
                block.clear()
        line(f"{count:,} messages: looked up", time.perf_counter() - start, "s")
        assert found == count - count % IDS_AT_ONCE
    line("memory of the process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024, "MB")


def waited(place: LedgerFile, count: int) -> None:
    """How long an opt-out waits while a sweep of so many messages is written."""
    sweep = multiprocessing.get_context("fork").Process(target=written, args=(place, count, 0))
    sweep.start()
    seconds = []
    with open_deliveries(place, IDENTITY) as store:
        while sweep.is_alive():
            begun = time.perf_counter()
            store.put_signals([OptOutSignal(os.urandom(16), SignalKind.OUT, Ground.KEYWORD, BEGUN, None, "x", BEGUN)])
            seconds.append(time.perf_counter() - begun)
            time.sleep(0.02)
    sweep.join()
    seconds.sort()
    line("an opt-out beside it, median", seconds[len(seconds) // 2] * 1e3, "ms")
    line("an opt-out beside it, 99 of 100", seconds[len(seconds) * 99 // 100] * 1e3, "ms")
    line("an opt-out beside it, longest", seconds[-1] * 1e3, "ms")


def alone(measure: Callable[[], None]) -> None:
    """In a process of its own, whose memory is then its own."""
    process = multiprocessing.get_context("fork").Process(target=measure)
    process.start()
    process.join()
    assert process.exitcode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages of a sweep")
    parser.add_argument("--folder", type=Path, default=None, help="where the files are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for failed_percent in (0, 5):
            place = LedgerFile(Path(folder) / f"{failed_percent}.db", durable=True)
            alone(partial(written, place, options.messages, failed_percent))
            alone(partial(read, place, options.messages))
        waited(LedgerFile(Path(folder) / "waited.db", durable=True), options.messages // 5)


if __name__ == "__main__":
    main()
