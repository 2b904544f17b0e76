"""Recording: what the ledger costs of a send, in CPU and in waits for the disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.fast_server import fast_server, own_server
from benchmarks.figure import Figure, Findings, Reach, at_most
from benchmarks.material import FAST, PACE, PACED
from benchmarks.measure import Spread, spread
from benchmarks.sending import DELAYS

SYNCS = ("fsync", "fdatasync")
CALLS_COLUMN = 3
GROUPS = (16, 100)
MAX_PACED_SECONDS = 10


def with_and_without_ledger(bench: Bench) -> Findings:
    """P6: the loop with the ledger and without it, in turn: the same messages, composed before.

    Commits are counted where they are made: strace would slow each sync, and so make the groups larger. It tells how many syncs
    there are to a commit, in a run of its own.
    """
    rows, paced_rows = bench.send_rows, PACE * min(bench.paced_seconds, MAX_PACED_SECONDS)
    more, commits, written = [], [], []
    with fast_server(bench.folder / "nginx") as server:
        for _ in range(bench.few_rounds):
            recorded = _loop(bench, rows, server.url, FAST)
            bare = _loop(bench, rows, server.url, FAST, more=["--no-ledger"])
            more.append((recorded["cpu"] - bare["cpu"]) / rows * 1e6)
            commits.append(recorded["commits"] / rows)
            written.append((recorded["written"] - bare["written"]) / rows)
        per_commit = _syncs_per_commit(bench, min(rows, 2_000), server.url)
    with own_server(delay=DELAYS[0]) as slow:
        paced = _loop(bench, paced_rows, slow.url, PACED)["commits"] / paced_rows
    note = f"{per_commit:.2f} to a commit" if per_commit else "one to a commit: not counted, as there is no strace"
    by = per_commit or 1.0
    return Findings(
        [
            Figure(name="P6", what="the ledger's CPU a message at full speed", found=spread(more), unit="µs", note="planned, claimed, settled, checkpointed"),
            Figure(name="P6", what="bytes that the ledger writes a message at full speed", found=spread(written), unit="bytes", note="the log and its checkpoints"),
            Figure(name="P6", what="syncs a message at full speed", found=spread([each * by for each in commits]), reach=at_most(0.1), note=note),
            Figure(name="P6", what=f"syncs a message at {PACE}/s", found=spread([paced * by]), reach=at_most(0.4), note=note),
        ]
    )  # fmt: skip


def alone(bench: Bench) -> Findings:
    """N4 and P6: the ledger without a send. Only there do groups have the size that was asked for."""
    table = bench.project.table(bench.send_rows)
    figures: list[Figure] = []
    for group in GROUPS:
        runs = []
        for _ in range(bench.few_rounds):
            bench.project.with_fresh_ledger(FAST)
            runs.append(json.loads(bench.drive("ledger", bench.project, table, "--group", str(group))))
        figures += _of_group(group, runs, is_judged=group == GROUPS[0])
    return Findings(figures)


def _of_group(group: int, runs: Sequence[dict[str, float]], *, is_judged: bool) -> list[Figure]:
    def each(*names: str, times: float = 1.0) -> Spread:
        return spread([sum(run[name] for name in names) / run["messages"] * times for run in runs])

    def reach(most: float) -> Reach | None:
        return at_most(most) if is_judged else None

    what, disk = f"groups of {group}", "the log and its checkpoints"
    return [
        Figure(name="N4", what=f"bytes to disk a message, {what}", found=each("plan_to_disk", "send_to_disk"), unit="bytes", reach=reach(2_000), note=disk),
        Figure(name="N4", what=f"of them before the first claim, {what}", found=each("plan_to_disk"), unit="bytes"),
        Figure(name="P6", what=f"the ledger's CPU a message, alone, {what}", found=each("plan_cpu", "send_cpu", times=1e6), unit="µs", reach=reach(40), note="planned, claimed, settled, checkpointed"),
        Figure(name="P6", what=f"of it before the first claim, {what}", found=each("plan_cpu", times=1e6), unit="µs"),
        Figure(name="P6", what=f"commits a message, alone, {what}", found=each("commits"), reach=reach(0.1), note="a sync each"),
    ]  # fmt: skip


def _loop(
    bench: Bench, rows: int, url: str, environment: str, *, more: Sequence[str] = (), under: Sequence[str] = ()
) -> dict[str, float]:
    bench.project.point_to(url)
    bench.project.with_fresh_ledger(environment)
    options = ["--url", url, "--environment", environment, *more]
    found: dict[str, float] = json.loads(
        bench.drive("loop", bench.project, bench.project.table(rows), *options, under=under)
    )
    return found


def _syncs_per_commit(bench: Bench, rows: int, url: str) -> float | None:
    """All syncs of a process that sends, over its commits; None without strace."""
    if shutil.which("strace") is None:
        return None
    counted = bench.folder / "strace.txt"
    strace = ["strace", "-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o", str(counted)]
    commits = _loop(bench, rows, url, FAST, under=strace)["commits"]
    lines = [line.split() for line in counted.read_text(encoding="utf-8").splitlines()]
    return sum(int(line[CALLS_COLUMN]) for line in lines if line and line[-1] in SYNCS) / commits
