"""The manifests of docs/kubernetes.md, and its project file: what they must say so that a pod that goes away does no harm."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from git_project import Repository
from project_dir import CHANNEL, SECRET, SPEC, WORKSPACE, CountingServer, ProjectDir, numbers
from ruamel.yaml import YAML
from sendspec.diagnostics.exit_code import ExitCode

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "kubernetes.md").read_text(encoding="utf-8")
BLOCKS = [YAML(typ="safe").load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
PROJECT, JOB, CRON_JOB = BLOCKS
SEND, RECONCILE = JOB["spec"], CRON_JOB["spec"]["jobTemplate"]["spec"]
DEFAULT_TIMEOUT = 30


@pytest.mark.parametrize("job", [SEND, RECONCILE], ids=["send", "reconcile"])
def test_a_pod_has_time_to_end_and_no_right_that_it_does_not_need(job: Any) -> None:
    pod = job["template"]["spec"]
    [container] = pod["containers"]
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] >= 2 * DEFAULT_TIMEOUT
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert "@sha256:" in container["image"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert "env" not in container  # secrets are files
    assert "activeDeadlineSeconds" in job


def test_a_send_is_tried_again_where_that_can_help() -> None:
    [ignored, failed] = SEND["podFailurePolicy"]["rules"]
    assert ignored["onPodConditions"] == [{"type": "DisruptionTarget"}]
    again = {ExitCode.LEDGER, ExitCode.BUSY, ExitCode.INTERRUPTED, ExitCode.TERMINATED}
    of_others = {ExitCode.DONE, ExitCode.CHANGES, ExitCode.GATE_FAILED, ExitCode.UNDECIDED}
    assert set(failed["onExitCodes"]["values"]) == {int(code) for code in ExitCode} - again - of_others
    assert SEND["backoffLimit"] > 0


def test_one_reconciler_runs_at_a_time() -> None:
    assert (CRON_JOB["spec"]["concurrencyPolicy"], RECONCILE["backoffLimit"]) == ("Forbid", 0)


def project_text(mounted: Path) -> str:
    """The page's project file, with the secrets in a folder of the test."""
    [text] = re.findall(r"^```yaml\n(environments:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert isinstance(text, str)
    return text.replace("/run/secrets/sendspec", str(mounted))


def test_on_ci_the_same_project_file_takes_variables(tmp_path: Path) -> None:
    project_dir = ProjectDir(tmp_path)
    project_dir.write("sendspec.yaml", project_text(tmp_path / "absent"))
    project_dir.environ |= {"BIRD_ACCESS_KEY": "a-key", "SENDSPEC_LEDGER_URL": "postgresql://x:y@127.0.0.1:1/z"}
    doctor = project_dir.run("doctor", "--env", "production", "--format", "json").json
    findings = {finding["what"]: finding for finding in doctor["findings"]}
    assert findings["access key"]["verdict"] == "ok", findings["access key"]
    assert "can't be reached" in findings["ledger"]["found"]


def test_a_plan_is_sent_with_secrets_from_other_sources_and_without_git(tmp_path: Path, server: CountingServer) -> None:
    (tmp_path / "desk").mkdir()
    desk = Repository(ProjectDir(tmp_path / "desk"), server)
    settings = f"""environments:
  production:
    api_url: {server.url}
    access_key: {{env: BIRD_ACCESS_KEY}}
    ledger: {{file: {tmp_path / "production.db"}}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}
"""
    desk.write("sendspec.yaml", settings)
    desk.project_dir.environ["BIRD_ACCESS_KEY"] = SECRET
    assert desk.project_dir.run("ledger", "init", "--env", "production", "--empty").code == 0
    desk.write("specs/hello.yaml", SPEC)
    desk.write("specs/people.csv", numbers(3))
    desk.commit("Add hello")
    planned = desk.project_dir.run("plan", "specs/hello.yaml", "--env", "production", "--out", "plan.json")
    assert planned.code == 0, planned.err
    image = ProjectDir(tmp_path / "image")
    shutil.copytree(desk.project_dir.folder, image.folder, ignore=shutil.ignore_patterns(".git", ".sendspec"))
    image.write("sendspec.yaml", settings.replace("{env: BIRD_ACCESS_KEY}", f"{{command: [echo, {SECRET}]}}"))
    sent = image.run("send", "--plan", "plan.json", "--env", "production", "--yes", "--no-input")
    assert (sent.code, len(server.posts)) == (0, 3), sent.err


def test_the_commands_are_accepted(tmp_path: Path) -> None:
    """With the secrets as Kubernetes mounts them: links to files that a group may read."""
    project_dir = ProjectDir(tmp_path)
    mounted = tmp_path / "secrets"
    project_dir.write("secrets/..data/access-key", "a-key\n").chmod(0o440)
    project_dir.write("secrets/..data/ledger-url", "postgresql://x:y@127.0.0.1:1/z\n").chmod(0o440)
    for name in ("access-key", "ledger-url"):
        (mounted / name).symlink_to(Path("..data") / name)
    project_dir.write("sendspec.yaml", project_text(mounted))
    doctor = project_dir.run("doctor", "--env", "production", "--format", "json").json
    findings = {finding["what"]: finding for finding in doctor["findings"]}
    assert findings["access key"]["verdict"] == "ok", findings["access key"]
    assert "can't be reached" in findings["ledger"]["found"]
    for job in (SEND, RECONCILE):
        done = project_dir.run(*job["template"]["spec"]["containers"][0]["args"])
        assert done.code != ExitCode.USAGE, done.err
