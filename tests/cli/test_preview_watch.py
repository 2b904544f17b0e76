"""`preview --watch` as a command: the link, the terminal, what changes say elsewhere, and how it ends."""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from long_rows import long
from readiness import is_readable

pytestmark = pytest.mark.process

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}."}}
"""
PEOPLE = "phone,name\n+447700900001,Ann\n+447700900002,Ben\n"


class Watching:
    """A preview that is watched, its output through pipes, or at a terminal."""

    def __init__(self, project_dir: Any, *arguments: str, columns: int = 0) -> None:
        reading, writing = os.openpty() if columns else os.pipe()
        if columns:
            fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            project_dir.command("preview", "hello.yaml", "--watch", *arguments), cwd=project_dir.folder,
            env={**os.environ, "TERM": "xterm", **project_dir.environ}, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing,
        )  # fmt: skip
        os.close(writing)
        self._reading = reading
        self.said = ""

    def until(self, pattern: str, seconds: float = 20) -> str:
        """All that was said, once the pattern is in it. What was said before is forgotten."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said):
            assert is_readable(self._reading, deadline - time.monotonic()), self.said
            block = self._read()
            assert block, self.said
            self.said += block.decode(errors="replace")
        found, self.said = self.said, ""
        return found

    def _read(self) -> bytes:
        """Empty at the end."""
        try:
            return os.read(self._reading, 65_536)
        except OSError:  # a terminal that nobody writes to any more
            return b""

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        os.close(self._reading)
        return code


@pytest.fixture
def start(project_dir: Any) -> Iterator[Any]:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", PEOPLE)
    running: list[Watching] = []

    def started(*arguments: str, columns: int = 0) -> Watching:
        running.append(Watching(project_dir, *arguments, columns=columns))
        return running[-1]

    yield started
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def status(link: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(str(urlsplit(link).netloc), timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@long
def test_elsewhere_than_at_a_terminal_it_prints_its_link_and_a_line_for_each_change(
    project_dir: Any, start: Any
) -> None:
    project_dir.environ["CI"] = "true"
    first, second = start(), start()
    links = [re.findall(r"http://\S+", each.until("2 messages, 2 segments"))[0] for each in (first, second)]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{12}/\?token=[\w-]{32}", link) for link in links)
    assert len({part for link in links for part in (urlsplit(link).path, urlsplit(link).query)}) == 4
    assert [status(links[0], urlsplit(link).path + "?" + urlsplit(link).query, {}) for link in links] == [303, 401]
    project_dir.write("people.csv", PEOPLE + "+447700900003,Cem\n")
    assert "\x1b" not in first.until("3 messages")
    project_dir.write("people.csv", PEOPLE + "12,Cem\n")
    assert "nothing was sent" in first.until(r"phone-length\](.|\n)*nothing was sent")
    port = str(urlsplit(links[0]).port)
    project_dir.write("people.csv", PEOPLE)
    taken = project_dir.run("preview", "hello.yaml", "--watch", "--port", port)
    assert (taken.code, f"port {port} can't be used" in taken.err) == (2, True)
    assert (first.end(signal.SIGINT), second.end(signal.SIGTERM)) == (0, 0)


def test_at_a_terminal_it_draws_the_preview_again_with_errors_below_it(project_dir: Any, start: Any) -> None:
    watching = start(columns=60)
    drawn = watching.until(r"Ctrl-C ends it")
    assert drawn.startswith("\x1b[H\x1b[2J")
    assert "│ " in drawn
    assert re.search(r"http://127\.0\.0\.1:\d+/", drawn.rpartition("│ ")[2])
    project_dir.write("hello.yaml", SPEC.replace("Hi {{ name }}", "Hi {{ nmae }}"))
    drawn = watching.until(r"Ctrl-C ends it")
    assert (
        drawn.index("\x1b[H\x1b[2J")
        < drawn.index("Ann")
        < drawn.index("unknown-name")
        < drawn.index("the last good picture")
    )
    project_dir.write("hello.yaml", SPEC.replace("Hi", "Hello"))
    drawn = watching.until(r"Ctrl-C ends it")
    assert "Hello" in drawn
    assert "unknown-name" not in drawn
    assert watching.end(signal.SIGINT) == 0


def test_files_that_are_wrong_from_the_beginning_are_followed_too(project_dir: Any, start: Any) -> None:
    project_dir.write("hello.yaml", SPEC.replace("people.csv", "poeple.csv"))
    watching = start("--row", "3")
    watching.until("file-missing")
    project_dir.write("hello.yaml", SPEC)
    watching.until("2 messages")
    project_dir.write("people.csv", PEOPLE.partition("+447700900002")[0])
    watching.until("row-unknown")
    assert watching.end(signal.SIGINT) == 0
