"""The manifests of docs/kubernetes.md, and its project file: what they must say so that a pod that goes away does no harm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from project_dir import ProjectDir
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


def test_the_commands_are_accepted(tmp_path: Path) -> None:
    """With the secrets as Kubernetes mounts them: links to files that a group may read."""
    project_dir = ProjectDir(tmp_path)
    mounted = tmp_path / "secrets"
    project_dir.write("secrets/..data/access-key", "a-key\n").chmod(0o440)
    project_dir.write("secrets/..data/ledger-url", "postgresql://x:y@127.0.0.1:1/z\n").chmod(0o440)
    for name in ("access-key", "ledger-url"):
        (mounted / name).symlink_to(Path("..data") / name)
    [text] = [
        found
        for found in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
        if found.startswith("environments:")
    ]
    project_dir.write("sendspec.yaml", text.replace("/run/secrets/sendspec", str(mounted)))
    doctor = project_dir.run("doctor", "--env", "production", "--format", "json").json
    findings = {finding["what"]: finding for finding in doctor["findings"]}
    assert findings["access key"]["verdict"] == "ok", findings["access key"]
    assert "can't be reached" in findings["ledger"]["found"]
    for job in (SEND, RECONCILE):
        done = project_dir.run(*job["template"]["spec"]["containers"][0]["args"])
        assert done.code != ExitCode.USAGE, done.err
