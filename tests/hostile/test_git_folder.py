"""Nothing is written below a `.git` folder: a checkout's links lead there, and what is there git runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from project_dir import CHANNEL, WORKSPACE, ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: [{phone: "+447700900001"}]
message: {body: {type: text, text: {text: Hi}}}
"""


def project_file(ledger: str) -> str:
    return f"""environments:
  test:
    api_url: http://127.0.0.1:9
    access_key: {{env: TEST_KEY}}
    ledger: {{file: {ledger}}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 2}}
"""


@pytest.fixture
def checkout(project_dir: ProjectDir) -> ProjectDir:
    """A repository whose `.git` has what a real one has; some file systems ignore its case."""
    for name in (".git", ".GIT"):
        project_dir.write(f"{name}/config", "[core]\n")
        project_dir.write(f"{name}/hooks/post-commit.sample", "exit 0\n")
    project_dir.write("sendspec.yaml", project_file(".sendspec/test.db"))
    project_dir.write("hello.yaml", SPEC)
    assert project_dir.run("plan", "hello.yaml").code == 0
    return project_dir


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    "target", [".git/index.lock", ".git/config", ".GIT/index.lock", ".git/hooks/post-checkout", ".git"]
)
def test_a_plan_is_not_written_into_gits_folder_by_a_planted_link(checkout: ProjectDir, target: str) -> None:
    (checkout.folder / "plan.json").symlink_to(target)
    (checkout.folder / "out").symlink_to(target.partition("/")[0])
    before = state(checkout.folder)
    for out in ("plan.json", "out/plan.json", ".git/plan.json"):
        done = checkout.run("plan", "hello.yaml", "--out", out)
        assert done.code == 1, (out, done)
        assert "[file-unwritable]" in done.err
        assert "git's own folder" in done.err
        assert state(checkout.folder) == before, out


def test_a_plan_is_not_written_among_the_projects_private_files(checkout: ProjectDir) -> None:
    checkout.write(".sendspec/sandbox.db-wal", "")
    (checkout.folder / "plan.json").symlink_to(".sendspec/plan.json")
    (checkout.folder / "out").symlink_to(".sendspec")
    before = state(checkout.folder)
    for out in ("plan.json", "out/plan.json", ".sendspec/plan.json", ".sendspec/sandbox.db-wal", "x/../.sendspec/p"):
        done = checkout.run("plan", "hello.yaml", "--out", out)
        assert done.code == 1, (out, done)
        assert "[file-unwritable]" in done.err
        assert state(checkout.folder) == before, out


def test_a_plan_is_written_in_a_project_that_lies_below_such_folders(checkout: ProjectDir) -> None:
    """A work tree inside `.git`, and a project somewhere below `~/.sendspec`."""
    for top, marker in ((".git/tree", ".git"), (".sendspec/other", "sendspec.yaml")):
        checkout.write(f"{top}/{marker}", "environments: {}\n")
        checkout.write(f"{top}/hello.yaml", SPEC)
        done = ProjectDir(checkout.folder / top).run("plan", "hello.yaml", "--out", "plan.json")
        assert done.code == 0, done.err


@pytest.mark.parametrize("target", [".git/hooks", ".git/new", ".GIT", ".git"])
def test_a_project_is_not_scaffolded_in_gits_folder(checkout: ProjectDir, target: str) -> None:
    (checkout.folder / "gp").symlink_to(target)
    before = state(checkout.folder)
    for name in ("gp", "gp/sub", target, f"{target}/sub"):
        done = checkout.run("init", name)
        assert done.code == 1, (name, done)
        assert "git's own folder" in done.err
        assert state(checkout.folder) == before, name


@pytest.mark.parametrize("place", [".git/x.db", ".GIT/x.db", ".git/new/x.db", "data/../.git/x.db", "led/x.db", "x.db"])
def test_a_ledger_is_not_kept_in_gits_folder(checkout: ProjectDir, place: str) -> None:
    (checkout.folder / "led").symlink_to(".git")
    (checkout.folder / "x.db").symlink_to(".git/x.db")
    checkout.write("sendspec.yaml", project_file(place))
    before = state(checkout.folder)
    for command in (("ledger", "init", "--env", "test", "--empty"), ("validate", "hello.yaml", "--env", "test"),
                    ("plan", "hello.yaml", "--env", "test"), ("send", "hello.yaml", "--env", "test", "--yes")):  # fmt: skip
        done = checkout.run(*command)
        assert done.code == 1, (command, done)
        assert "git's own folder" in done.err
        assert state(checkout.folder) == before, command


def test_a_link_that_leads_a_ledger_into_gits_folder_later_is_refused_too(checkout: ProjectDir) -> None:
    """The place is looked at again whenever the ledger is opened."""
    (checkout.folder / ".sendspec/test.db").unlink(missing_ok=True)
    from sendspec.diagnostics.exceptions import LedgerTrouble
    from sendspec.ledger.sqlite_file import real_place

    (checkout.folder / "led").symlink_to(".git")
    with pytest.raises(LedgerTrouble, match="git's own folder"):
        real_place(checkout.folder / "led" / "x.db")
