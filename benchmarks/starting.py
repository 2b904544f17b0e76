"""Starting: what a command costs before it does anything, against an interpreter that does nothing."""

from __future__ import annotations

import sys
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most, line, ratios
from benchmarks.material import FAST
from benchmarks.measure import in_turn, measured


def of_the_command(bench: Bench) -> Findings:
    """P7: CPU of the whole process."""
    folder = bench.project.folder
    commands = {
        "a bare interpreter": [sys.executable, "-c", "pass"],
        "--version": [bench.sendspec, "--version"],
        "--help": [bench.sendspec, "--help"],
        "validate": [bench.sendspec, "validate", "order.yaml"],
        "plan": [bench.sendspec, "plan", "order.yaml", "--env", FAST],
    }
    bench.project.with_fresh_ledger(FAST)
    runs = {what: partial(measured, command, folder) for what, command in commands.items()}
    in_turn(runs, 1)  # compiles the modules, once
    found = in_turn(runs, bench.starts)
    bare = [usage.cpu for usage in found["a bare interpreter"]]
    most = {"--version": 4, "--help": 4, "validate": 8, "plan": 9}
    return Findings(
        [
            Figure(name="P7", what=f"CPU of `{what}`, against a bare interpreter", found=ratios([u.cpu for u in found[what]], bare), unit="times", reach=at_most(reach))
            for what, reach in most.items()
        ],
        [line("P7", what if what.startswith("a ") else f"sendspec {what}", 1, usages) for what, usages in found.items()],
    )  # fmt: skip
