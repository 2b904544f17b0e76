"""A repository and the jobs that a CI service runs on its commits, each in a clone of its own; the ledger is outside of them all.

It is a file on a volume, or on the tests' PostgreSQL server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from git_project import Repository
from long_rows import long
from postgres_server import server_url
from project_dir import CountingServer, Done, ProjectDir, sending_project

on_both_ledgers = pytest.mark.parametrize("pipeline", ["file", "server"], indirect=True)
"""For histories whose end depends on the ledger, not only on the files."""
on_a_server_too = pytest.mark.parametrize("pipeline", ["file", pytest.param("server", marks=long)], indirect=True)
"""The same, for histories that ask nothing of the ledger that another one doesn't: on a server in long runs."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan job left: its output, and the plan file that it uploaded."""

    done: Done
    file: Path

    @property
    def document(self) -> Any:
        return self.done.json

    @property
    def header(self) -> Any:
        """What the plan file says of itself."""
        return json.loads(self.file.read_text())


@dataclass(frozen=True, slots=True)
class Sent:
    """A send job: how it ended, and how many messages the server got meanwhile."""

    done: Done
    count: int

    @property
    def told(self) -> tuple[int, int]:
        return self.done.code, self.count


class Pipeline:
    """`desk` is where people commit. A job checks a commit out, HEAD if none is named, and finds its specs in `specs/`."""

    def __init__(self, folder: Path, server: CountingServer, *, on_server: bool = False) -> None:
        desk = ProjectDir(folder / "desk")
        self.volume = folder / "volume"
        self.volume.mkdir()
        desk.folder.mkdir()
        self.is_on_server = on_server
        if on_server:
            desk.environ["LEDGER_URL"] = server_url()
            ledger = f"{{url: {{env: LEDGER_URL}}, schema: test_{uuid4().hex}}}"
        else:
            ledger = str(self.volume / "ledger.db")
        sending_project(desk, server, ledger=ledger)
        self.desk = Repository(desk, server)
        self.server = server
        self._folder = folder
        self._jobs = 0

    def job(self, commit: str | None = None) -> ProjectDir:
        """A fresh clone at a commit, also at one that no branch has any more."""
        place = self._place("job")
        self.desk.git("clone", "--quiet", "--shared", "--no-checkout", str(self.desk.project_dir.folder), str(place))
        job = ProjectDir(place)
        job.environ = self.desk.project_dir.environ
        self.desk.git("-C", str(place), "checkout", "--quiet", "--detach", commit or self.desk.git("rev-parse", "HEAD"))
        return job

    def plan(self, commit: str | None = None, *more: str) -> Planned:
        return self.plan_in(self.job(commit), *more)

    def plan_in(self, job: ProjectDir, *more: str) -> Planned:
        file = self._place("plan.json")
        done = job.run("plan", *specs_in(job), "--env", "test", "--out", str(file), "--format", "json", *more)
        return Planned(done, file)

    def send(self, plan: Planned, commit: str | None = None, *, started: Callable[[int], None] | None = None) -> Sent:
        """Sends a plan that an earlier job made, on the checkout of this job."""
        job, before = self.job(commit), len(self.server.posts)
        done = job.run("send", "--plan", str(plan.file), "--yes", "--format", "json", started=started)
        return Sent(done, len(self.server.posts) - before)

    def send_all(self, commit: str | None = None) -> Sent:
        """Sends without a plan file what the commit declares."""
        job, before = self.job(commit), len(self.server.posts)
        done = job.run("send", *specs_in(job), "--env", "test", "--yes", "--format", "json")
        return Sent(done, len(self.server.posts) - before)

    def _place(self, name: str) -> Path:
        self._jobs += 1
        return self._folder / f"{self._jobs}-{name}"


def specs_in(job: ProjectDir) -> list[str]:
    return [f"specs/{path.name}" for path in sorted((job.folder / "specs").glob("*.yaml"))]
