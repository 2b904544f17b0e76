"""GitHub Actions in miniature, over a bare repository: runs of its workflows, their jobs in order, environments and their approvals.

Each job runs in a clone of its own, with its scripts in real shells and nothing of this process's environment. Not emulated: runners'
images, permissions of people, OIDC, caches and concurrency groups: jobs whose turn it is may run in any order, and at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from actions_document import Job, Workflow, read_workflow
from actions_expression import STATUS_FUNCTIONS, Unsupported, evaluate, filled, is_true
from actions_job import JobAtWork, JobDone, Shell
from fake_gh import GitHubState

REPOSITORY = "shop/messages"


@dataclass(frozen=True, slots=True)
class Event:
    """What started a run. A pull request of a fork gets no secret and a token that can't write."""

    name: str
    commit: str
    ref: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    is_of_fork: bool = False

    def context(self, *, is_private: bool) -> dict[str, Any]:
        return {
            "event_name": self.name,
            "sha": self.commit,
            "ref": self.ref,
            "repository": REPOSITORY,
            "event": {"repository": {"private": is_private}, **self.payload},
        }


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of the repository. Only its `ref` may use it; `is_reviewed`: a job waits until people approve it."""

    secrets: Mapping[str, str]
    ref: str = "refs/heads/main"
    is_reviewed: bool = False


class Service:
    """The service for one repository. `tools` comes first in the search path of every script."""

    def __init__(
        self,
        folder: Path,
        repository: Path,
        environments: Mapping[str, Environment],
        *,
        tools: Path,
        is_private: bool = True,
    ) -> None:
        self.folder = folder
        self.repository = repository
        self.environments = environments
        self.tools = tools
        self.is_private = is_private
        self.state = GitHubState(folder / "github")
        self.state.install(tools)
        self.at_work: list[Shell] = []
        self._numbers = count(1)

    @property
    def secret_names(self) -> set[str]:
        return {name for environment in self.environments.values() for name in environment.secrets}

    @property
    def secret_values(self) -> set[str]:
        return {value for environment in self.environments.values() for value in environment.secrets.values() if value}

    def number(self) -> int:
        return next(self._numbers)

    def start(self, event: Event, file: str = "messages.yml") -> Run:
        """A run of a workflow as the event's commit has it; all jobs that need no approval are done when this returns."""
        git = ["git", "-C", str(self.repository), "show", f"{event.commit}:.github/workflows/{file}"]
        run = Run(self, event, read_workflow(subprocess.run(git, capture_output=True, text=True, check=True).stdout))
        run.go()
        return run

    def cancel(self, how: signal.Signals = signal.SIGINT) -> None:
        """What cancelling a run does to the scripts at work: a signal to each shell, and none to what it started.

        https://docs.github.com/en/actions/reference/workflow-cancellation-reference
        """
        for shell in self.at_work:
            shell.process.send_signal(how)

    def kill(self) -> None:
        """What the death of a runner does to the scripts at work, and a cancelled job's 10 seconds after its signal."""
        for shell in self.at_work:
            os.killpg(shell.process.pid, signal.SIGKILL)

    def wait_until_printed(self, text: str) -> None:
        """Waits until a script at work has printed a text, for ten seconds at most."""
        for shell in self.at_work:
            shell.wait_until_printed(text)


class Run:
    """A run of a workflow. `jobs` has what became of each job that isn't waiting for an approval."""

    def __init__(self, service: Service, event: Event, workflow: Workflow) -> None:
        if event.name not in workflow.on:
            raise Unsupported(f"the workflow doesn't run on {event.name}")
        self.service = service
        self.event = event
        self.workflow = workflow
        self.number = service.number()
        self.jobs: dict[str, JobDone] = {}
        self.artifacts: dict[str, Path] = {}

    @property
    def waiting(self) -> dict[str, str]:
        """The names that reviewers see of the jobs that wait for them, by id."""
        return {job.id: self._filled_name(job) for job in self._ready() if self._is_reviewed(job)}

    def go(self) -> None:
        while ready := [job for job in self._ready() if not self._is_reviewed(job)]:
            for job in ready:
                self.jobs[job.id] = self._done(job)

    def approve(self, name: str) -> JobDone:
        """Runs a job that waits for its reviewers, also once more."""
        job = self.workflow.jobs[name]
        assert all(self.jobs[need].result == "success" for need in job.needs)
        self.jobs[name] = self._done(job)
        self.go()
        return self.jobs[name]

    def again(self, name: str) -> JobDone:
        """Runs a job again, and those that need it afterwards, as "re-run job" does."""
        self.jobs[name] = self._done(self.workflow.jobs[name])
        for job in self.workflow.jobs.values():
            if name in job.needs:
                self.jobs.pop(job.id, None)
        self.go()
        return self.jobs[name]

    def _ready(self) -> Iterator[Job]:
        for job in self.workflow.jobs.values():
            if job.id not in self.jobs and all(need in self.jobs for need in job.needs):
                if self._is_wanted(job):
                    yield job
                else:
                    self.jobs[job.id] = JobDone(job.id, "skipped")

    def _is_wanted(self, job: Job) -> bool:
        succeeded = all(self.jobs[need].result == "success" for need in job.needs)
        condition = job.condition.removeprefix("${{").removesuffix("}}").strip() or "true"
        if any(f"{name}(" in condition for name in STATUS_FUNCTIONS):
            raise Unsupported(f"a status function in the condition of {job.id}")
        return succeeded and is_true(evaluate(condition, self._contexts(job), {}))

    def _is_reviewed(self, job: Job) -> bool:
        return bool(job.environment) and self.service.environments[job.environment].is_reviewed

    def _contexts(self, job: Job) -> dict[str, Any]:
        """What the keys of a job may name: no secret, no step."""
        return {
            "github": self.event.context(is_private=self.service.is_private),
            "needs": {need: {"outputs": self.jobs[need].outputs} for need in job.needs},
        }

    def _filled_name(self, job: Job) -> str:
        return filled(job.name, self._contexts(job))

    def _done(self, job: Job) -> JobDone:
        environment = self.service.environments[job.environment] if job.environment else None
        for text in (str(value) for value in job.concurrency.values()):
            filled(text, self._contexts(job))
        self._filled_name(job)
        if environment is not None and environment.ref != self.event.ref:
            return JobDone(job.id, "failure", log=f"{self.event.ref} may not use the environment {job.environment}")
        secrets = dict.fromkeys(self.service.secret_names, "")
        if environment is not None and not self.event.is_of_fork:
            secrets |= environment.secrets
        token = self.service.state.new_token(
            {name: "read" if self.event.is_of_fork else level for name, level in job.permissions.items()}
        )
        contexts = {**self._contexts(job), "secrets": secrets}
        contexts["github"] = {**contexts["github"], "token": token}
        done = JobAtWork(self, job, contexts).run()
        for secret in self.service.secret_values:
            assert secret not in done.everything, f"{job.id} shows a secret"
        return done
