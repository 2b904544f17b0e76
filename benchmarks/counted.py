"""Counts the machine instructions of each stage under valgrind: the same on a busy machine as on an idle one.

`python -m benchmarks.counted` prints them a message, as JSON. Counts depend on the versions of Python and of the packages. From run to run
they differ by a few hundredths.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.material import CHECKOUT, FAST, Project, call, environ, make_project, sendspec

ROWS = 1_000
WINDOW = 16
FORMS = ("tuned", "national", "countries-valid", "emoji", "email-html", "wide")
ROW_FORMS = ("JSON lines", "quoted line ends", "every row broken")
"""The kinds of `kinds` and of `kinds_of_rows` of which a whole plan is counted."""
MARKED = "getppid"
"""The C function that a stage is entered and left by. Nothing that is counted calls it."""
TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def count_stages(folder: Path) -> dict[str, float]:
    """Instructions a message of every stage, counted in one process under valgrind."""
    valgrind = [
        "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/part", f"--dump-before={MARKED}", "--log-file=/dev/null",
    ]  # fmt: skip
    program = [sys.executable, "-m", "benchmarks.counted", "--stages"]
    call([*program, str(folder / "once")], CHECKOUT)  # compiles the modules
    command = [*valgrind, *program, str(folder)]
    done = subprocess.run(command, cwd=CHECKOUT, env=_environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the stages ended with {done.returncode}:\n{done.stderr[-2000:]}")
    count_by_stage: dict[str, int] = json.loads(done.stdout)
    parts = [_total(folder / f"part.{number}") for number in range(1, 2 * len(count_by_stage) + 1)]
    return {name: total / count for (name, count), total in zip(count_by_stage.items(), parts[1::2], strict=True)}


def count_command(folder: Path, *arguments: str) -> int:
    """Instructions of a whole command, its start included."""
    out = folder / "command"
    command = [
        "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--log-file=/dev/null", sys.executable, sendspec(),
    ]  # fmt: skip
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=_environ(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return _total(out)


def _environ() -> dict[str, str]:
    return {**environ(), "PYTHONHASHSEED": "0"}


def _total(part: Path) -> int:
    found = TOTAL.search(part.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError(f"{part} has no total")
    return int(found[1])


@contextmanager
def _counted() -> Iterator[None]:
    gc.collect()
    gc.disable()
    os.getppid()
    yield
    os.getppid()
    gc.enable()


def run_stages(folder: Path) -> dict[str, int]:
    """Runs every stage between two marks; the number of messages of each, by its name."""
    from sendspec.operations.ledger_access import ledger_to_write
    from sendspec.operations.run_owner import run_owner

    from benchmarks.drive import open_job
    from benchmarks.micro import answering, in_blocks, made_ready, recording

    project = make_project(folder / "project").with_fresh_ledger(FAST)
    workspace, job = open_job(project.folder, project.table(ROWS))
    ready = made_ready(job)
    count_by_stage: dict[str, int] = {}
    with ledger_to_write(workspace) as ledger:
        ledger.begin(run_owner(workspace.system), now=time.time())
        stages = {**in_blocks(ready), **recording(ready, ledger, workspace.salt, WINDOW), **answering(ready)}
        for name, stage in stages.items():
            with _counted():
                stage()
            count_by_stage[name] = ROWS
    return count_by_stage | _plan_kinds(project)


def _plan_kinds(project: Project) -> dict[str, int]:
    """Whole plans of kinds of tables in this process: no other process composes."""
    from sendspec.diagnostics.diagnostic import Problems
    from sendspec.operations.offline_plan import plan_without_ledger

    from benchmarks.drive import open_spec
    from benchmarks.kinds import KINDS
    from benchmarks.kinds_of_rows import KINDS as KINDS_OF_ROWS

    written = {kind: (KINDS[kind](project, ROWS), None) for kind in FORMS}
    of_rows = {kind: KINDS_OF_ROWS[kind](project, ROWS) for kind in ROW_FORMS}
    kinds = written | {kind: (each.spec, each.table) for kind, each in of_rows.items()}
    for spec, table in kinds.values():
        _, job = open_spec(spec, table)
        with _counted():
            plan_without_ledger(job, Problems())
    return {f"plan: {kind}": ROWS for kind in kinds}


def count_all() -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="sendspec-counted-") as folder:
        found = count_stages(Path(folder))
        project = make_project(Path(folder) / "small")
        for command in (("--help",), ("validate", "order.yaml")):
            found[f"command: {command[0]}"] = count_command(project.folder, *command)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=Path, help="run the stages in a folder, as valgrind's program")
    parser.add_argument("--write", type=Path, help="write them to a file, as budgets")
    options = parser.parse_args()
    found = count_all() if options.stages is None else run_stages(options.stages)
    rounded = {name: round(value) for name, value in found.items()}
    if options.write is not None:
        budgets = {"python": ".".join(platform.python_version_tuple()[:2]), "instructions": rounded}
        options.write.write_text(json.dumps(budgets, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(rounded, indent=2))


if __name__ == "__main__":
    main()
