"""A project in a git work tree, as a test commits to it, and the sends that a pipeline runs in it."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from project_dir import CountingServer, Done, ProjectDir


class Repository:
    """A project in a git work tree, and the sends that its pipeline would run."""

    def __init__(self, project_dir: ProjectDir, server: CountingServer) -> None:
        self.project_dir = project_dir
        self.server = server
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(".gitignore", ".sendspec/\n")
        self.commit("The project")

    def git(self, *arguments: str) -> str:
        settings = ["user.name=Ann", "user.email=ann@example.com", "commit.gpgsign=false", "core.hooksPath=/dev/null"]
        options = [word for setting in settings for word in ("-c", setting)]
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=self.project_dir.folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        return self.project_dir.write(name, text)

    def replace(self, name: str, *pairs: tuple[str, str]) -> None:
        text = (self.project_dir.folder / name).read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.write(name, text)

    def commit(self, message: str, *options: str) -> str:
        """Commits all that there is; returns the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *options)
        return self.git("rev-parse", "HEAD")

    def send(self, *specs: str, more: tuple[str, ...] = ()) -> tuple[int, int]:
        """Sends as a pipeline does: the exit code, and how many messages the server was sent."""
        done, sent = self.sent(*specs, more=more)
        return done.code, sent

    def sent(self, *specs: str, more: tuple[str, ...] = ()) -> tuple[Done, int]:
        before = len(self.server.posts)
        done = self.project_dir.run(
            "send", *(specs or ("hello.yaml",)), "--env", "test", "--yes", "--format", "json", *more
        )
        return done, len(self.server.posts) - before

    def run(self, *arguments: str) -> Done:
        return self.project_dir.run(*arguments, "--env", "test", "--format", "json")

    def texted(self) -> Counter[str]:
        """How many messages each number was sent."""
        return Counter(post.json["receiver"]["contacts"][0]["identifierValue"] for post in self.server.posts)


def codes(done: Done) -> list[str]:
    """The codes of what was wrong with the input."""
    assert done.code == 1, done.err
    return [diagnostic["code"] for diagnostic in done.json["diagnostics"] if diagnostic["severity"] == "error"]
