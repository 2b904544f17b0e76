"""docs/gitops.md says of the workflows what is in them, and its commands change them as it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from actions_document import read_workflow
from actions_job import CHECKOUT
from postgres_server import server_url
from project_dir import Done, ProjectDir
from ruamel.yaml import YAML
from sendspec.diagnostics.exit_code import ExitCode

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


def test_the_check_that_it_requires_is_a_job_on_pull_requests() -> None:
    [contexts] = re.findall(r'"contexts": \["([\w-]+)"\]', PAGE)
    job = WORKFLOW.jobs[contexts]
    assert (job.condition, job.name) == ("github.event_name == 'pull_request'", contexts)


def test_its_job_that_waits_fits_into_the_workflow() -> None:
    [part] = re.findall(r"^```yml\n(  wait:\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    workflow = read_workflow((CHECKOUT / "docs/github/messages.yml").read_text(encoding="utf-8") + part)
    wait, reconcile = workflow.jobs["wait"], workflow.jobs["reconcile"]
    assert (wait.needs, wait.environment) == (("send",), reconcile.environment)
    assert [step.uses for step in wait.steps] == [step.uses for step in reconcile.steps[:2]]
    assert wait.steps[1].environ == reconcile.steps[1].environ
    assert wait.steps[1].inputs == {"command": "wait", "environment": "production"}


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


def test_its_commands_guard_main_and_the_environments_before_there_is_a_secret(tmp_path: Path) -> None:
    """In the order of the page, with what each sends to the service."""
    program = tmp_path / "gh"
    program.write_text(
        '#!/bin/bash\nfor sent; do :; done; [[ "$sent" != - ]] || sent=$(cat)\nprintf "%s %s\\036%s\\035" "$3" "$4" "$sent" >>"$SENT"\n'
    )
    program.chmod(0o755)
    sent = tmp_path / "sent"
    for script in SCRIPTS:
        if "gh api" in script:
            environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SENT": str(sent)}
            subprocess.run(["bash", "-euc", script], cwd=tmp_path, env=environ, check=True, timeout=30)
    calls = [call.split("\036") for call in sent.read_text().split("\035")[:-1]]
    environments = ("production-plan", "production-reconcile", "production")
    environment = "repos/acme/messages/environments"
    assert [call[0] for call in calls] == [
        "PUT repos/acme/sendspec/actions/permissions/access",
        "PUT repos/acme/messages/branches/main/protection",
        *(f"PUT {environment}/{name}" for name in environments),
        *(f"POST {environment}/{name}/deployment-branch-policies" for name in environments),
    ]
    bodies = [body for _, body in calls]
    assert (bodies[0], set(bodies[-3:])) == ("access_level=organization", {"name=main"})
    protection, *made = map(json.loads, bodies[1:-3])
    assert protection["required_status_checks"]["contexts"] == ["pr-plan"]
    assert [bool(document.get("reviewers")) for document in made] == [False, False, True]
    named = {"protected_branches": False, "custom_branch_policies": True}
    assert all(document["deployment_branch_policy"] == named for document in made)
    assert PAGE.index("/protection") < PAGE.index("deployment-branch-policies") < PAGE.index("gh secret set")
    assert PAGE.index("gh secret set") < PAGE.index("cp …/sendspec/docs/github")


def test_its_commands_make_a_ledger_that_its_roles_can_use(tmp_path: Path) -> None:
    """As an administrator types them, but for the passwords, which `\\password` asks a terminal for."""
    server = server_url().rpartition("/")[0]
    granted = [script for script in SCRIPTS if "psql" in script]
    assert len(granted) == 2
    desk = ProjectDir(tmp_path / "desk")
    [project] = re.findall(r"^```yaml\n(environments:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    desk.write("sendspec.yaml", project)
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}

    def typed(script: str) -> None:
        script = re.sub(r"admin=.*", "", re.sub(r"\\password (\w+)", r"ALTER ROLE \1 PASSWORD $$x$$", script))
        subprocess.run(
            ["bash", "-euc", script], cwd=desk.folder, env={**environ, "admin": server}, check=True, timeout=60
        )

    def as_role(role: str, *words: str) -> Done:
        address = server.rpartition("@")[2]
        desk.environ["SENDSPEC_LEDGER_URL"] = f"postgresql://sendspec_{role}:x@{address}/sendspec"
        return desk.run(*words, "--env", "production")

    try:
        typed(granted[0])
        assert as_role("owner", "ledger", "init", "--empty").code == 0
        assert as_role("plan", "status").code == ExitCode.LEDGER
        typed(granted[1])
        assert [as_role(role, "status").code for role in ("plan", "send")] == [0, 0]
        doctor = as_role("owner", "doctor", "--format", "json")
        problems = [finding["what"] for finding in doctor.json["findings"] if finding["verdict"] == "problem"]
        assert (doctor.code, problems) == (1, ["access key"])
    finally:
        with psycopg.connect(server_url(), autocommit=True) as superuser:
            superuser.execute("DROP DATABASE IF EXISTS sendspec")
            superuser.execute("DROP ROLE IF EXISTS sendspec_owner, sendspec_plan, sendspec_send")


def test_its_first_push_has_nothing_to_send(tmp_path: Path) -> None:
    [script] = [script for script in SCRIPTS if "git push" in script]
    desk = ProjectDir(tmp_path / "desk")
    desk.folder.mkdir()
    assert desk.run("init").code == 0
    [kept] = [line for line in script.splitlines() if line.startswith("rm ")]
    subprocess.run(["bash", "-euc", kept], cwd=desk.folder, check=True, timeout=30)
    left = {path.relative_to(desk.folder).parts[0] for path in desk.folder.rglob("*") if path.is_file()}
    left -= {".sendspec"}  # git ignores it
    assert left == {"sendspec.yaml", "schemas", ".gitignore"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.split("\n")[0][:40])
def test_every_script_is_one_that_a_shell_reads(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=30)


def test_the_configuration_of_pre_commit_names_hooks_that_there_are() -> None:
    [text] = re.findall(r"^```text\n(repos:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [repository] = YAML(typ="safe").load(text)["repos"]
    hooks = {hook["id"] for hook in YAML(typ="safe").load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for hook in repository["hooks"]} == hooks
