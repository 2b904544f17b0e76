"""Measures a ledger on PostgreSQL as it grows, with the server's buffers far smaller than its indexes: rates, reads, bytes, vacuum.

`python -m benchmarks.grown_ledger --messages 10000000` takes half an hour and 12 GB of disk. It starts a private server, as the tests do.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.shared_ledger import accept, at_once, begin, line, planned, quantiles, server, shared

GROWN_AT_ONCE = 250_000
MEASURED = 20_000
STORED = """
    SELECT sum(pg_total_relation_size(relid)), sum(n_dead_tup), sum(autovacuum_count), sum(n_tup_hot_upd) / greatest(sum(n_tup_upd), 1)
    FROM pg_stat_user_tables WHERE schemaname = 'bench_growth'
"""
READS = "SELECT coalesce(sum(idx_blks_read), 0) FROM pg_statio_user_indexes WHERE schemaname = 'bench_growth'"


def of_growth(url: str, folder: Path, most: int) -> None:
    """A ledger that was grown in sends of its own size, each accepted; a measured send at a hundredth, a tenth and the whole."""
    place, held, number = shared(url, "growth", folder), 0, 0
    with psycopg.connect(url, autocommit=True) as sql:

        def asked(query: str) -> tuple[Any, ...]:
            time.sleep(1.5)  # the server counts when a session has been idle for a second
            row = sql.execute(query).fetchone()
            assert row is not None
            return row

        for goal in (most // 100, most // 10, most):
            while held < goal:
                count = min(GROWN_AT_ONCE, goal - held)
                accept(place, planned(place, count, f"send{number}"))
                held, number = held + count, number + 1
            [before] = asked(READS)
            start = time.perf_counter()
            ids = planned(place, MEASURED, f"measured{goal}")
            line(f"plan written beside {held:,} messages", MEASURED / (time.perf_counter() - start), "/s")
            rate, seconds = at_once(place, ids, 1)
            line(f"exchange beside {held:,} messages", rate, "/s", quantiles(seconds))
            [after] = asked(READS)
            line("  pages of indexes read into the server's buffers", (after - before) / MEASURED, "each")
            start = time.perf_counter()
            begin(place)
            line("  opened and begun", (time.perf_counter() - start) * 1e3, "ms")
            held += MEASURED
            stored, dead, vacuums, hot = asked(STORED)
            line(
                "  stored",
                int(stored) / held,
                "B",
                f"{dead:,} dead rows, {vacuums} automatic vacuums, {hot:.0%} of changes in place",
            )
        for table in ("message", "event"):
            start = time.perf_counter()
            sql.execute(f"VACUUM (ANALYZE) bench_growth.{table}")
            line(f"VACUUM {table}", time.perf_counter() - start, "s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000, help="how far it grows")
    most = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as folder, server("shared_buffers = 128MB") as url:
        of_growth(url, Path(folder), most)


if __name__ == "__main__":
    main()
