"""Kinds of tables and texts that planning was not tuned to, each against the one that it was."""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most, line, ratios
from benchmarks.kinds import KINDS as TEXTS
from benchmarks.kinds_of_rows import KINDS as ROWS
from benchmarks.kinds_of_rows import Written
from benchmarks.material import FAST
from benchmarks.measure import Usage, in_turn, measured

TUNED = "tuned"
BROKEN = "broken"
"""Kinds whose names have this word end with errors."""
SHORT = "rows: listed in the spec"
"""At most 1,000 rows, which N7 bounds: its ratio is shown, but there is none to reach."""


def beside_the_tuned_case(bench: Bench) -> Findings:
    """N6: CPU a message, without the start of the command."""
    project = bench.project.with_fresh_ledger(FAST)
    kinds = {name: Written(write(project, bench.plan_rows), None, bench.plan_rows) for name, write in TEXTS.items()}
    kinds |= {f"rows: {name}": write(project, bench.plan_rows) for name, write in ROWS.items()}
    start = partial(_plan, bench, Written(project.spec, None, 0), 0)
    runs = {
        "start": start,
        **{name: partial(_plan, bench, written, int(BROKEN in name)) for name, written in kinds.items()},
    }
    found = in_turn(runs, bench.few_rounds)
    each = {
        name: [(usage.cpu - least.cpu) / written.rows for usage, least in zip(found[name], found["start"], strict=True)]
        for name, written in kinds.items()
    }
    against = {name: ratios(values, each[TUNED]) for name, values in each.items() if name != TUNED}
    worst = sorted(against, key=lambda name: -against[name].middle)
    return Findings(
        [
            Figure(name="N6", what=f"CPU a message of a plan, against the tuned case: {name}", found=against[name], unit="times", reach=None if name == SHORT else at_most(2))
            for name in worst
        ],
        [line("N6", name, written.rows, found[name]) for name, written in kinds.items()],
    )  # fmt: skip


def _plan(bench: Bench, written: Written, expect: int) -> Usage:
    command = [bench.sendspec, "plan", written.spec.name, "--env", FAST]
    command += [] if written.table is None else ["--recipients", str(written.table)]
    return measured(command, bench.project.folder, expect=expect)
