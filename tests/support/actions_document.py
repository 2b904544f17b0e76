"""Workflows and actions of GitHub, read strictly: a key that the emulator doesn't act upon is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actions_expression import Unsupported, text_of
from ruamel.yaml import YAML

WORKFLOW_KEYS = {"name", "on", "permissions", "jobs"}
JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions", "outputs", "concurrency", "steps",
}  # fmt: skip
STEP_KEYS = {"id", "name", "if", "uses", "with", "run", "shell", "env", "working-directory"}
ACTION_KEYS = {"name", "description", "inputs", "outputs", "runs"}
EVENTS = {"pull_request", "push", "workflow_dispatch", "schedule", "workflow_run"}


@dataclass(frozen=True, slots=True)
class Step:
    """A step: a script, or an action."""

    id: str
    condition: str
    uses: str | None
    inputs: Mapping[str, str]
    script: str | None
    environ: Mapping[str, str]
    folder: str

    @property
    def title(self) -> str:
        return self.uses or (self.script or "").strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a workflow. `environment` is empty where it has none."""

    id: str
    name: str
    needs: tuple[str, ...]
    condition: str
    environment: str
    permissions: Mapping[str, str]
    outputs: Mapping[str, str]
    concurrency: Mapping[str, Any]
    timeout_minutes: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    name: str
    on: Mapping[str, Any]
    permissions: Mapping[str, str]
    jobs: Mapping[str, Job]


@dataclass(frozen=True, slots=True)
class Action:
    """A composite action."""

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, str]
    steps: tuple[Step, ...] = field(default=())


def read_workflow(text: str) -> Workflow:
    found = YAML(typ="safe").load(text)
    _only(found, WORKFLOW_KEYS, "the workflow")
    triggers = found["on"] if isinstance(found["on"], dict) else dict.fromkeys(found["on"])
    _only(triggers, EVENTS, "on")
    jobs = {name: _job(name, {"permissions": found["permissions"], **job}) for name, job in found["jobs"].items()}
    return Workflow(found["name"], triggers, found["permissions"], jobs)


def read_action(text: str) -> Action:
    found = YAML(typ="safe").load(text)
    _only(found, ACTION_KEYS, "the action")
    runs = found["runs"]
    _only(runs, {"using", "steps"}, "runs")
    assert runs["using"] == "composite"
    for step in runs["steps"]:
        assert "run" not in step or step["shell"] == "bash", "a step of an action names its shell"
    outputs = {name: output["value"] for name, output in found["outputs"].items()}
    return Action(found["inputs"], outputs, tuple(_steps(runs["steps"])))


def _job(name: str, job: Mapping[str, Any]) -> Job:
    _only(job, JOB_KEYS, f"the job {name}")
    needs = job.get("needs", [])
    return Job(
        id=name,
        name=job.get("name", name),
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        condition=job.get("if", ""),
        environment=job.get("environment", ""),
        permissions=job["permissions"],
        outputs=job.get("outputs", {}),
        concurrency=job.get("concurrency", {}),
        timeout_minutes=job["timeout-minutes"],
        steps=tuple(_steps(job["steps"])),
    )


def _steps(steps: list[Mapping[str, Any]]) -> Iterator[Step]:
    for number, step in enumerate(steps):
        _only(step, STEP_KEYS, f"step {number + 1}")
        script = step.get("run")
        if ("uses" in step) == (script is not None):
            raise Unsupported(f"step {number + 1} is neither a script nor an action")
        if script is not None and "${{" in script:
            raise Unsupported(f"a value is pasted into a script: {script}")
        yield Step(
            id=step.get("id", ""),
            condition=str(step.get("if", "")),
            uses=step.get("uses"),
            inputs={key: text_of(value) for key, value in step.get("with", {}).items()},
            script=script,
            environ={key: text_of(value) for key, value in step.get("env", {}).items()},
            folder=step.get("working-directory", ""),
        )


def _only(found: Mapping[str, Any], known: set[str], place: str) -> None:
    if unknown := set(found) - known:
        raise Unsupported(f"{place} has {', '.join(sorted(unknown))}, which the emulator doesn't know")
