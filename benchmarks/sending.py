"""Sending: at full speed beside bare HTTP clients, at a limit, and what the ledger costs of it."""

from __future__ import annotations

import json
import shutil
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.fast_server import fast_server, own_server
from benchmarks.figure import Figure, Findings, Line, at_least, at_most, line, ratios, timed_line
from benchmarks.material import FAST, PACE, PACED, PATH, SCHEMA, Project, write_bodies
from benchmarks.measure import Usage, in_turn, measured, spread

SHARE_BY_CLIENT = {"urllib3": 1.0, "aiohttp": 1.0, "requests": 0.3, "httpx": 0.1}
"""The slow ones post a part of the bodies, or they would take most of the session."""
PLAIN_SHARE = 0.1
DELAY = 0.15
SYNCS = ("fsync", "fdatasync")
CALLS_COLUMN = 3


def send_all_of(bench: Bench, table: Path, environment: str = FAST, *, under: Sequence[str] = ()) -> Usage:
    bench.project.with_fresh_ledger(environment)
    command = [bench.sendspec, "send", "order.yaml", "--env", environment, "--recipients", str(table), "--yes"]
    return measured([*under, *command, "--format", "json"], bench.project.folder)


def said(usage: Usage, expected: int) -> dict[str, float]:
    """What a run says of itself; raises unless all was accepted."""
    document = json.loads(usage.out)
    accepted = document["totals"]["accepted"] if "totals" in document else document["messages"]
    if accepted != expected:
        raise RuntimeError(f"{accepted} of {expected} messages were accepted")
    return {"seconds": float(document["seconds"])}


def at_full_speed(bench: Bench) -> Findings:
    """P4: sends with everything on, beside clients that post the same bodies and do nothing else."""
    rows = bench.send_rows
    table, bodies = bench.project.table(rows), bench.folder / "bodies.jsonl"
    write_bodies(bench.project, table, bodies)
    counts = {client: int(rows * share) for client, share in SHARE_BY_CLIENT.items()}
    plain_rows = int(rows * PLAIN_SHARE)
    plain_table = bench.project.table(plain_rows)
    with fast_server(bench.folder / "nginx") as server:
        bench.project.point_to(server.url)
        url = server.url + PATH

        def post(client: str) -> Usage:
            most = ["--url", url, "--most", str(counts[client])]
            return measured([sys.executable, bench.path("peers/post.py"), client, str(bodies), *most], bench.folder)

        def plain() -> Usage:
            options = ["--schema", str(SCHEMA), "--url", url]
            return measured([sys.executable, bench.path("plain/script.py"), str(plain_table), *options], bench.folder)

        runs: dict[str, Callable[[], Usage]] = {"sendspec": lambda: send_all_of(bench, table), "plain": plain}
        runs |= {client: partial(post, client) for client in counts}
        found = in_turn(runs, bench.rounds)
    counts |= {"sendspec": rows, "plain": plain_rows}
    sent = {who: [said(usage, counts[who])["seconds"] for usage in usages] for who, usages in found.items()}
    return Findings(*_at_full_speed(found, sent, counts, server.name))


def _at_full_speed(
    found: dict[str, list[Usage]], sent: dict[str, list[float]], counts: dict[str, int], server: str
) -> tuple[list[Figure], list[Line]]:
    rate = {who: [counts[who] / seconds for seconds in times] for who, times in sent.items()}
    whole = [counts["sendspec"] / usage.seconds for usage in found["sendspec"]]
    note = f"server: {server}; from the first claim to the last settlement"
    figures = [
        Figure(name="P4", what="send at full speed, against a bare urllib3 pool", found=ratios(rate["sendspec"], rate["urllib3"]), unit="times", reach=at_least(0.9), note=note),
        Figure(name="P4", what="the whole command with its plan, against the bare pool's posting", found=ratios(whole, rate["urllib3"]), unit="times"),
        *(
            Figure(name="P4", what=f"send at full speed, against {who}", found=ratios(rate["sendspec"], rate[who]), unit="times")
            for who in ("plain", "requests", "httpx", "aiohttp")
        ),
    ]  # fmt: skip
    lines = [line("P4", "sendspec send, whole command", counts["sendspec"], found["sendspec"])]
    lines += [timed_line("P4", _called(who), counts[who], found[who], sent[who], note="while sending") for who in found]
    return figures, lines


def _called(who: str) -> str:
    return {"sendspec": "sendspec send", "plain": "plain script"}.get(who, f"bare {who}, 32 at once")


def at_a_limit(bench: Bench) -> Findings:
    """P5: the limit held against a server that takes its time; arrivals are counted there."""
    rows = PACE * bench.paced_seconds
    table = bench.project.table(rows)
    usages, rates, worst, cores = [], [], [], []
    for _ in range(bench.few_rounds):
        with own_server(delay=DELAY) as server:
            bench.project.point_to(server.url)
            usage = send_all_of(bench, table, PACED)
        said(usage, rows)
        first, last = server.arrivals[0], server.arrivals[-1]
        usages.append(usage)
        rates.append((len(server.arrivals) - 1) / (last - first))
        worst.append(float(most_within(server.arrivals, 1.0)))
        cores.append(usage.cpu_between(first, last) / (last - first))
    held = spread([abs(rate - PACE) / PACE * 100 for rate in rates])
    what = f"send at {PACE}/s, answers after {DELAY * 1000:.0f} ms"
    return Findings(
        [
            Figure(name="P5", what=f"{what}: off the limit by", found=held, unit="%", reach=at_most(1)),
            Figure(name="P5", what=f"{what}: most in any second", found=spread(worst), unit="messages", reach=at_most(509)),
            Figure(name="P5", what=f"{what}: CPU", found=spread(cores), unit="cores", reach=at_most(0.35)),
        ],
        [timed_line("P5", "sendspec send, paced", rows, usages, [rows / rate for rate in rates], note="as it arrived")],
    )  # fmt: skip


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most moments that any stretch of that length holds."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, begin + seconds) - index for index, begin in enumerate(ordered))


def with_and_without_ledger(bench: Bench) -> Findings:
    """P6: CPU of the loop with the ledger and without it, in turn; syncs counted by strace in runs of their own."""
    rows = bench.send_rows
    table = bench.project.table(rows)
    more: list[float] = []
    with fast_server(bench.folder / "nginx") as server:
        bench.project.point_to(server.url)
        for _ in range(bench.rounds):
            bench.project.with_fresh_ledger(FAST)
            used = [_loop(bench, bench.project, table, server.url, *without) for without in ((), ("--no-ledger",))]
            more.append((used[0] - used[1]) / rows * 1e6)
        at_speed = _syncs(bench, table, FAST)
    figures = [
        Figure(name="P6", what="the ledger's CPU a message at full speed", found=spread(more), unit="µs", reach=at_most(60), note="planned, claimed, settled, checkpointed"),
        _sync_figure("at full speed", at_speed, rows, 0.1),
    ]  # fmt: skip
    with own_server(delay=DELAY) as slow:
        bench.project.point_to(slow.url)
        paced_rows = PACE * min(bench.paced_seconds, 10)
        figures.append(
            _sync_figure(f"at {PACE}/s", _syncs(bench, bench.project.table(paced_rows), PACED), paced_rows, 0.4)
        )
    return Findings(figures)


def _loop(bench: Bench, project: Project, table: Path, url: str, *without: str) -> float:
    return float(json.loads(bench.drive("loop", project, table, "--url", url, *without))["cpu"])


def _syncs(bench: Bench, table: Path, environment: str) -> int | None:
    """How often a whole send syncs, the plan's writing included; None without strace."""
    if shutil.which("strace") is None:
        return None
    counted = bench.folder / "strace.txt"
    strace = ["strace", "-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o", str(counted)]
    send_all_of(bench, table, environment, under=strace)
    rows = [row.split() for row in counted.read_text(encoding="utf-8").splitlines()]
    return sum(int(row[CALLS_COLUMN]) for row in rows if row and row[-1] in SYNCS)


def _sync_figure(when: str, syncs: int | None, rows: int, most: float) -> Figure:
    found = None if syncs is None else spread([syncs / rows])
    note = "left out: strace is not installed" if syncs is None else f"{syncs} syncs for {rows} messages"
    return Figure(name="P6", what=f"syncs a message {when}", found=found, reach=at_most(most), note=note)
