"""docs/gitops.md says of the workflows what is in them, and its commands change them as it says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from actions_document import read_workflow
from actions_job import CHECKOUT
from ruamel.yaml import YAML

PAGE = (CHECKOUT / "docs/gitops.md").read_text(encoding="utf-8")
WORKFLOW = read_workflow((CHECKOUT / "docs/github/messages.yml").read_text(encoding="utf-8"))
SCRIPTS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMIT = "5f" * 20


def test_the_secrets_that_it_sets_are_those_of_the_environments() -> None:
    said = set(re.findall(r"^gh secret set (\w+) +--env ([\w-]+)", PAGE, re.MULTILINE))
    used = {
        (secret, job.environment)
        for job in WORKFLOW.jobs.values()
        for step in job.steps
        for secret in re.findall(r"secrets\.(\w+)", " ".join(step.environ.values()))
    }
    assert said == used


def test_the_environments_that_it_makes_are_those_of_the_jobs() -> None:
    environments = {job.environment for job in WORKFLOW.jobs.values() if job.environment}
    [made] = [script for script in SCRIPTS if "deployment_branch_policy" in script]
    assert {name for name in environments if re.search(rf"(?<![\w-]){name}(?![\w-])", made)} == environments
    assert '"protected_branches": true' in made


def test_the_check_that_it_requires_is_a_job_on_pull_requests() -> None:
    [contexts] = re.findall(r'"contexts": \["([\w-]+)"\]', PAGE)
    job = WORKFLOW.jobs[contexts]
    assert (job.condition, job.name) == ("github.event_name == 'pull_request'", contexts)


def test_its_command_puts_ones_own_action_into_the_workflows(tmp_path: Path) -> None:
    [script] = [script for script in SCRIPTS if "sed -i" in script]
    source, work = tmp_path / "sendspec", tmp_path / "work"
    (work / ".github/workflows").mkdir(parents=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(f"#!/bin/sh\necho {COMMIT}\n")
    (tools / "git").chmod(0o755)
    source.symlink_to(CHECKOUT)
    environ = {"PATH": f"{tools}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-euc", script.replace("…", "..")], cwd=work, env=environ, check=True, timeout=30)
    assert done.returncode == 0
    used = {name: (work / f".github/workflows/{name}.yml").read_text() for name in ("messages", "comment")}
    assert used["messages"].count(f"uses: acme/sendspec@{COMMIT}\n") == 6
    assert "your-org/sendspec@" not in used["messages"]
    for text in used.values():
        read_workflow(text)


def test_what_its_commands_send_to_the_service_is_json(tmp_path: Path) -> None:
    program = tmp_path / "gh"
    program.write_text('#!/bin/sh\ncat >>"$SENT"\necho "\036$4" >>"$SENT"\n')
    program.chmod(0o755)
    sent = tmp_path / "sent"
    for script in SCRIPTS:
        if "gh api" in script:
            environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SENT": str(sent)}
            subprocess.run(["bash", "-euc", script], cwd=tmp_path, env=environ, check=True, timeout=30)
    bodies = [text.rpartition("\036")[0] for text in re.split(r"(?<=\036)repos\S*\n", sent.read_text())[:-1]]
    documents = [json.loads(body) for body in bodies]
    assert len(documents) == 4
    assert [bool(document.get("reviewers")) for document in documents] == [False, False, True, False]
    assert documents[-1]["required_status_checks"]["contexts"] == ["pr-plan"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.split("\n")[0][:40])
def test_every_script_is_one_that_a_shell_reads(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=30)


def test_the_configuration_of_pre_commit_names_hooks_that_there_are() -> None:
    [text] = re.findall(r"^```text\n(repos:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [repository] = YAML(typ="safe").load(text)["repos"]
    hooks = {hook["id"] for hook in YAML(typ="safe").load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for hook in repository["hooks"]} == hooks
