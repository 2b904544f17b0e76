"""A folder of the project that looks like a repository itself is no repository: nothing of it is run or read, and commits keep their names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from long_rows import all_but
from project_dir import SPEC, CountingServer, ProjectDir, numbers, sending_project
from sendspec.operations.git_command import Git, GitUnreadable
from sendspec.operations.git_repository import head_commit

PLACES = ("messages", "messages/specs", ".")
"""The project's folder, that of its specs, and the repository's own root."""
SETTINGS = ("filter.x.clean", "filter.x.smudge", "core.fsmonitor", "core.sshCommand", "diff.external", "core.pager")


def git(folder: Path, *arguments: str, **environ: str) -> str:
    settings = ("user.name=Mallory", "user.email=m@example.com", "safe.bareRepository=all", "filter.x.clean=cat")
    options = [word for setting in settings for word in ("-c", setting)]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path, server: CountingServer) -> ProjectDir:
    """A project in a folder of a repository that has a commit."""
    top = tmp_path / "repository"
    top.mkdir()
    git(top, "init", "--quiet", "--initial-branch=main")
    project = sending_project(ProjectDir(top / "messages"), server)
    settings = (top / "messages/sendspec.yaml").read_text(encoding="utf-8")
    fresh = settings.partition("  test:\n")[2].replace("test.db", "fresh.db")
    project.write("sendspec.yaml", f"{settings}  fresh:\n{fresh}")
    project.write("specs/hello.yaml", SPEC.replace("people.csv", "../people.csv"))
    project.write("people.csv", numbers(3))
    project.write(".gitignore", ".sendspec/\n")
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "-m", "Begin")
    return project


def embed(project: ProjectDir, place: str) -> Path:
    """Commits a repository as files, and returns what its settings would touch. Its own HEAD is another commit, without the people."""
    top = project.folder.parent
    folder, mark = top / place, top.parent / "mark"
    there = top.parent / "embedded.git"
    git(top, "init", "--quiet", "--bare", str(there))
    own = {"GIT_DIR": str(there), "GIT_WORK_TREE": str(folder)}
    git(folder, "add", "--force", "--all", *(() if place == "." else (".",)), **own)
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "Another", **own)
    for name in SETTINGS:
        git(folder, "config", name, f"touch {mark}; cat", **own)
    git(folder, "config", "core.bare", "false", **own)
    git(folder, "config", "core.worktree", ".", **own)
    for name in ("HEAD", "config", "objects", "refs", "index"):
        (shutil.copytree if (there / name).is_dir() else shutil.copy)(there / name, folder / name)
    (folder / "refs" / ".keep").touch()
    project.write(".gitattributes", "*.yaml filter=x\n")
    git(top, "add", "--force", "--all")
    git(top, "commit", "--quiet", "-m", "Trust me")
    os.utime(project.folder / "specs/hello.yaml", (1, 1))
    return mark


@pytest.mark.parametrize("place", all_but(["messages/specs", "."], PLACES))
def test_no_command_takes_an_embedded_repository_for_its_own(
    project: ProjectDir, server: CountingServer, place: str
) -> None:
    mark = embed(project, place)
    top = project.folder.parent
    commit = git(top, "rev-parse", "HEAD")
    assert (place == ".") == (git(top / place, "rev-parse", "HEAD") == commit)  # git itself takes it for one
    mark.unlink(missing_ok=True)
    done = project.run("plan", "specs/hello.yaml", "--env", "test", "--out", "plan.json")
    assert done.code == 0, done.err
    plan = json.loads((project.folder / "plan.json").read_text(encoding="utf-8"))
    assert (plan["commit"], plan["changed_since"]) == (commit, [])
    for code, words in (
        (0, ("plan", "specs/hello.yaml", "--env", "test", "--base", "HEAD")),
        (0, ("validate", "specs/hello.yaml", "--env", "test")),
        (2, ("ledger", "init", "--env", "fresh")),  # it has to be said what the committed spec counts as
        (0, ("ledger", "init", "--env", "fresh", "--baseline")),
        (2, ("approve", "plan.json")),  # this environment asks for no approval
        (0, ("doctor", "--env", "test")),
        (0, ("send", "specs/hello.yaml", "--env", "test", "--yes")),
        (0, ("status", "--env", "test")),
    ):
        done = project.run(*words)
        assert done.code == code, (words, done.out, done.err)
    assert len(server.posts) == 3
    assert not mark.exists()


@pytest.mark.parametrize(
    ("place", "command"),
    all_but(
        [("messages", "plan")],
        [(place, command) for place in PLACES for command in ("validate", "plan")],
    ),
)
def test_an_untrusted_check_reads_what_the_repository_around_tracks(
    project: ProjectDir, place: str, command: str
) -> None:
    mark = embed(project, place)
    project.write(".gitattributes", "")
    project.write("specs/hello.yaml", SPEC.replace("people.csv", "../people.csv").replace("Hi", "Dear"))
    git(
        project.folder,
        "add",
        "--force",
        "--all",
        ".gitattributes",
        "specs/hello.yaml",
        GIT_DIR="../.git",
        GIT_WORK_TREE="..",
    )
    for folder, spec in ((project.folder, "specs/hello.yaml"), (project.folder / "specs", "hello.yaml")):
        here = ProjectDir(folder)
        done = here.run(command, spec, "--env", "test", "--untrusted")
        assert done.code == 0, done.err
        assert command == "validate" or "Dear" in done.out
        assert "is not what git tracks" not in done.err
    assert not mark.exists()


def test_a_git_that_takes_it_all_the_same_is_refused(project: ProjectDir, tmp_path: Path) -> None:
    """As gits before 2.38 would, if the folder of the `.git` entry itself looked like a repository and the entry didn't."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *absolute-git-dir*) echo {project.folder} ;; *) echo {"1" * 40} ;; esac\n'
    )
    program.chmod(0o755)
    environ = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    assert head_commit(project.folder, environ) is None
    with pytest.raises(GitUnreadable, match="another folder"):
        Git(project.folder, environ).verify()


def test_a_repository_is_the_one_that_a_file_names(project: ProjectDir, tmp_path: Path) -> None:
    top = project.folder.parent
    git(top, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(top), "module")
    for folder in (tmp_path / "linked" / "messages", top / "module" / "messages"):
        assert head_commit(folder, os.environ) == git(folder, "rev-parse", "HEAD")
    (top / "link").symlink_to(top / "messages")
    assert head_commit(top / "link", os.environ) == git(top, "rev-parse", "HEAD")
