"""GitLab's pipelines in miniature: jobs by their rules, scripts in real shells, variables by environment, artifacts between jobs.

As with `actions_service`, a key, a condition or a variable that isn't known is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions_expression import Unsupported
from actions_job import Shell
from ruamel.yaml import YAML

TOP = {"stages", "workflow", "variables"}
JOB = {
    "extends", "image", "timeout", "before_script", "script", "stage", "interruptible", "rules", "artifacts", "environment", "needs",
    "resource_group",
}  # fmt: skip
TERM = re.compile(r'\$(\w+) (==|!=) (?:"([^"]*)"|\$(\w+))')
SECONDS = 120
TRAP = "trap 'exit 1' TERM"
"""The runner begins scripts with it: https://gitlab.com/gitlab-org/gitlab-runner/-/merge_requests/4980"""


@dataclass(frozen=True, slots=True)
class GitLabJob:
    """A job that ended, or waits for somebody: `success`, `failed` or `manual`."""

    name: str
    result: str
    log: str = ""
    reports: Mapping[str, str] = field(default_factory=dict)


def read_pipeline(text: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The settings at the top, and each job with what it extends filled in."""
    found = YAML(typ="safe").load(text)
    settings = {name: value for name, value in found.items() if name in TOP}
    templates = {name: value for name, value in found.items() if name not in TOP}
    for name, job in templates.items():
        if unknown := set(job) - JOB:
            raise Unsupported(f"{name} has {sorted(unknown)}")
        if strange := [
            line for line in (*job.get("before_script", ()), *job.get("script", ())) if not isinstance(line, str)
        ]:
            raise Unsupported(f"{name} has lines that YAML reads as something else: {strange}")
    return settings, {name: _whole(name, templates) for name in templates if not name.startswith(".")}


def _whole(name: str, templates: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    job = templates[name]
    above = _whole(job["extends"], templates) if "extends" in job else {}
    return {**above, **job}


def is_true(condition: str, variables: Mapping[str, str]) -> bool:
    """Comparisons joined by `&&`. A variable that isn't set is empty."""

    def holds(term: str) -> bool:
        found = TERM.fullmatch(term.strip())
        if found is None:
            raise Unsupported(f"the condition {term}")
        right = found[3] if found[4] is None else variables.get(found[4], "")
        return (variables.get(found[1], "") == right) is (found[2] == "==")

    return all(map(holds, condition.split("&&")))


class GitLabPipeline:
    """One pipeline on a commit. `secrets` are protected variables by environment: no merge request's pipeline gets one."""

    def __init__(
        self, folder: Path, repository: Path, commit: str, variables: Mapping[str, str], *,
        secrets: Mapping[str, Mapping[str, str]], tools: Path,
    ) -> None:  # fmt: skip
        self._folder, self._repository, self._commit, self._tools = folder, repository, commit, tools
        self._secrets = secrets
        folder.mkdir()
        text = subprocess.run(
            ["git", "-C", str(repository), "show", f"{commit}:.gitlab-ci.yml"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.settings, self._jobs = read_pipeline(text)
        self._variables = {"CI": "true", "CI_DEFAULT_BRANCH": "main", **variables, **self.settings["variables"]}
        self.jobs: dict[str, GitLabJob] = {}
        self.at_work: Shell | None = None
        assert any(is_true(rule["if"], self._variables) for rule in self.settings["workflow"]["rules"]), "no pipeline"
        for name in self._wanted():
            if all(done.result == "success" for done in self.jobs.values()):
                self.jobs[name] = GitLabJob(name, "manual") if self._is_manual(name) else self._done(name)

    def play(self, name: str) -> GitLabJob:
        """Starts a job that waits for somebody, also once more."""
        self.jobs[name] = self._done(name)
        return self.jobs[name]

    @property
    def is_blocked(self) -> bool:
        """Whether the pipeline waits for somebody, whatever there is to do."""
        return any(
            job.result == "manual" and not (self._rule(name) or {}).get("allow_failure")
            for name, job in self.jobs.items()
        )

    def cancel(self) -> None:
        """What cancelling a job does with the executors for Docker and Kubernetes: SIGTERM to each of its processes.

        https://gitlab.com/gitlab-org/gitlab-runner/-/merge_requests/4446
        """
        assert self.at_work is not None
        os.killpg(self.at_work.process.pid, signal.SIGTERM)

    def _wanted(self) -> Iterator[str]:
        for stage in self.settings["stages"]:
            yield from (n for n, job in self._jobs.items() if job["stage"] == stage and self._rule(n) is not None)

    def _rule(self, name: str) -> Mapping[str, str] | None:
        return next((rule for rule in self._jobs[name]["rules"] if is_true(rule["if"], self._variables)), None)

    def _is_manual(self, name: str) -> bool:
        rule = self._rule(name)
        return rule is not None and rule.get("when") == "manual"

    def _environ(self, name: str, builds: Path) -> dict[str, str]:
        environment = self._jobs[name].get("environment", {}).get("name", "")
        is_protected = self._variables.get("CI_COMMIT_BRANCH") == "main"
        secrets = self._secrets.get(environment, {}) if is_protected else {}
        return {
            "PATH": f"{self._tools}:/usr/local/bin:/usr/bin:/bin", "HOME": str(builds), "LANG": "C.UTF-8",
            "CI_BUILDS_DIR": str(builds), "GITLAB_USER_LOGIN": "ann", **self._variables, **secrets,
        }  # fmt: skip

    def _done(self, name: str) -> GitLabJob:
        job, builds = self._jobs[name], self._folder / f"{name}-{len(list(self._folder.iterdir()))}"
        place = builds / "project"
        place.mkdir(parents=True)
        for words in (
            ("init", "--quiet"),
            ("fetch", "--quiet", self._repository.as_uri(), self._commit),
            ("checkout", "--quiet", "FETCH_HEAD"),
        ):
            subprocess.run(["git", "-C", str(place), *words], check=True, timeout=SECONDS)
        for need in job.get("needs", []):
            for path in self._jobs[need]["artifacts"]["paths"]:
                shutil.copy2(self._folder / f"artifact-{path}", place / path)
        script = builds / "script.sh"
        lines = [TRAP, *job["before_script"], *job["script"]]
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        code, log = self._shell(script, place, self._environ(name, builds))
        for values in self._secrets.values():
            assert not [secret for secret in values.values() if secret and secret in log], f"{name} shows a secret"
        artifacts = job.get("artifacts", {})
        if code == 0 or artifacts.get("when") == "always":
            for path in artifacts.get("paths", []):
                shutil.copy2(place / path, self._folder / f"artifact-{path}")
        reports = {kind: (place / path).read_text() for kind, path in artifacts.get("reports", {}).items()}
        return GitLabJob(name, "failed" if code else "success", log, reports)

    def _shell(self, script: Path, folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
        """The exit code, and what was printed. What the script leaves running is an error."""
        printed = script.with_suffix(".log")
        with printed.open("wb") as log:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=folder, env=environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, process_group=0,
            )  # fmt: skip
        self.at_work = Shell(process, printed)
        try:
            code = process.wait(SECONDS)
        finally:
            is_orphaned = self.at_work.end()
        assert not is_orphaned, "a script ended before what it started"
        return code, printed.read_text(encoding="utf-8")

    def artifact(self, path: str) -> str:
        return (self._folder / f"artifact-{path}").read_text(encoding="utf-8")
