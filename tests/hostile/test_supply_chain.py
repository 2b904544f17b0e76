"""What is installed: a scaffolded workflow takes nothing by name or by tag, and the lock files are held against what is known."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from long_rows import all_but
from project_dir import ProjectDir
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = ".github/sendspec-requirements.txt"


@pytest.fixture
def scaffold(project_dir: ProjectDir) -> Path:
    """A project as `init` makes it."""
    done = project_dir.run("init", "shop")
    assert done.code == 0, done.err
    return project_dir.folder / "shop"


def steps_of(scaffold: Path) -> list[dict[str, str]]:
    workflow = YAML(typ="safe").load((scaffold / ".github/workflows/messages.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    steps: list[dict[str, str]] = job["steps"]
    return steps


def test_the_workflow_names_actions_by_commit(scaffold: Path) -> None:
    used = [step["uses"] for step in steps_of(scaffold) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", name)] == []


def test_the_workflow_installs_nothing_by_name(scaffold: Path) -> None:
    installing = [
        line for step in steps_of(scaffold) for line in step.get("run", "").splitlines() if "pip install" in line
    ]
    assert len(installing) == 1
    words = installing[0].split()
    assert "--require-hashes" in words
    assert words[words.index("install") + 1 :] == [
        "--require-hashes", "--only-binary", ":all:", "--requirement", REQUIREMENTS,
    ]  # fmt: skip


def installed(scaffold: Path) -> subprocess.CompletedProcess[str]:
    """The workflow's step, run as CI runs it, without any index; nothing of this environment can change."""
    [script] = [step["run"] for step in steps_of(scaffold) if "pip install" in step.get("run", "")]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_NO_INDEX": "1"}
    environ |= {
        "PIP_TARGET": str(scaffold / "installed"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=scaffold,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def wheel(folder: Path) -> Path:
    """A wheel that has the name, and nothing in it that another would need."""
    path = folder / "sendspec-1.0-py3-none-any.whl"
    info = "sendspec-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sendspec_probe.py", "here = True\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: sendspec\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_the_workflow_fails_until_the_user_names_a_source(scaffold: Path) -> None:
    done = installed(scaffold)
    assert done.returncode == 1
    assert "say what may be installed in .github/sendspec-requirements.txt" in done.stderr
    assert not (scaffold / "installed").exists()


@pytest.mark.parametrize("honest", all_but([True], [True, False]))
def test_the_workflow_installs_the_named_file_where_its_hash_is_right(scaffold: Path, honest: bool) -> None:
    path = wheel(scaffold)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    shown = digest if honest else digest[::-1]
    with (scaffold / REQUIREMENTS).open("a") as file:
        file.write(f"sendspec @ file://{path} --hash=sha256:{shown}\n")
    done = installed(scaffold)
    assert (done.returncode == 0) is honest, done.stderr
    assert (scaffold / "installed" / "sendspec_probe.py").exists() is honest
    assert honest or "DO NOT MATCH THE HASHES" in done.stderr


def test_a_requirement_without_a_hash_is_not_installed(scaffold: Path) -> None:
    with (scaffold / REQUIREMENTS).open("a") as file:
        file.write(f"sendspec @ file://{wheel(scaffold)}\n")
    done = installed(scaffold)
    assert done.returncode != 0
    assert "--hash" in done.stderr


def test_how_to_report_is_said_without_an_address_that_nobody_reads() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text()
    assert "private security advisory" in text
    assert "## Supported versions" in text
    assert re.search(r"\S+@\S+\.\S+", text) is None


ADVISORIES = {
    "Some_Package": [
        {"id": "GHSA-1", "v": ">=1.0,<1.2", "advisory": "It runs\nwhat it reads.", "fixed_in": "1.2"},
        {"id": "GHSA-2", "v": "<1.0", "advisory": "Of no matter.", "fixed_in": "1.0"},
    ]
}
LOCK = "# a comment\nother==2.0 \\\n    --hash=sha256:0000\nsome-package[extra]=={} ; python_version > '3' \\\n    --hash=sha256:0000\n"


def audited(folder: Path, lock: str, *, snapshot: bool = True, pip_audit: str = "") -> subprocess.CompletedProcess[str]:
    """The audit with a snapshot of two advisories, and a `pip-audit` that is this script, or none."""
    shipped, programs = folder / "shipped", folder / "programs"
    shipped.mkdir()
    programs.mkdir()
    if snapshot:
        with zipfile.ZipFile(shipped / "advisories-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr(zipfile.ZipInfo("advisories/db.json", (2026, 1, 2, 0, 0, 0)), json.dumps(ADVISORIES))
    if pip_audit:
        (programs / "pip-audit").write_text(f"#!/bin/sh\n{pip_audit}\n")
        (programs / "pip-audit").chmod(0o755)
    (folder / "lock.txt").write_text(lock)
    return subprocess.run(
        [sys.executable, REPOSITORY / ".ci/audit.py", "--snapshot", shipped, "lock.txt"],
        cwd=folder, env={"PATH": f"{programs}:/usr/bin:/bin"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def said(*dependencies: dict[str, object]) -> str:
    return f"cat <<'EOF'\n{json.dumps({'dependencies': dependencies})}\nEOF"


def test_a_vulnerable_package_fails_the_audit_and_is_named(tmp_path: Path) -> None:
    done = audited(tmp_path, LOCK.format("1.1"))
    assert done.returncode == 1
    assert "lock.txt: some-package 1.1: GHSA-1: It runs what it reads.; fixed in 1.2" in done.stdout
    assert "GHSA-2" not in done.stdout


def test_an_audit_that_finds_nothing_says_what_it_looked_at_and_what_it_could_not(tmp_path: Path) -> None:
    done = audited(tmp_path, LOCK.format("1.2"))
    assert done.returncode == 0, done.stdout
    assert "2 advisories of 2026-01-02 (advisories-1.0)" in done.stdout
    assert "lock.txt: 2 packages looked up" in done.stdout
    assert "could not be done: pip-audit is not installed" in done.stdout
    assert "nothing known against the packages" in done.stdout


@pytest.mark.parametrize(
    "pip_audit",
    [
        "",
        "exit 1",
        "echo nonsense",
        said({"name": "other", "skip_reason": "not found"}, {"name": "some-package", "skip_reason": "not found"}),
        said({"name": "other", "vulns": []}, {"name": "some-package", "skip_reason": "not found"}),
    ],
)
def test_where_nobody_can_be_asked_the_audit_fails(tmp_path: Path, pip_audit: str) -> None:
    """Also where `pip-audit` itself says that it found nothing, as its index knew none of the packages, or not all."""
    done = audited(tmp_path, LOCK.format("1.2"), snapshot=False, pip_audit=pip_audit)
    assert done.returncode == 1
    assert "no snapshot of the advisories" in done.stdout
    assert "failed: nobody could be asked" in done.stdout


def test_without_a_snapshot_pip_audit_is_believed(tmp_path: Path) -> None:
    clean = said({"name": "other", "vulns": []}, {"name": "some-package", "vulns": []})
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert audited(tmp_path / "a", LOCK.format("1.2"), snapshot=False, pip_audit=clean).returncode == 0
    found = said({"name": "other", "vulns": [{"id": "X-1", "description": "bad", "fix_versions": ["3"]}]})
    done = audited(tmp_path / "b", LOCK.format("1.2"), pip_audit=found)
    assert done.returncode == 1
    assert "lock.txt: other: X-1: bad; fixed in 3" in done.stdout


@pytest.mark.parametrize("lock", ["some-package>=1.0\n", "some-package\n", "-r other.txt\n", "", "# nothing\n"])
def test_what_is_not_pinned_fails_the_audit(tmp_path: Path, lock: str) -> None:
    assert audited(tmp_path, lock).returncode == 1


def test_ci_audits_every_lock_file() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    locks = {path.name for path in REPOSITORY.glob("requirements*.txt")}
    assert len(locks) >= 3
    [line] = [line for line in makefile.splitlines() if ".ci/audit.py" in line]
    assert set(re.findall(r"requirements\S*\.txt", line)) == locks
    assert re.search(r"^make (?:.* )?audit\b", (REPOSITORY / ".ci/run").read_text(), re.MULTILINE)
    assert all("--hash=sha256:" in (REPOSITORY / lock).read_text() for lock in locks)
