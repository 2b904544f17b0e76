"""What input is offered to: the real command line, watched for whatever a rejected input must not cause."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from project_dir import server
from sendspec.cli.main import run
from warm_process import Order, run_warm

__all__ = ["server"]

UUID = "123e4567-e89b-12d3-a456-426614174000"
SECRET = "canary-9f3b1c7e5d2a"
PEOPLE = "phone,first_name,order_id\n+31612345678,Robert,A1\n+31687654321,Ann,A2\n"
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}"
"""
PROJECT = f"""environments:
  live:
    api_url: https://api.bird.com
    access_key: {{env: KEY}}
    ledger: {{file: .sendspec/live.db}}
    channels:
      sms: {{workspace: {UUID}, channel: {UUID}, rate: 50/s}}
"""
INPUT = ("hello.yaml", "people.csv")
MAX_SECONDS = 20  # by the clock, which other work on the machine slows
MAX_CPU_SECONDS = 2
MAX_MEMORY = 300_000_000
LIMITS = {"RLIMIT_AS": MAX_MEMORY, "RLIMIT_CPU": MAX_CPU_SECONDS}
LIMITED = f"""
import resource, sys
for name, limit in {LIMITS}.items():
    resource.setrlimit(getattr(resource, name), (limit, limit))
from sendspec.cli.main import main
main(sys.argv[1:])
"""


class Watch:
    """Counts what reaches out of the process while it is on. A hook can't be taken away, so it is there once."""

    events = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.fork")

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in self.events:
            self.seen.append(event)
            raise RuntimeError(f"a rejected input reaches out: {event}")

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """The block does nothing of it."""
        self.on, self.seen = True, []
        try:
            yield
        finally:
            self.on = False
        assert self.seen == []


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def diagnostics(self) -> list[dict[str, Any]]:
        diagnostics: list[dict[str, Any]] = json.loads(self.out)["diagnostics"]
        return diagnostics

    @property
    def found(self) -> list[str]:
        """Each diagnostic as `code path:line:column`."""
        return [f"{d['code']} {d['path']}:{d['line']}:{d['column']}" for d in self.diagnostics]


class Intake:
    """A project with a ledger, where a user hands in files. Every command is held against what must never show or change."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], watch: Watch) -> None:
        self.folder = folder
        self.specs = ["hello.yaml"]
        self.spec = SPEC
        self.project = PROJECT
        self.people = PEOPLE
        self.diagnostics: list[dict[str, Any]] = []
        self._capture = capture
        self._watch = watch

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def text(self, written: str, more: str = "") -> None:
        """A spec whose text is `written`, as it would stand in the file, and `more` below it."""
        self.write("hello.yaml", SPEC.replace('"Hi {{ first_name }}"', written) + more)

    def change(self, before: str, after: str) -> None:
        """The usual spec with one thing written otherwise."""
        assert before in SPEC
        self.write("hello.yaml", SPEC.replace(before, after, 1))

    def reconfigure(self, before: str, after: str) -> None:
        """The usual project file with one thing written otherwise."""
        assert before in PROJECT
        self.write("sendspec.yaml", PROJECT.replace(before, after, 1))

    def run(self, *arguments: str) -> Said:
        """One command, in this process; neither the key nor a number may be in what it prints or writes."""
        files = self._files()
        self._capture.readouterr()
        code = run(list(arguments))
        printed = self._capture.readouterr()
        said = Said(code, printed.out, printed.err)
        assert "Traceback" not in said.err, said.err
        shown = {"stdout": said.out, "stderr": said.err} if arguments[0] != "render" else {"stderr": said.err}
        written = [name for name, content in self._files().items() if files.get(name) != content and name not in INPUT]
        self._hold_back({**shown, **{name: (self.folder / name).read_text("latin-1") for name in written}})
        return said

    def rejects(self, *expected: str, env: str = "live", by_send: bool = True) -> None:
        """Every command that would use the input refuses it, for exactly these reasons; nothing is touched."""
        before = self._files()
        with self._watch.nothing():
            checked = self.run("validate", *self.specs, "--env", env, "--format", "json")
            told = self.run("validate", *self.specs, "--env", env)
            sent = self.run("send", *self.specs, "--env", env, "--yes", "--format", "json") if by_send else checked
        assert checked.found == list(expected)
        assert (checked.code, told.code, sent.code) == (1, 1, 1), told.err
        assert told.out == ""
        assert told.err.rstrip().endswith("; nothing was sent")
        assert sent.found == checked.found
        assert self._files() == before
        self.diagnostics = checked.diagnostics
        for diagnostic in self.diagnostics:
            assert f"[{diagnostic['code']}]" in told.err or len(self.diagnostics) > 20
            assert diagnostic["problem"]
            assert diagnostic["fix"]

    def send_rejects(self, *expected: str, code: int = 1) -> Said:
        """What only a send can find: it is refused before anything leaves or is written."""
        before = self._files()
        with self._watch.nothing():
            sent = self.run("send", *self.specs, "--env", "live", "--yes", "--format", "json")
            told = self.run("send", *self.specs, "--env", "live", "--yes")
        assert (sent.code, told.code) == (code, code), told.err
        assert "nothing was sent" in told.err
        if expected:
            assert sent.found == list(expected)
            self.diagnostics = sent.diagnostics
        assert self._files() == before
        return told

    def accepts(self, *warnings: str) -> list[Any]:
        """The request bodies that the input makes; what may be warned of is named."""
        with self._watch.nothing():
            checked = self.run("validate", *self.specs, "--env", "live", "--format", "json")
            rendered = self.run("render", *self.specs, "--env", "live")
        assert (checked.found, checked.code) == (list(warnings), 0)
        assert rendered.code == 0, rendered.err
        self.diagnostics = checked.diagnostics
        return [json.loads(line) for line in rendered.out.splitlines()]

    def apart(self, *arguments: str, prefix: Sequence[str] = ()) -> Said:
        """One command in a process of its own, with little memory and time."""
        said = run_apart(self.folder, *arguments, prefix=prefix)
        self._hold_back({"stdout": said.out, "stderr": said.err})
        return said

    def rejects_bounded(self, *expected: str) -> None:
        """Refused with little memory and time, by a process of its own: a bomb takes nothing else with it."""
        before = self._files()
        said = self.apart("validate", *self.specs, "--env", "live", "--format", "json")
        assert said.code == 1, said.err
        assert said.found == list(expected)
        assert self._files() == before
        self.diagnostics = said.diagnostics

    def _files(self) -> dict[str, str]:
        """Every file with a digest of what it holds; only the run lock differs each time: it says who holds it.

        Not the seal, which a refused send leaves too: it says that the ledger was found sound.
        """
        paths = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and _is_readable(path)]
        paths = [path for path in paths if path.suffix != ".seal"]
        return {
            str(path.relative_to(self.folder)): "" if path.name.endswith(".db.lock") else _digest(path)
            for path in paths
        }

    def _hold_back(self, shown: dict[str, str]) -> None:
        numbers = self._numbers()
        for where, text in shown.items():
            assert SECRET not in text, where
            assert SECRET.removeprefix("canary-") not in text, where
            for digits in re.findall(r"\d{7,}", text.replace(UUID, "")):
                assert not any(digits in number or number in digits for number in numbers), f"{where} shows a number"

    def _numbers(self) -> set[str]:
        """The digits of every phone number that was handed in."""
        written = [self.folder / name for name in self.specs] + sorted(self.folder.glob("*.csv"))
        texts = [
            _beginning(path).decode("utf-8", "replace") for path in written if path.is_file() and _is_readable(path)
        ]
        found = re.findall(r"(?<![\w-])[+(]?\d(?:[ .()-]{0,2}\d){8,14}(?!\d)", "\n".join(texts).replace(UUID, ""))
        return {re.sub(r"\D", "", number).removeprefix("0") for number in found}


def run_apart(folder: Path, *arguments: str, prefix: Sequence[str] = ()) -> Said:
    """One command in a process of its own, with little memory and time; `prefix` starts it in another way."""
    if prefix:
        done = subprocess.run(
            [*prefix, sys.executable, "-c", LIMITED, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=MAX_SECONDS, check=False,
        )  # fmt: skip
        said = Said(done.returncode, done.stdout, done.stderr)
    else:
        said = Said(
            *run_warm(
                Order(list(arguments), str(folder), dict(os.environ), alone=True, limits=LIMITS), timeout=MAX_SECONDS
            )
        )
    assert said.code != -signal.SIGKILL, "it took more than its time"
    assert "Traceback" not in said.err, said.err
    return said


@pytest.fixture(scope="session")
def apart() -> Callable[..., Said]:
    return run_apart


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100_000)


def _digest(path: Path) -> str:
    """What tells a file from a changed one; a very large one by its size and time alone."""
    state = path.stat()
    if state.st_size > 1_000_000:
        return f"{state.st_size} bytes at {state.st_mtime_ns}"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True)


@pytest.fixture(scope="session")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose ledger has been made."""
    folder = tmp_path_factory.mktemp("prepared")
    for name, content in {"sendspec.yaml": PROJECT, "hello.yaml": SPEC, "people.csv": PEOPLE}.items():
        (folder / name).write_text(content, encoding="utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert run(["ledger", "init", "--env", "live"]) == 0
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def intake(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], watch: Watch
) -> Intake:
    folder = tmp_path / "project"
    shutil.copytree(prepared, folder)
    (folder / "tmp").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))  # crash files are looked at, too
    return Intake(folder, capfd, watch)
