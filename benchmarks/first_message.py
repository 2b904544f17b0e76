"""The wait before the first message: from the start of a send to the first request that arrives."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.fast_server import own_server
from benchmarks.figure import Figure, Findings, at_most
from benchmarks.material import FAST, environ
from benchmarks.measure import spread, tree_cpu

MAX_SECONDS = 120.0
LOOK_SECONDS = 0.05
ON_ITS_WAY_SECONDS = 0.3
"""From a claim to the arrival of its request, at most."""
COUNTED = re.compile(rb"\d[\d,. ]* (?:of|rows|messages)")


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds since the start; `cpu` is what all processes of the send had used at the first message."""

    first_line: float
    first_message: float
    cpu: float


def until_the_first_message(bench: Bench) -> Findings:
    """N3: a send on a terminal, ended at its first message."""
    rows = bench.scale_rows[-1]
    table = bench.project.table(rows)
    waits = [_wait(bench, table) for _ in range(bench.scale_rounds)]
    what = f"send of {rows} messages"
    return Findings(
        [
            Figure(name="N3", what=f"{what}: start to the first message", found=spread([w.first_message for w in waits]), unit="s", reach=at_most(8), note="wall; 0.05 s exact"),
            Figure(name="N3", what=f"{what}: CPU until then", found=spread([w.cpu for w in waits]), unit="s"),
            Figure(name="N3", what=f"{what}: start to the first line of progress", found=spread([w.first_line for w in waits]), unit="s", reach=at_most(1)),
        ]
    )  # fmt: skip


def _wait(bench: Bench, table: Path) -> Wait:
    with own_server(delay=0.5) as server:  # the few requests of the first half second say when it began
        bench.project.point_to(server.url)
        bench.project.with_fresh_ledger(FAST)
        command = [bench.sendspec, "send", "order.yaml", "--env", FAST, "--recipients", str(table), "--yes"]
        terminal, side = pty.openpty()
        begun = time.monotonic()
        process = subprocess.Popen(
            command, cwd=bench.project.folder, env=environ() | {"TERM": "xterm"}, stdin=side, stdout=side, stderr=side
        )
        os.close(side)
        try:
            first_line, cpu = _watch(process, terminal, bench.project.folder, begun)
            time.sleep(ON_ITS_WAY_SECONDS)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.close(terminal)
    return Wait(first_line, server.arrivals[0] - begun, cpu)


def _watch(process: subprocess.Popen[bytes], terminal: int, folder: Path, begun: float) -> tuple[float, float]:
    """Reads the terminal until the ledger's first claim; when progress was first shown, and the CPU at the end."""
    said, first_line = b"", 0.0
    mirror = folder / f"{FAST}.db.epoch"
    while time.monotonic() - begun < MAX_SECONDS:
        if select.select([terminal], [], [], LOOK_SECONDS)[0]:
            said += os.read(terminal, 65_536)
            if not first_line and COUNTED.search(said):
                first_line = time.monotonic() - begun
        if _moves(mirror):
            return first_line or time.monotonic() - begun, tree_cpu(process.pid)
        if process.poll() is not None:
            raise RuntimeError(f"send ended with {process.returncode}:\n{said[-2000:].decode(errors='replace')}")
    raise RuntimeError(f"no message in {MAX_SECONDS:.0f} s")


def _moves(mirror: Path) -> int:
    """The moves that the ledger's mirror has noted: claims and settlements."""
    words = mirror.read_text(encoding="ascii").split() if mirror.exists() else []
    return int(words[1]) if len(words) > 1 else 0
