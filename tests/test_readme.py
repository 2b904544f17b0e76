"""What the README and the format's page show works: their files are accepted, their commands run and print what is shown."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from postgres_server import server_url
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.project_reader import read_project
from sendspec.reading.spec import read_spec
from sendspec.sandbox.server import sandbox_at
from ssh_keys import need_ssh_keygen
from warm_process import Order, run_warm

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(r"`([\w./-]+\.(?:yaml|csv))`[^`]*\Z")
EXIT_CODE = re.compile(r"\bexit code (\d+):\Z")
CHANGING = re.compile(
    r"(?<=plan )[0-9a-f]{8}…[0-9a-f]{4}|(?<=\"reference\":\")m[0-9a-f]{32}|(?<=\()m[0-9a-f]{32}(?=\))|(?<= in )\d+\.\d(?= s$)",
    re.MULTILINE,
)
PRODUCTION = "  production:\n"
SECONDS = 30
ON_A_SERVER = ("docs/ledger.md", "docs/gitops.md")
"""Their ledgers are on the tests' PostgreSQL server."""
PAGES = (
    *ON_A_SERVER,
    "docs/delivery.md",
    "docs/plans.md",
    "docs/tutorial.md",
    *(f"docs/how-to/{path.name}" for path in sorted((CHECKOUT / "docs/how-to").iterdir()) if path.stem != "README"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block. `file` is what the text before it calls it, empty for commands and plain text. `exit_code` is what that
    text says at its end of the last command, as in "with exit code 1:".
    """

    language: str
    text: str
    file: str
    exit_code: int


def blocks(page: str) -> list[Block]:
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        language = match[1]
        paragraph = text[: match.start()].rstrip("\n").rpartition("\n\n")[2]
        named = NAMED_FILE.search(paragraph) if language in ("yaml", "csv") else None
        said = EXIT_CODE.search(paragraph)
        found.append(Block(language, match[2], named[1] if named else "", int(said[1]) if said else 0))
    return found


def test_every_yaml_block_is_accepted(tmp_path: Path) -> None:
    shown = [
        block for page in ("README.md", "docs/spec.md", *PAGES) for block in blocks(page) if block.language == "yaml"
    ]
    assert len(shown) >= 5
    for number, block in enumerate(shown):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block.text, encoding="utf-8")
        problems = Problems()
        if block.text.startswith(("environments:", "prices:")):
            assert read_project(str(path), tmp_path, problems) is not None
        else:
            assert read_spec(str(path), problems) is not None
        assert list(problems) == []


def test_every_command_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    """From top to bottom in one folder, as a reader would; production is a server of this test."""
    with sandbox_at(None, time.time) as api, ProjectDir(tmp_path, api).at_work() as project_dir:
        project_dir.follow("README.md")
    assert project_dir.commands >= 12


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs_and_prints_what_is_shown(tmp_path: Path, page: str) -> None:
    if page == "docs/plans.md":
        need_ssh_keygen()
    ledger = database_of_its_own() if page in ON_A_SERVER else nullcontext("")
    with ledger as url, sandbox_at(None, time.time) as api, ProjectDir(tmp_path, api, url).at_work() as project_dir:
        project_dir.follow(page)
    assert project_dir.commands >= 1


@contextmanager
def database_of_its_own() -> Iterator[str]:
    """The URL of a new database."""
    name = f"page_{os.getpid()}"
    with psycopg.connect(server_url(), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name}")
        yield server_url().replace("/postgres", f"/{name}")
        owner.execute(f"DROP DATABASE {name}")


class ProjectDir:
    def __init__(self, folder: Path, api: str, ledger_url: str = "") -> None:
        self.folder = folder
        self.api = api
        self.ledger_url = ledger_url
        self.ports = {shown: str(_free_port()) for shown in ("8080", "8443")}
        self.commands = 0
        self.running: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def at_work(self) -> Iterator[ProjectDir]:
        try:
            yield self
        finally:
            for process in reversed(self.running):
                process.send_signal(signal.SIGINT)
                process.wait(SECONDS)

    def follow(self, page: str) -> None:
        for block in blocks(page):
            if block.file:
                self.write(block)
            elif block.language == "console":
                self.run_all(block)
            elif block.text.startswith(
                "$ sendspec init\n"
            ):  # what a terminal shows, and more than standard output: see test_pictures
                self.run_all(replace(block, text="".join(re.findall(r"^\$ .*\n", block.text, re.MULTILINE))))

    def write(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(exist_ok=True)
        text = block.text.replace(PRODUCTION, f"{PRODUCTION}    api_url: {self.api}\n")
        path.write_text(self.with_free_ports(text), encoding="utf-8")

    def with_free_ports(self, text: str) -> str:
        return re.sub(r"\b(8080|8443)\b", lambda shown: self.ports[shown[1]], text)

    def run_all(self, block: Block) -> None:
        every_shown = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        for number, shown in enumerate(every_shown, 1):
            command, _, output = shown.partition("\n")
            self.commands += 1
            if command.endswith(" &"):
                self.start(command.removesuffix(" &"))
            else:
                self.run(command, output, block.exit_code if number == len(every_shown) else 0)

    def run(self, command: str, output: str, exit_code: int) -> None:
        command, _, file = command.partition(" > ") if "sendspec" in shlex.split(command) else (command, "", "")
        arguments, environ = self.read(command)
        if "wait" in arguments:
            self.let_a_minute_pass()
        if arguments[0] == sys.executable:
            code, stdout, stderr = run_warm(Order(arguments[3:], str(self.folder), environ), timeout=SECONDS)
        else:
            done = subprocess.run(
                arguments, cwd=self.folder, env=environ, input="", capture_output=True, text=True, timeout=SECONDS,
                check=False,
            )  # fmt: skip
            code, stdout, stderr = done.returncode, done.stdout, done.stderr
        assert code == exit_code, f"{command}\n{stdout}{stderr}"
        if file:
            (self.folder / file).write_text(stdout, encoding="utf-8")
        if output:
            printed = stderr if exit_code == 1 and not stdout else stdout  # mistakes are told on stderr
            assert CHANGING.sub("…", printed) == CHANGING.sub("…", output), command

    def let_a_minute_pass(self) -> None:
        """In the sandbox, whose messages take seconds to be delivered."""
        with closing(sqlite3.connect(self.folder / ".sendspec" / "sandbox-api.db")) as messages, messages:
            messages.execute("UPDATE message SET created_at = created_at - 60")

    def start(self, command: str) -> None:
        """Starts it, and waits until it listens where it says."""
        arguments, environ = self.read(command)
        [port] = re.findall(r"--(?:port |listen 127\.0\.0\.1:)(\d+)", self.with_free_ports(command))
        self.running.append(subprocess.Popen(arguments, cwd=self.folder, env=environ, stdout=subprocess.DEVNULL))
        until = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(port))).close()
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                return

    def read(self, command: str) -> tuple[list[str], dict[str, str]]:
        """The arguments and the environment of a shown command, with a port that is free."""
        if "sendspec" not in shlex.split(command):
            return ["bash", "-c", command], {"PATH": os.environ["PATH"]}
        words = shlex.split(self.with_free_ports(command))
        settings = [word.partition("=") for word in words[: words.index("sendspec")]]
        environ = {
            **os.environ,
            "BIRD_ACCESS_KEY": "a-key-for-the-test",
            "SENDSPEC_LEDGER_URL": self.ledger_url,
            **{name: value for name, _, value in settings},
        }
        return [sys.executable, "-m", "sendspec", *words[words.index("sendspec") + 1 :]], environ


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_first_screen_names_targets_that_are_there(target: str) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert f"make {target}" in "\n".join(readme.splitlines()[:12])
    assert f"\n{target}:" in makefile
