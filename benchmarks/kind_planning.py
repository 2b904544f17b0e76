"""Planning by kinds of tables and texts: CPU a message, against the benchmark's own table.

`python -m benchmarks.kind_planning`, or with `--rows 20000 --only national emoji` for a look.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.kinds import KINDS, TUNED
from benchmarks.material import FAST, Project, make_project, sendspec
from benchmarks.measure import Usage, in_turn, measured

ONE_ROW = "one-row"


def cost_by_kind(project: Project, kinds: Sequence[str], rows: int, rounds: int) -> Mapping[str, Sequence[float]]:
    """CPU seconds a message of each round, less those of a plan of one row of the same kind."""
    project.with_fresh_ledger(FAST)
    few = Project(project.folder / ONE_ROW)
    few.folder.mkdir()
    few.point_to("http://127.0.0.1:9")
    few.with_fresh_ledger(FAST)
    runs: dict[str, Callable[[], Usage]] = {}
    for kind in kinds:
        for each, count, name in ((project, rows, kind), (few, 1, f"{kind} {ONE_ROW}")):
            spec = KINDS[kind](each, count)
            command = [sendspec(), "plan", spec.name, "--env", FAST]
            runs[name] = partial(measured, command, each.folder)
    found = in_turn(runs, rounds)
    start = {kind: min(usage.cpu for usage in found[f"{kind} {ONE_ROW}"]) for kind in kinds}
    return {kind: [(usage.cpu - start[kind]) / (rows - 1) for usage in found[kind]] for kind in kinds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sendspec-kinds-") as folder:
        project = make_project(Path(folder) / "project")
        kinds = [TUNED, *(kind for kind in options.only if kind != TUNED)]
        found = cost_by_kind(project, kinds, options.rows, options.rounds)
    tuned = min(found[TUNED])
    print("kind              µs, least  median  against the tuned one")
    for kind, costs in found.items():
        print(f"{kind:16} {min(costs) * 1e6:10.2f} {median(costs) * 1e6:7.2f} {min(costs) / tuned:7.2f}")


if __name__ == "__main__":
    main()
