"""A project in a git work tree, in the sandbox environment, whose plans are compared with an earlier commit."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project_dir import Done, ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: ../data/people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}, your order {{ order }} has shipped."}}
"""
HELLO, PEOPLE = "specs/hello.yaml", "data/people.csv"
AUTHOR = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")


def people(count: int, start: int = 0) -> str:
    rows = [f"+4477009{n:05d},Person{n},A{n}" for n in range(start, start + count)]
    return "\n".join(["phone,first_name,order", *rows]) + "\n"


class BaseRepository:
    """`project` is the project's folder, which may be inside the work tree `top`."""

    def __init__(self, top: Path, folder: str = "") -> None:
        self.top = top
        self.project = ProjectDir(top / folder)
        self.project.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", *AUTHOR, *arguments], cwd=self.top, capture_output=True, text=True, check=True, timeout=30,
            env={**os.environ, **(environ or {})},
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, name: str, text: str | bytes) -> Path:
        return self.project.write(name, text)

    def replace(self, name: str, *pairs: tuple[str, str]) -> None:
        text = (self.project.folder / name).read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.write(name, text)

    def commit(self, message: str = "A change", *, date: str = "") -> str:
        """Commits all that there is, as of `date`; returns the commit's id."""
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--allow-empty", "-m", message, environ={"GIT_COMMITTER_DATE": date} if date else {}
        )
        return self.git("rev-parse", "HEAD")

    def begin(self, count: int = 10) -> str:
        """A first commit with one spec for `count` people."""
        self.write("sendspec.yaml", "environments: {}\n")
        self.write(HELLO, SPEC)
        self.write(PEOPLE, people(count))
        return self.commit("Begin")

    def plan(self, *arguments: str, base: str = "HEAD") -> Done:
        return self.project.run("plan", *(arguments or (HELLO,)), "--base", base)

    def document(self, *arguments: str, base: str = "HEAD") -> Any:
        done = self.plan(*(arguments or (HELLO,)), "--format", "json", base=base)
        assert done.code == 0, done.out + done.err
        return done.json

    def change(self, *arguments: str, base: str = "HEAD") -> Any:
        """The change of the first spec."""
        return self.document(*arguments, base=base)["specs"][0]["change"]


def tree_state(folder: Path) -> dict[str, str]:
    """Everything below a folder: each path with its mode, its size, its time and a hash of what is in it."""
    state = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        about = f"{status.st_mode:o} {status.st_size} {status.st_mtime_ns if not path.is_dir() else 0}"
        state[str(path.relative_to(folder))] = f"{about} {hashlib.sha256(content).hexdigest()}"
    return state
