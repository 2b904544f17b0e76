"""Measures the ledger on PostgreSQL beside SQLite's in one session: exchanges of one and several runs, bytes, look-ups, opening.

`make bench-ledger`, or `python -m benchmarks.shared_ledger --messages 8000 --held 20000` for a look. It starts a private server, as the
tests do. Rates on one machine say how the two compare, not what a server far away reaches.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, Secret, ServerPlace
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Claim, PlannedRecord, RunOwner, SendIdentity, Settlement
from sendspec.planning.message_state import State
from sendspec.reading.environment import LedgerFile

from benchmarks.bench import HERE
from benchmarks.fast_server import fast_server
from benchmarks.material import FAST, call, make_project, sendspec
from benchmarks.measure import measured
from benchmarks.sending import said

sys.path.append(str(HERE.parent / "tests" / "support"))
from postgres_server import new_server

GROUP = 32
"""Messages in one exchange, as a channel with the default concurrency has them."""
RUNS = (1, 2, 4, 8)
IDENTITY = LedgerIdentity("bench", bytes(32))
OWNER = RunOwner(pid=os.getpid(), host="bench", command="bench")
DIGEST = bytes(24)


def records(count: int) -> Iterator[PlannedRecord]:
    return (PlannedRecord(os.urandom(16), DIGEST, None, os.urandom(16), "+31••••••78", n, 2) for n in range(count))


def hold(place: LedgerPlace) -> AbstractContextManager[Ledger]:
    return access.hold(place, IDENTITY, OWNER, since="now", ci=False)


def planned(place: LedgerPlace, count: int, name: str = "hello") -> list[bytes]:
    """Plans so many messages in a run of its own; their ids."""
    kept = list(records(count))
    with hold(place) as ledger:
        ledger.begin(OWNER, now=time.time())
        ledger.put_planned(SendIdentity(name, 1, f"{name}.yaml"), kept, bytes(32), now=time.time())
        ledger.end(now=time.time(), ending="finished", requests=0)
    return [record.id for record in kept]


def accept(place: LedgerPlace, ids: Sequence[bytes], begun: Any = None) -> list[float]:
    """Claims and accepts the messages in groups; the seconds of each exchange. `begun` is waited for by all runs at once."""
    seconds = []
    with hold(place) as ledger:
        ledger.begin(OWNER, now=time.time())
        if begun is not None:
            begun.wait()
        settle: list[Settlement] = []
        waiting = iter(ids)
        while (group := list(islice(waiting, GROUP))) or settle:
            claims = [Claim(identity, DIGEST, None) for identity in group]
            start = time.perf_counter()
            won = ledger.exchange(settle=settle, claim=claims, now=time.time()).won
            seconds.append(time.perf_counter() - start)
            settle = [Settlement(i, a, State.ACCEPTED, i.hex(), None, 202) for i, a in won.items()]
        ledger.end(now=time.time(), ending="finished", requests=0)
    return seconds


def _one_run(place: LedgerPlace, ids: Sequence[bytes], begun: Any, found: Any) -> None:
    start = time.perf_counter()
    seconds = accept(place, ids, begun)
    found.put((seconds, time.perf_counter() - start))


def at_once(place: LedgerPlace, ids: Sequence[bytes], runs: int) -> tuple[float, list[float]]:
    """Messages a second over all runs, each with its share, and the seconds of each exchange."""
    forks = multiprocessing.get_context("fork")
    begun, found = forks.Barrier(runs + 1), forks.Queue()
    share = -(-len(ids) // runs)
    processes = [
        forks.Process(target=_one_run, args=(place, ids[n * share : (n + 1) * share], begun, found))
        for n in range(runs)
    ]
    for process in processes:
        process.start()
    begun.wait()
    start = time.perf_counter()
    results = [found.get() for _ in processes]
    total = time.perf_counter() - start
    for process in processes:
        process.join()
    return len(ids) / total, [each for seconds, _ in results for each in seconds]


@contextmanager
def server(settings: str = "shared_buffers = 512MB\nmax_wal_size = 4GB") -> Iterator[str]:
    """The URL of a private server, the rest of its settings as they are by default, on a real disk."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        own = new_server(Path(folder) / "pg", settings + "\n")
        own.start()
        try:
            yield own.url
        finally:
            own.stop("immediate")


def shared(url: str, name: str, folder: Path) -> ServerPlace:
    place = ServerPlace(Secret(url), f"bench_{name}", "the server of the benchmark", folder)
    access.make(place, folder / f"{name}.lock", "bench", IDENTITY, OWNER, since="now", now=time.time())
    return place


def local(folder: Path, name: str) -> LedgerFile:
    place = LedgerFile(folder / f"{name}.db", durable=True)
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=time.time())
    return place


LEDGERS = {"SQLite": "{file: fast.db}", "PostgreSQL": "{url: {env: BENCHMARK_LEDGER}, schema: bench_sends}"}
URL_VARIABLE = "BENCHMARK_LEDGER"


def line(what: str, value: float, unit: str, more: str = "") -> None:
    print(f"{what:<58} {value:>10,.1f} {unit:<6} {more}".rstrip(), flush=True)


def quantiles(seconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms"


def of_exchanges(url: str, folder: Path, messages: int) -> None:
    rate, seconds = at_once(local_file := local(folder, "exchange"), planned(local_file, messages), 1)
    line("exchange, SQLite, 1 run", rate, "/s", quantiles(seconds))
    for runs in RUNS:
        place = shared(url, f"exchange{runs}", folder)
        rate, seconds = at_once(place, planned(place, messages), runs)
        line(f"exchange, PostgreSQL, {runs} run{'s' * (runs > 1)}", rate, "/s", quantiles(seconds))


def of_bytes(url: str, folder: Path, messages: int) -> None:
    place = shared(url, "bytes", folder)
    with psycopg.connect(url, autocommit=True) as sql:

        def log() -> int:
            row = sql.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
            assert row is not None
            return int(row[0])

        sql.execute("CHECKPOINT")
        before = log()
        ids = planned(place, messages)
        line(
            "WAL of a plan",
            (log() - before) / messages,
            "B",
            "first writes of pages after a checkpoint are whole pages",
        )
        before = log()
        accept(place, ids)
        line("WAL of claiming and settling", (log() - before) / messages, "B")
        for table in ("message", "event"):
            row = sql.execute(f"SELECT pg_total_relation_size('bench_bytes.{table}')").fetchone()
            assert row is not None
            line(f"stored, {table} with its indexes", int(row[0]) / messages, "B")


def of_sends(url: str, folder: Path, messages: int) -> None:
    """Whole commands over HTTP, with their plans."""
    os.environ[URL_VARIABLE] = url
    with fast_server(folder / "nginx") as api:
        for name, ledger in LEDGERS.items():
            project = make_project(folder / f"sends-{name}")
            project.point_to(api.url, ledger=ledger)
            call([sendspec(), "ledger", "init", "--env", FAST], project.folder)
            command = [sendspec(), "send", "order.yaml", "--env", FAST, "--recipients", str(project.table(messages))]
            usage = measured([*command, "--yes", "--format", "json"], project.folder)
            seconds = said(usage, messages)["seconds"]
            line(f"send, {name}, first claim to last result", messages / seconds, "/s", api.name)
            line(f"send, {name}, whole command", messages / usage.seconds, "/s")


def of_a_full_ledger(url: str, folder: Path, held: int) -> None:
    """Opening, beginning and looking up, in ledgers that hold so many accepted messages."""
    for name, place in (("SQLite", local(folder, "full")), ("PostgreSQL", shared(url, "full", folder))):
        start = time.perf_counter()
        ids = planned(place, held)
        line(f"plan written, {name}, {held:,} messages", held / (time.perf_counter() - start), "/s")
        accept(place, ids)
        for what, use in (("opened and begun", begin), ("read, states of a send", _states)):
            start = time.perf_counter()
            use(place)
            line(f"{what}, {name}", (time.perf_counter() - start) * 1e3, "ms")
        with access.read(place, IDENTITY) as facts:
            start = time.perf_counter()
            for first in range(0, len(ids), 20_000):
                facts.prior_states(ids[first : first + 20_000])
            line(f"look-up of a message, {name}", (time.perf_counter() - start) / len(ids) * 1e6, "µs")
        start = time.perf_counter()
        rate, _ = at_once(place, planned(place, min(held, 20_000), "more"), 1)
        line(f"exchange beside {held:,} messages, {name}", rate, "/s")


def begin(place: LedgerPlace) -> None:
    with hold(place) as ledger:
        ledger.begin(OWNER, now=time.time())


def _states(place: LedgerPlace) -> None:
    with access.read(place, IDENTITY) as facts:
        facts.states("hello", 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=40_000, help="messages of a measured send")
    parser.add_argument("--held", type=int, default=1_000_000, help="messages of a full ledger")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as url:
        for measure in (
            partial(of_exchanges, messages=options.messages),
            partial(of_bytes, messages=options.messages),
            partial(of_sends, messages=options.messages),
            partial(of_a_full_ledger, held=options.held),
        ):
            measure(url, Path(folder))


if __name__ == "__main__":
    main()
