"""Sending: at full speed beside bare HTTP clients, and at a limit."""

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
from benchmarks.material import FAST, PACE, PACED, PATH, SCHEMA, write_bodies
from benchmarks.measure import Usage, in_turn, measured, spread

SHARE_BY_CLIENT = {"urllib3": 1.0, "aiohttp": 1.0, "requests": 0.2, "httpx": 0.1}
"""The slow ones post a part of the bodies, or they would take most of the session."""
PLAIN_SHARE = 0.1
DELAYS = (0.15, 0.05)
WIRE_SECONDS = 3


def send_all_of(bench: Bench, table: Path, environment: str = FAST) -> Usage:
    bench.project.with_fresh_ledger(environment)
    command = [bench.sendspec, "send", "order.yaml", "--env", environment, "--recipients", str(table), "--yes"]
    return measured([*command, "--format", "json"], bench.project.folder)


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
        if shutil.which("wrk"):
            runs["wrk"] = lambda: post_by_wrk(bench, url, bodies)
        found = in_turn(runs, bench.rounds)
    wire = found.pop("wrk", [])
    counts |= {"sendspec": rows, "plain": plain_rows}
    sent = {who: [said(usage, counts[who])["seconds"] for usage in usages] for who, usages in found.items()}
    figures, lines = _at_full_speed(found, sent, counts, server.name)
    figure, more = _beside_the_wire(wire, [rows / seconds for seconds in sent["sendspec"]])
    return Findings([*figures, figure], [*lines, *more])


def post_by_wrk(bench: Bench, url: str, bodies: Path) -> Usage:
    command = ["wrk", "--threads", "1", "--connections", "32", "--duration", f"{WIRE_SECONDS}s"]
    return measured([*command, "--script", bench.path("peers/post.lua"), url, "--", str(bodies)], bench.folder)


def _beside_the_wire(usages: Sequence[Usage], rates: Sequence[float]) -> tuple[Figure, list[Line]]:
    """What a client in C makes that looks into no answer: the limit of the wire and the server. `rates` are ours, a second."""
    what = "send at full speed, against wrk"
    if not usages:
        return Figure(name="P4", what=what, found=None, note="left out: wrk is not installed"), []
    ends = [json.loads(usage.out.splitlines()[-1]) for usage in usages]
    if any(end["failed"] for end in ends):
        raise RuntimeError(f"wrk failed: {ends}")
    wire = [end["messages"] / end["seconds"] for end in ends]
    wrk = Line(
        name="P4",
        who="wrk, 32 at once",
        messages=min(end["messages"] for end in ends),
        per_second=spread(wire),
        cpu=spread([usage.cpu / end["messages"] * 1e6 for usage, end in zip(usages, ends, strict=True)]),
        memory=max(usage.memory for usage in usages),
        note="the limit of the wire and the server",
    )
    return Figure(name="P4", what=what, found=ratios(rates, wire), unit="times"), [wrk]


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
    """P5: the limit held against servers that take their time; arrivals are counted there."""
    found = [_at_a_limit(bench, delay) for delay in DELAYS]
    return Findings(
        [figure for each in found for figure in each.figures], [row for each in found for row in each.lines]
    )


def _at_a_limit(bench: Bench, delay: float) -> Findings:
    rows = PACE * bench.paced_seconds
    table = bench.project.table(rows)
    usages, rates, worst, cores = [], [], [], []
    for _ in range(bench.few_rounds):
        with own_server(delay=delay) as server:
            bench.project.point_to(server.url)
            usage = send_all_of(bench, table, PACED)
        said(usage, rows)
        first, last = server.arrivals[0], server.arrivals[-1]
        usages.append(usage)
        rates.append((len(server.arrivals) - 1) / (last - first))
        worst.append(float(most_within(server.arrivals, 1.0)))
        cores.append(usage.cpu_between(first, last) / (last - first))
    held = spread([abs(rate - PACE) / PACE * 100 for rate in rates])
    milliseconds = f"{delay * 1000:.0f} ms"
    what = f"send at {PACE}/s, answers after {milliseconds}"
    who = f"sendspec send, paced, {milliseconds}"
    return Findings(
        [
            Figure(name="P5", what=f"{what}: off the limit by", found=held, unit="%", reach=at_most(0.1)),
            Figure(name="P5", what=f"{what}: most in any second", found=spread(worst), unit="messages", reach=at_most(505)),
            Figure(name="P5", what=f"{what}: CPU", found=spread(cores), unit="cores", reach=at_most(0.2)),
        ],
        [timed_line("P5", who, rows, usages, [rows / rate for rate in rates], note="as it arrived")],
    )  # fmt: skip


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most moments that any stretch of that length holds."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, begin + seconds) - index for index, begin in enumerate(ordered))
