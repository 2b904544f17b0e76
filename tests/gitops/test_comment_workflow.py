"""The comment on a pull request: its run may be anybody's, so what it left is data, and no more than numbers come of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from actions_job import JobDone
from actions_service import Event
from fake_gh import BOT
from hosted_project import FileLedger, HostedProject
from long_rows import long
from project_dir import CountingServer

NUMBERS = {
    "schema": "sendspec.numbers/1", "content_digest": f"v1:{'ab' * 32}", "recipients": "12", "send": "10", "skip": "2",
    "segments": "11", "cost": "0.77", "currency": "EUR",
}  # fmt: skip
FILE = "sendspec-numbers.json"


class PullRequest:
    """A pull request whose run of the example workflow has ended, or what an attacker made of it."""

    def __init__(self, hosted: HostedProject, *, is_of_fork: bool) -> None:
        self.hosted = hosted
        self.state = hosted.service.state
        self.is_of_fork = is_of_fork
        hosted.desk.git("branch", "topic")
        self.push("First")

    def push(self, message: str, result: str = "success") -> None:
        """Another commit on its branch, and the end of its run."""
        desk = self.hosted.desk
        desk.git("checkout", "--quiet", "topic")
        desk.commit(message)
        desk.git("checkout", "--quiet", "main")
        head = desk.git("rev-parse", "topic")
        owner = "mallory" if self.is_of_fork else "shop"
        self.state.change(pulls=[{"number": 7, "state": "open", "label": f"{owner}:topic", "head": {"sha": head}}])
        self.run = _EndedRun(Event("pull_request", head, "refs/pull/7/merge"), self.hosted.service.number(), result)

    def leave(self, files: dict[str, bytes]) -> None:
        folder = self.hosted.service.folder / f"left-{self.run.number}"
        folder.mkdir()
        (folder / FILE).write_text("{}")
        self.state.keep_artifact(self.run.number, "sendspec-numbers", folder)
        self.state.replace_artifact(self.run.number, "sendspec-numbers", files)

    def comment(self) -> Any:
        run = self.hosted.commented(self.run, "topic", is_of_fork=self.is_of_fork)  # type: ignore[arg-type]
        return run.jobs["comment"]

    @property
    def comments(self) -> list[str]:
        return [comment["body"] for comment in self.state.load()["comments"].get("7", [])]

    @property
    def writes(self) -> int:
        found: int = self.state.load()["writes"]
        return found


class _EndedRun:
    """What the comment workflow knows of another run."""

    def __init__(self, event: Event, number: int, result: str) -> None:
        self.event, self.number = event, number
        self.jobs = {"pr-plan": JobDone("pr-plan", result)}


@pytest.fixture(params=[False, True], ids=["branch", "fork"])
def pull_request(tmp_path: Path, server: CountingServer, request: pytest.FixtureRequest) -> PullRequest:
    return PullRequest(HostedProject(tmp_path, server, FileLedger(tmp_path)), is_of_fork=request.param)


def written(**changes: Any) -> dict[str, bytes]:
    return {FILE: json.dumps({**NUMBERS, **changes}).encode()}


def test_one_comment_is_written_changed_and_left_alone(pull_request: PullRequest) -> None:
    pull_request.leave(written())
    assert pull_request.comment().result == "success"
    [first] = pull_request.comments
    assert "**10 messages** would be sent, 2 of 12 recipients skipped, 11 segments, 0.77 EUR." in first
    assert f"/actions/runs/{pull_request.run.number})" in first
    assert f"`v1:{'ab' * 32}`" in first

    before = pull_request.writes
    assert "it says the same already" in pull_request.comment().log
    assert (pull_request.comments, pull_request.writes) == ([first], before)

    pull_request.push("The same numbers, of a newer run")
    pull_request.leave(written())
    assert pull_request.comment().result == "success"
    [linked] = pull_request.comments
    assert f"/actions/runs/{pull_request.run.number})" in linked

    pull_request.push("Other numbers")
    pull_request.leave(written(send="11", segments="", cost="", currency="", content_digest=""))
    assert pull_request.comment().result == "success"
    [changed] = pull_request.comments
    assert "**11 messages** would be sent, 2 of 12 recipients skipped.\n" in changed

    pull_request.push("A mistake", "failure")
    assert pull_request.comment().result == "success"
    [failed] = pull_request.comments
    assert "**This would not be sent**" in failed


def test_a_comment_that_somebody_else_wrote_is_not_changed(pull_request: PullRequest) -> None:
    theirs = {"id": 1, "user": {"login": "mallory"}, "body": "<!-- sendspec-comment 00 -->\nmine"}
    another = {"id": 2, "user": {"login": BOT}, "body": "of another workflow\n<!-- sendspec-comment 00 -->"}
    pull_request.state.change(comments={"7": [theirs, another]})
    pull_request.leave(written())
    assert pull_request.comment().result == "success"
    assert len(pull_request.comments) == 3
    assert pull_request.comments[:2] == [theirs["body"], another["body"]]


BAD = (
    ("no numbers", {FILE: b""}, "not what sendspec writes"),
    ("no JSON", {FILE: b"{"}, "no JSON"),
    ("two documents", {FILE: json.dumps(NUMBERS).encode() * 2}, "not what sendspec writes"),
    ("a list", {FILE: b"[1]"}, "not what sendspec writes"),
    ("another file", {"x.json": json.dumps(NUMBERS).encode()}, "not what sendspec writes"),
    ("a path that leads out", {f"../{FILE}": json.dumps(NUMBERS).encode()}, "not what sendspec writes"),
    ("too long", {FILE: b" " * 4097}, "too long"),
    ("a bomb", {FILE: b" " * 1_000_000}, "too long"),
    ("an archive too large", {FILE: bytes(range(256)) * 2, "x": os.urandom(5000)}, "left no numbers"),
    ("no archive", None, "not what sendspec writes"),
    *(
        (f"{key}: {value!r}", written(**{key: value}), "not what sendspec writes")
        for key, value in (
            ("schema", "sendspec.numbers/2"), ("send", 10), ("send", "1\n"), ("send", "1" * 10), ("skip", "**x**"), ("cost", "1\n@here"),
            ("currency", "EUR\n"), ("content_digest", "@acme/all"), ("recipients", None), ("segments", ["1"]),
        )
    ),
)  # fmt: skip


FEW = ("a bomb", "no archive", "send: 10", "skip: '**x**'", "content_digest: '@acme/all'")


@pytest.mark.parametrize("is_short", [True, pytest.param(False, marks=long)], ids=["few", "every"])
def test_nothing_but_numbers_becomes_a_comment(tmp_path: Path, server: CountingServer, is_short: bool) -> None:
    pull_request = PullRequest(HostedProject(tmp_path, server, FileLedger(tmp_path)), is_of_fork=True)
    rows = [row for row in BAD if row[0] in FEW] if is_short else BAD
    assert len(rows) >= len(FEW)
    for name, files, said in rows:
        pull_request.push(name)
        pull_request.leave(files or {})
        if files is None:
            [kept] = [kept for kept in pull_request.state.load()["artifacts"] if kept["run"] == pull_request.run.number]
            (pull_request.state.folder / f"{kept['id']}.zip").write_bytes(b"no archive")
        done = pull_request.comment()
        assert done.result == "success", (name, done.log)
        assert "no comment: " in done.log, name
        assert said in done.log, (name, done.log)
    assert pull_request.comments == []


def test_a_commit_that_no_open_pull_request_is_at_gets_no_comment(pull_request: PullRequest) -> None:
    pull_request.leave(written())
    [pull] = pull_request.state.load()["pulls"]
    for changed in ({"head": {"sha": "0" * 40}}, {"state": "closed"}, {"label": "eve:topic"}):
        pull_request.state.change(pulls=[{**pull, **changed}])
        assert "no open pull request is at this commit" in pull_request.comment().log
    assert pull_request.comments == []


def test_a_branch_is_a_value_whatever_it_is_called(tmp_path: Path, server: CountingServer) -> None:
    pull_request = PullRequest(HostedProject(tmp_path, server, FileLedger(tmp_path)), is_of_fork=True)
    hosted = pull_request.hosted
    pull_request.leave(written())
    [pull] = pull_request.state.load()["pulls"]
    for branch in ("$(touch${IFS}pwned)", "a;touch${IFS}pwned", "-x", "'\"`touch${IFS}pwned`"):
        pull_request.state.change(pulls=[{**pull, "label": f"mallory:{branch}"}], comments={})
        payload = {
            "workflow_run": {
                "event": "pull_request", "id": pull_request.run.number, "html_url": "https://github.com/x",
                "conclusion": "success", "head_sha": pull["head"]["sha"], "head_branch": branch,
                "head_repository": {"owner": {"login": "mallory"}},
            }
        }  # fmt: skip
        event = Event("workflow_run", hosted.desk.git("rev-parse", "main"), "refs/heads/main", payload)
        assert hosted.service.start(event, "comment.yml").jobs["comment"].result == "success"
        assert len(pull_request.comments) == 1
    assert list(hosted.service.folder.rglob("pwned")) == []
