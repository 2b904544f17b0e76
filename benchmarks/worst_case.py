"""Kinds of tables and texts that planning was not tuned to, each against the one that it was."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most, line, ratios
from benchmarks.kinds import KINDS as NUMBERS_AND_TEXTS
from benchmarks.kinds_of_rows import KINDS as ROWS
from benchmarks.material import FAST
from benchmarks.measure import Usage, in_turn, measured

TUNED = "tuned"
BROKEN = "broken"
"""Kinds whose names have this word end with errors."""


def beside_the_tuned_case(bench: Bench) -> Findings:
    """N6: CPU a message, without the start of the command."""
    project = bench.project.with_fresh_ledger(FAST)
    specs: dict[str, tuple[Path, int]] = {}
    for name, write in NUMBERS_AND_TEXTS.items():
        specs[name] = write(project, bench.plan_rows), bench.plan_rows
    for name, write_rows in ROWS.items():
        written = write_rows(project, bench.plan_rows)
        specs[f"rows: {name}"] = written.spec, written.rows
    start = partial(_plan, bench, project.spec, 0)
    runs = {
        "start": start,
        **{name: partial(_plan, bench, spec, int(BROKEN in name)) for name, (spec, _) in specs.items()},
    }
    found = in_turn(runs, bench.few_rounds)
    each = {
        name: [(usage.cpu - least.cpu) / rows for usage, least in zip(found[name], found["start"], strict=True)]
        for name, (_, rows) in specs.items()
    }
    against = {name: ratios(values, each[TUNED]) for name, values in each.items() if name != TUNED}
    worst = sorted(against, key=lambda name: -against[name].middle)
    return Findings(
        [
            Figure(name="N6", what=f"CPU a message of a plan, against the tuned case: {name}", found=against[name], unit="times", reach=at_most(2))
            for name in worst
        ],
        [line("N6", name, rows, found[name]) for name, (_, rows) in specs.items()],
    )  # fmt: skip


def _plan(bench: Bench, spec: Path, expect: int) -> Usage:
    command = [bench.sendspec, "plan", spec.name, "--env", FAST]
    return measured(command, bench.project.folder, expect=expect)
