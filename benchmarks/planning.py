"""Planning: how many messages a second, on how much memory, beside a plain script and mailmerge."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, Reach, at_least, at_most, line, ratios
from benchmarks.material import FAST, SCHEMA, make_mailmerge, script
from benchmarks.measure import Usage, in_turn, measured, spread

BROKEN_EVERY = 100
PLAIN = ("jsonschema_rs", "jsonschema")
RS_SHARE = 5
"""The plain script on the fast validator makes every fifth row: it takes as long for each."""
MAILMERGE_MORE = 3
"""It takes a third of the plain script's time, and a start must not weigh in what is reckoned from it."""
READ_CSV = "import csv, sys\nfor row in csv.reader(open(sys.argv[1], encoding='utf-8', newline='')): pass"


def plan_of(bench: Bench, table: Path, *arguments: str, environment: str = FAST, expect: int = 0) -> Usage:
    command = [bench.sendspec, "plan", "order.yaml", "--env", environment, "--recipients", str(table), *arguments]
    return measured(command, bench.project.folder, expect=expect)


def beside_peers(bench: Bench) -> Findings:
    """P1: the whole process, for the plan's rows, against peers whose clocks start after their imports. They make fewer rows."""
    rows = bench.plan_rows
    few = {
        "jsonschema_rs": rows // RS_SHARE,
        "jsonschema": bench.peer_rows,
        "mailmerge": bench.peer_rows * MAILMERGE_MORE,
    }
    bench.project.with_fresh_ledger(FAST)
    table = bench.project.table(rows)
    runs: dict[str, Callable[[], Usage]] = {"sendspec": partial(plan_of, bench, table)}
    for validator in PLAIN:
        runs[validator] = partial(_plain, bench, bench.project.table(few[validator]), validator)
    for who, count in (("mailmerge", few["mailmerge"]), ("mailmerge, one row", 1)):
        folder = bench.folder / f"mailmerge-{count}"
        make_mailmerge(folder, bench.project.table(count))
        runs[who] = partial(measured, [script("mailmerge"), "--dry-run", "--no-limit"], folder, quiet=True)
    found = in_turn(runs, bench.rounds)
    spent = {validator: [_said(usage, few[validator]) for usage in found[validator]] for validator in PLAIN}
    spent["mailmerge"] = _without_start(found["mailmerge"], found["mailmerge, one row"])
    return Findings(
        [
            _beside(found["sendspec"], spent[who], rows / few[who], who, reach, unit=unit)
            for unit in ("seconds", "cpu")
            for who, reach in (("jsonschema_rs", at_least(5)), ("jsonschema", None), ("mailmerge", None))
        ],
        [
            line("P1", "sendspec plan", rows, found["sendspec"]),
            *(line("P1", f"plain script on {validator}, dry", few[validator], found[validator]) for validator in PLAIN),
            line("P1", "mailmerge --dry-run", few["mailmerge"], found["mailmerge"]),
        ],
    )


def _plain(bench: Bench, table: Path, validator: str) -> Usage:
    command = [sys.executable, bench.path("plain/script.py"), str(table), "--schema", str(SCHEMA)]
    return measured([*command, "--validator", validator], bench.project.folder)


def _said(usage: Usage, expected: int) -> dict[str, float]:
    """What a plain script says of itself, without its start; raises unless it made all messages."""
    said: dict[str, float] = json.loads(usage.out)
    if said["messages"] != expected:
        raise RuntimeError(f"{said['messages']} of {expected} messages were made")
    return said


def _without_start(many: Sequence[Usage], one: Sequence[Usage]) -> list[dict[str, float]]:
    """mailmerge says nothing of itself: what it takes for one row is its start."""
    start = {"seconds": median(usage.seconds for usage in one), "cpu": median(usage.cpu for usage in one)}
    return [{"seconds": usage.seconds - start["seconds"], "cpu": usage.cpu - start["cpu"]} for usage in many]


def _beside(
    ours: Sequence[Usage],
    theirs: Sequence[Mapping[str, float]],
    share: float,
    who: str,
    reach: Reach | None,
    *,
    unit: str,
) -> Figure:
    """How many times a peer's time is ours. `share` is how many times its rows are ours."""
    peer = "mailmerge --dry-run" if who == "mailmerge" else f"the plain script on {who}"
    return Figure(
        name="P1",
        what=f"plan, against {peer}{', in CPU' if unit == 'cpu' else ''}",
        found=ratios([spent[unit] * share for spent in theirs], [getattr(usage, unit) for usage in ours]),
        unit="times",
        reach=reach if unit == "seconds" else None,
        note="on all cores, an empty ledger; our start counts, the peer's doesn't",
    )


def on_two_jobs(bench: Bench) -> Findings:
    """P2: the same plan on two processes and on one, where the command can do that."""
    if "--jobs" not in bench.plan_help:
        note = "left out: `sendspec plan` has no --jobs"
        return Findings([Figure(name="P2", what="plan on two jobs, against one", found=None, note=note)])
    bench.project.with_fresh_ledger(FAST)
    usual = _on_two_jobs(bench, bench.plan_rows, bench.rounds, at_least(1.65))
    long = _on_two_jobs(bench, bench.scale_rows[-1], bench.scale_rounds)
    return Findings([*usual.figures, *long.figures], [*usual.lines, *long.lines])


def _on_two_jobs(bench: Bench, rows: int, rounds: int, reach: Reach | None = None) -> Findings:
    table = bench.project.table(rows)
    runs: dict[str, Callable[[], Usage]] = {jobs: partial(plan_of, bench, table, "--jobs", jobs) for jobs in ("1", "2")}
    found = in_turn(runs, rounds)
    gain = ratios([u.seconds for u in found["1"]], [u.seconds for u in found["2"]])
    what = f"plan of {rows} rows on two jobs, against one"
    return Findings(
        [Figure(name="P2", what=what, found=gain, unit="times", reach=reach, note="wants an idle machine")],
        [line("P2", f"sendspec plan --jobs {jobs}", rows, usages) for jobs, usages in found.items()],
    )


def by_scale(bench: Bench) -> Findings:
    """P3: the same plan on tables of three sizes, and reading the largest of them."""
    bench.project.with_fresh_ledger(FAST)
    sizes = bench.scale_rows
    tables = {rows: bench.project.table(rows) for rows in sizes}
    large = tables[sizes[-1]]
    runs: dict[str, Callable[[], Usage]] = {str(rows): partial(plan_of, bench, table) for rows, table in tables.items()}
    runs["csv"] = lambda: measured([sys.executable, "-c", READ_CSV, str(large)], bench.project.folder)
    found = in_turn(runs, bench.scale_rounds)
    small, most = sizes[0], sizes[-1]
    each = {rows: [usage.seconds / rows for usage in found[str(rows)]] for rows in sizes}
    memory = {rows: max(usage.memory for usage in found[str(rows)]) for rows in sizes}
    growth = spread([(memory[most] - memory[small]) / (most - small)])
    reading = ratios([u.seconds for u in found[str(most)]], [u.seconds for u in found["csv"]])
    peak = spread([usage.memory / 2**20 for usage in found[str(most)]])
    return Findings(
        [
            Figure(name="P3", what=f"time a message at {most} rows, against {sizes[1]}", found=ratios(each[most], each[sizes[1]]), unit="times", reach=at_most(1.1)),
            Figure(name="P3", what=f"peak memory at {most} rows", found=peak, unit="MB", reach=at_most(120)),
            Figure(name="P3", what=f"memory a row, from {small} to {most}", found=growth, unit="bytes", reach=at_most(24)),
            Figure(name="P3", what=f"plan of {most} rows, against reading their CSV", found=reading, unit="times", reach=at_most(6)),
        ],
        [line("P3", f"sendspec plan, {rows} rows", rows, found[str(rows)]) for rows in sizes]
        + [line("P3", "csv.reader alone", most, found["csv"])],
    )  # fmt: skip


def as_a_file(bench: Bench) -> Findings:
    """A plan written to a file, and held against the present, beside the plan alone."""
    bench.project.with_fresh_ledger(FAST)
    rows, file = bench.scale_rows[-1], bench.folder / "plan.json"
    table = bench.project.table(rows)
    show = [bench.sendspec, "show", str(file), "--against-now", "--recipients", str(table)]
    runs: dict[str, Callable[[], Usage]] = {
        "plan": partial(plan_of, bench, table),
        "written": partial(plan_of, bench, table, "--out", str(file)),
        "held": partial(measured, show, bench.project.folder),
    }
    found = in_turn(runs, bench.scale_rounds)
    size = spread([file.stat().st_size / rows])
    against = {
        name: ratios([u.cpu for u in found[name]], [u.cpu for u in found["plan"]]) for name in ("written", "held")
    }
    peak = spread([max(usage.memory for usage in found["held"]) / 2**20])
    return Findings(
        [
            Figure(name="PF", what=f"a plan file of {rows} messages", found=size, unit="bytes a message", reach=at_most(60)),
            Figure(name="PF", what="plan --out, against plan, in CPU", found=against["written"], unit="times"),
            Figure(name="PF", what="show --against-now, against plan, in CPU", found=against["held"], unit="times"),
            Figure(name="PF", what="peak memory of show --against-now", found=peak, unit="MB", reach=at_most(160),
                   note="of both processes, shared pages counted twice"),
        ],
        [line("PF", f"sendspec {who}, {rows} rows", rows, found[name])
         for name, who in (("written", "plan --out"), ("held", "show --against-now"))],
    )  # fmt: skip


def with_errors(bench: Bench) -> Findings:
    """P8: a table of which every hundredth row is broken."""
    bench.project.with_fresh_ledger(FAST)
    rows = bench.plan_rows
    clean, broken = bench.project.table(rows), bench.project.table(rows, broken=BROKEN_EVERY)
    found = in_turn(
        {"clean": lambda: plan_of(bench, clean), "broken": lambda: plan_of(bench, broken, expect=1)}, bench.few_rounds
    )
    cost = ratios([u.seconds for u in found["broken"]], [u.seconds for u in found["clean"]])
    note = "half of them an empty cell, half a number that can't be one"
    return Findings(
        [Figure(name="P8", what="plan with 1 % broken rows, against none", found=cost, unit="times", reach=at_most(1.3), note=note)],
        [line("P8", f"sendspec plan, {who} rows", rows, usages) for who, usages in found.items()],
    )  # fmt: skip


def against_a_full_ledger(bench: Bench) -> Findings:
    """P9: a plan of messages that were all accepted before, in a ledger of many more, against an empty ledger."""
    rows, held = bench.plan_rows, bench.ledger_rows
    table = bench.project.table(rows)
    full = bench.second_project("full").with_fresh_ledger(FAST)
    bench.drive("fill", full, table, "--held", str(held))
    bench.project.with_fresh_ledger(FAST)
    command = [bench.sendspec, "plan", "order.yaml", "--env", FAST, "--recipients", str(table)]
    found = in_turn(
        {"empty": lambda: plan_of(bench, table), "full": lambda: measured(command, full.folder)}, bench.few_rounds
    )
    wall, cpu = (
        ratios(*([getattr(usage, unit) for usage in found[who]] for who in ("full", "empty")))
        for unit in ("seconds", "cpu")
    )
    if "already" not in found["full"][0].out:
        raise RuntimeError(f"the ledger was to know the messages:\n{found['full'][0].out}")
    what = f"plan against a ledger with {held} accepted messages, against an empty one"
    return Findings(
        [
            Figure(name="P9", what=what, found=wall, unit="times", reach=at_most(1.2), note="all rows of the plan are among them"),
            Figure(name="P9", what=f"{what}, in CPU", found=cpu, unit="times"),
        ],
        [line("P9", f"sendspec plan, {who} ledger", rows, usages) for who, usages in found.items()],
    )  # fmt: skip
