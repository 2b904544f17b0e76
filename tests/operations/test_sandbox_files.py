"""What the sandbox leaves on the disk: nothing before the first send, and then only in a folder that git ignores."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.cli.main import run

SPEC = """spec: 1
name: hello
channel: news
recipients: [{email: ann@example.com}]
message: {body: {type: text, text: {text: Hi}}}
"""
RESOLVE = ["resolve", "hello.yaml", "--as", "accepted", "--reason", "x"]


@pytest.fixture
def hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "hello.yaml"], 0), (["validate", "hello.yaml"], 0), (["render", "hello.yaml"], 0), (["status"], 0), (["doctor"], 0),
        (["reconcile"], 6), (RESOLVE, 6), (["ledger", "check"], 6),
    ],
)  # fmt: skip
def test_only_a_send_makes_files_in_the_sandbox(hello: Path, arguments: list[str], code: int) -> None:
    assert run(arguments) == code
    assert files(hello) == {"hello.yaml"}


@pytest.mark.process  # a send asks git which commit it is at
@pytest.mark.parametrize("arguments", [["send", "hello.yaml", "--yes"], ["ledger", "init"]])
def test_the_folder_of_the_sandbox_is_ignored_by_git(hello: Path, arguments: list[str]) -> None:
    assert run(arguments) == 0
    assert (hello / ".sendspec" / ".gitignore").read_text() == "*\n"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (hello / ".sendspec").iterdir())
    assert "sendspec.lock" not in files(hello)
