"""One session of measuring: its folder, its sizes, and what the installed command can do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.material import Project, environ, make_project, sendspec

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Sizes are messages. `rounds` is how often everything is measured, `few_rounds` and `scale_rounds` what takes long."""

    folder: Path
    project: Project
    rounds: int
    few_rounds: int
    scale_rounds: int
    starts: int
    plan_rows: int
    peer_rows: int
    scale_rows: tuple[int, int, int]
    send_rows: int
    paced_seconds: int
    ledger_rows: int

    @property
    def sendspec(self) -> str:
        return sendspec()

    @cached_property
    def plan_help(self) -> str:
        return subprocess.run([self.sendspec, "plan", "--help"], capture_output=True, text=True, check=True).stdout

    def path(self, name: str) -> str:
        return str(HERE / name)

    def second_project(self, name: str) -> Project:
        return make_project(self.folder / name)

    def drive(self, what: str, project: Project, table: Path, *arguments: str, under: Sequence[str] = ()) -> str:
        """What `drive.py` prints: it uses the rooms of `sendspec` without the command line. `under` is put before the command."""
        command = [*under, sys.executable, "-m", "benchmarks.drive", what, str(project.folder), str(table), *arguments]
        done = subprocess.run(command, cwd=HERE.parent, env=environ(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout


def quick_bench(folder: Path) -> Bench:
    """About a minute: to see that all of it works, and the rough size of things."""
    return Bench(
        folder=folder,
        project=make_project(folder / "project"),
        rounds=2,
        few_rounds=1,
        scale_rounds=1,
        starts=5,
        plan_rows=10_000,
        peer_rows=1_000,
        scale_rows=(2_000, 10_000, 40_000),
        send_rows=2_000,
        paced_seconds=5,
        ledger_rows=20_000,
    )


def full_bench(folder: Path) -> Bench:
    """The figures as they are stated; within a quarter of an hour."""
    return Bench(
        folder=folder,
        project=make_project(folder / "project"),
        rounds=5,
        few_rounds=3,
        scale_rounds=2,
        starts=20,
        plan_rows=100_000,
        peer_rows=5_000,
        scale_rows=(10_000, 100_000, 1_000_000),
        send_rows=20_000,
        paced_seconds=20,
        ledger_rows=1_000_000,
    )
