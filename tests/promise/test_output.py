"""Output never fails a command that did its work: whatever the terminal can't show, the disk can't take or the reader leaves."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from invariants import InvariantCheck
from long_rows import all_but, long
from processes import SEND, launched, until
from project_dir import Answer, CountingServer, ProjectDir

SENT = ("send", "hello.yaml", "--env", "test", "--yes")
HALF = b'{"id": "\\ud83d", "status": "\\ud83d", "code": "odd \\ud83d", "title": "half \\ud83d", "message": "\\ud83d"}'
ENCODINGS = ("ascii", "cp1252", "utf-16")


def shell(project_dir: ProjectDir, line: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A command under bash: "$@" in `line` is the command."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *project_dir.command(*arguments)], cwd=project_dir.folder, stdin=subprocess.DEVNULL,
        env={**os.environ, **project_dir.environ, **environ}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", all_but(["ascii"], ENCODINGS))
def test_a_send_succeeds_in_every_encoding_of_the_terminal(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, encoding: str
) -> None:
    done = shell(ready, '"$@"', *SENT, PYTHONIOENCODING=encoding)
    talk = f"connecting to {server.url[7:]}\n\nnext: sendspec report hello --env test\n"
    assert (done.returncode, done.stderr.decode(encoding)) == (0, talk)
    said = done.stdout.decode(encoding)
    assert "40 recipients = 40 accepted" in said
    assert ("hello → sms" if encoding.startswith("utf") else "hello > sms") in said
    assert len(server.taken) == 40
    assert invariants()["accepted"] == 40


@pytest.mark.parametrize("encoding", all_but(["utf-16"], ENCODINGS))
def test_a_document_is_utf8_in_every_encoding_of_the_terminal(ready: ProjectDir, encoding: str) -> None:
    assert ready.run(*SENT).code == 0
    done = shell(ready, '"$@"', "status", "--env", "test", "--messages", "--format", "json", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert all(message["receiver"].startswith("+44••••••") for message in json.loads(done.stdout)["messages"])


def test_the_locale_c_changes_nothing_but_what_can_not_be_shown(ready: ProjectDir) -> None:
    done = shell(ready, '"$@"', *SENT, LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr[:24]) == (0, b"connecting to 127.0.0.1:")
    assert b"40 accepted" in done.stdout


def test_columns_stay_where_characters_are_replaced(ready: ProjectDir) -> None:
    assert ready.run(*SENT).code == 0
    shown, plain = (
        shell(ready, '"$@"', "status", "--env", "test", "--messages", PYTHONIOENCODING=encoding).stdout.decode(encoding)
        for encoding in ("utf-8", "ascii")
    )
    assert "+44******" in plain
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in shown.splitlines()]


@pytest.mark.parametrize(
    ("form", "encodings"),
    all_but([("csv", ("utf-16",))], [("csv", ("utf-16",)), ("csv", ENCODINGS), ("jsonl", ENCODINGS)]),
)
def test_an_export_is_utf8_in_every_encoding_of_the_terminal(
    ready: ProjectDir, form: str, encodings: tuple[str, ...]
) -> None:
    assert ready.run(*SENT).code == 0
    export = ("ledger", "export", "--env", "test", "--as", form)
    first, *others = (shell(ready, '"$@"', *export, PYTHONIOENCODING=encoding) for encoding in ("utf-8", *encodings))
    assert "+44••••••" in first.stdout.decode("utf-8")
    assert {(done.returncode, done.stdout) for done in others} == {(0, first.stdout)}


@pytest.mark.parametrize("encoding", all_but(["cp1252"], ["ascii", "cp1252"]))
def test_wrong_usage_and_wrong_input_are_told_in_every_encoding(ready: ProjectDir, encoding: str) -> None:
    usage = shell(ready, '"$@"', "plan", "hello.yaml", "--env", "prod→", PYTHONIOENCODING=encoding)
    assert usage.returncode == 2
    assert "prod>" in usage.stderr.decode(encoding)
    ready.write("hello.yaml", "spec: 1\nname: →\n")
    wrong = shell(ready, '"$@"', "validate", "hello.yaml", PYTHONIOENCODING=encoding)
    assert wrong.returncode == 1
    assert "[bad-name]" in wrong.stderr.decode(encoding)


@pytest.mark.parametrize("status", all_but([422, 202], [422, 500, 202]))
def test_half_a_surrogate_in_an_answer_is_shown_as_a_replacement(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, status: int
) -> None:
    server.decide = lambda number, request: Answer(status, HALF) if number == 1 else Answer()
    done = ready.run(*SEND)
    assert done.code in (0, 3, 4), done.err
    assert done.json["totals"]["accepted"] >= 39
    shown = ready.run("status", "--env", "test", "--messages", "--format", "json")
    assert shown.code == 0
    assert len(shown.json["messages"]) == 40
    assert ready.run("status", "--env", "test", "--messages").code == 0


def odd(project_dir: ProjectDir, name: bytes, text: str = "") -> str:
    path = os.fsencode(project_dir.folder) + b"/" + name
    Path(os.fsdecode(path)).write_text(text, encoding="utf-8")
    return os.fsdecode(name)


def test_a_file_whose_name_is_not_utf8_is_named_in_the_document(ready: ProjectDir) -> None:
    done = shell(
        ready, '"$@"', "validate", "hello.yaml", "--recipients", os.fsdecode(b"no\xe9.csv"), "--format", "json"
    )
    assert done.returncode == 1
    [diagnostic] = json.loads(done.stdout)["diagnostics"]
    assert (diagnostic["code"], diagnostic["path"]) == ("file-missing", "no\ufffd.csv")


@pytest.mark.parametrize(
    "command", [("send", "--yes"), pytest.param(("plan",), marks=long), pytest.param(("validate",), marks=long)]
)
def test_a_spec_whose_name_is_not_utf8_is_refused_before_anything_is_sent(
    ready: ProjectDir, server: CountingServer, command: tuple[str, ...]
) -> None:
    name = odd(ready, b"h\xe9.yaml", (ready.folder / "hello.yaml").read_text())
    done = shell(ready, '"$@"', *command, name, "--env", "test", "--format", "json")
    assert done.returncode == 1, done.stderr
    [diagnostic] = json.loads(done.stdout)["diagnostics"]
    assert diagnostic["code"] == "path-not-utf8"
    assert server.posts == []


def test_a_project_in_a_folder_whose_name_is_not_utf8_sends(ready: ProjectDir, server: CountingServer) -> None:
    folder = Path(os.fsdecode(os.fsencode(ready.folder) + b"/\xe9"))
    folder.mkdir()
    for name in ("sendspec.yaml", "sendspec.lock", ".sendspec", "hello.yaml", "people.csv"):
        (ready.folder / name).rename(folder / name)
    there = ProjectDir(folder)
    there.environ = ready.environ
    done = there.run(*SEND)
    assert done.code == 0, done.err
    assert len(server.taken) == 40
    assert there.run(*SEND).json["skipped"] == {"already-accepted": 40}


def test_a_reason_that_is_not_utf8_is_recorded(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 1 else Answer()
    assert ready.run(*SEND).code == 4
    reason = os.fsdecode(b"case \xff")
    done = shell(ready, '"$@"', "resolve", "hello.yaml", "--env", "test", "--as", "skip", "--reason", reason)
    assert done.returncode == 0, done.stderr
    assert "1 skipped" in ready.run("status", "--env", "test").out


LOST = {
    "full": ('"$@" >/dev/full', b"no space left on device"),
    "closed": ('"$@" >&-', b"bad file descriptor"),
    "left": ('set -o pipefail; "$@" | true', b"the reader went away"),
}


@pytest.mark.parametrize(
    ("refused", "how", "form"),
    all_but(
        [(True, "full", "text")],
        [(refused, how, form) for refused in (False, True) for how in LOST for form in ("text", "json")],
    ),
)
def test_a_send_keeps_its_exit_code_when_its_result_is_lost(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, how: str, form: str, refused: bool
) -> None:
    server.decide = lambda number, request: Answer(422, b"{}") if refused and number == 1 else Answer()
    line, reason = LOST[how]
    done = shell(ready, line, *SENT, "--format", form)
    assert done.returncode == (3 if refused else 0), done.stderr
    assert len(server.posts) == 40
    warning = done.stderr.splitlines()[-1]
    assert warning == b"warning: the result could not be written: " + reason + b"; what was sent is in the ledger"


READING: dict[int, list[tuple[str, ...]]] = {
    0: [
        ("plan", "--format", "json"),
        ("plan",),
        ("status",),
        ("status", "--format", "json"),
        ("report",),
        ("validate",),
    ],
    10: [("plan", "--detailed-exitcode")],
}


@pytest.mark.parametrize("how", all_but(["closed", "left"], LOST))
@pytest.mark.parametrize(
    ("code", "command"), all_but([(0, READING[0][0])], [(code, words) for code in READING for words in READING[code]])
)
def test_a_command_that_only_reads_has_failed_if_its_result_is_lost_but_not_if_its_reader_had_enough(
    ready: ProjectDir, how: str, code: int, command: tuple[str, ...]
) -> None:
    if command[0] in ("status", "report"):
        assert ready.run(*SENT).code == 0
    line, reason = LOST[how]
    done = shell(ready, line, command[0], "hello.yaml", "--env", "test", "--quiet", *command[1:])
    if how == "left":
        assert (done.returncode, done.stderr) == (code, b"")
    else:
        assert done.returncode == 1
        assert done.stderr.startswith(b"sendspec: the result can't be written: %b [result-unwritable]" % reason)
        assert b"warning" not in done.stderr


@pytest.mark.parametrize(
    "command", [("plan", "--help"), pytest.param(("--version",), marks=long), pytest.param((), marks=long)]
)
def test_a_help_text_that_finds_no_room_is_an_error(ready: ProjectDir, command: tuple[str, ...]) -> None:
    done = shell(ready, '"$@" >/dev/full', *command)
    assert (done.returncode, b"[result-unwritable]" in done.stderr) == (1, True)


@pytest.mark.parametrize("how", all_but(["full"], LOST))
def test_a_command_that_changes_something_warns_of_its_lost_result(ready: ProjectDir, how: str) -> None:
    line, reason = LOST[how]
    done = shell(ready, line, "init", "more")
    assert done.returncode == 0
    assert (ready.folder / "more" / "sendspec.yaml").exists()
    warning = b"warning: the result could not be written: " + reason
    assert (warning in done.stderr.splitlines()) == (how != "left")


SILENT = ('"$@" 2>/dev/full', '"$@" 2>&-', '"$@" >/dev/full 2>/dev/full', '"$@" 2> >(true)')


@pytest.mark.parametrize(
    ("line", "env"),
    all_but(
        [(SILENT[1], "nowhere")],
        [(line, env) for line in SILENT for env in ("test", "nowhere")],
    ),
)
def test_what_goes_to_standard_error_changes_no_exit_code(ready: ProjectDir, line: str, env: str) -> None:
    code = {"test": 0, "nowhere": 2}[env]
    assert shell(ready, line, "send", "hello.yaml", "--yes", "--env", env).returncode == code


@pytest.mark.parametrize(
    ("line", "command"),
    all_but([(SILENT[0], "send")], product(SILENT[:2], ["validate", "render", "plan", "send", "status", "reconcile"])),
)
def test_rejected_input_keeps_its_exit_code(ready: ProjectDir, line: str, command: str) -> None:
    ready.write("hello.yaml", "spec: 1\n")
    assert shell(ready, line, command, "hello.yaml", "--env", "test").returncode == 1


LINES = [
    ("render", "hello.yaml", "--env", "test"),
    ("ledger", "export", "--env", "test"),
    ("ledger", "export", "--env", "test", "--as", "csv"),
    ("status", "--env", "test", "--messages", "--format", "csv"),
    ("schema", "message"),
    ("plan", "hello.yaml", "--env", "test", "--format", "markdown"),
    ("validate", "hello.yaml", "--env", "test", "--format", "junit"),
]
FEW_LINES = (LINES[0],)


@pytest.mark.parametrize(
    "command", [pytest.param(words, marks=() if words in FEW_LINES else long) for words in LINES], ids=" ".join
)
def test_lines_that_find_no_room_are_an_error_since_they_are_all_that_was_asked_for(
    ready: ProjectDir, command: tuple[str, ...]
) -> None:
    assert ready.run(*SENT).code == 0
    done = shell(ready, '"$@" >/dev/full', *command)
    assert done.returncode == 1
    assert b"[result-unwritable]" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"warning" not in done.stderr


@pytest.mark.parametrize(
    "command", [pytest.param(words, marks=() if words in FEW_LINES else long) for words in LINES], ids=" ".join
)
def test_lines_whose_reader_has_enough_end_without_a_word(ready: ProjectDir, command: tuple[str, ...]) -> None:
    assert ready.run(*SENT).code == 0
    done = shell(ready, 'set -o pipefail; "$@" | true', *command)
    assert (done.returncode, done.stderr) == (0, b"")


def waiting_in(pipe: int) -> int:
    """How many bytes nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_pipe_that_does_not_wait_gets_everything(ready: ProjectDir, server: CountingServer) -> None:
    """A parent, such as a server in JavaScript, may have made the pipe non-blocking: then a write is refused for now."""
    assert ready.run(*SENT).code == 0
    read, write = os.pipe()
    os.set_blocking(write, False)
    rows = "\n".join(f"+4477009{n:05d},{'x' * 50},A{n}" for n in range(2_000))
    ready.write("many.csv", "phone,first_name,order_id\n" + rows + "\n")
    process = launched(
        ready, *ready.command("render", "hello.yaml", "--env", "test", "--recipients", "many.csv"), stdout=write
    )
    os.close(write)
    until(lambda: waiting_in(read) > 60_000)  # of the 65,536 bytes that it holds
    with os.fdopen(read, "rb") as stream:
        lines = stream.read().splitlines()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert len(lines) == 2_000


class Terminal:
    """A terminal that a command runs in, for what it asks there."""

    def __init__(self, project_dir: ProjectDir, *arguments: str, **environ: str) -> None:
        self._main, other = pty.openpty()
        self.process = subprocess.Popen(
            project_dir.command(*arguments), cwd=project_dir.folder, env={**os.environ, **project_dir.environ, **environ},
            stdin=other, stdout=other, stderr=other,
        )  # fmt: skip
        os.close(other)
        self.said = b""

    def until(self, words: bytes) -> None:
        while words not in self.said:
            self.said += os.read(self._main, 4_096)

    def type(self, words: bytes) -> None:
        os.write(self._main, words)

    def end(self) -> int:
        try:
            while chunk := os.read(self._main, 4_096):
                self.said += chunk
        except OSError:  # the other side was closed
            pass
        os.close(self._main)
        return self.process.wait(timeout=60)


@pytest.mark.parametrize("encoding", all_but(["ascii"], ["ascii", "cp1252", "utf-8"]))
def test_it_asks_and_is_answered_in_every_encoding(ready: ProjectDir, server: CountingServer, encoding: str) -> None:
    terminal = Terminal(ready, "send", "hello.yaml", "--env", "test", PYTHONIOENCODING=encoding, TERM="xterm")
    terminal.until(b"[y/N] ")
    terminal.type(b"\xff\xe9\n")  # no UTF-8, and no answer: it asks again
    terminal.until(b"answer y or n")
    terminal.type(b"y\n")
    assert terminal.end() == 0, terminal.said
    assert len(server.taken) == 40
    assert b"40 accepted" in terminal.said


def test_a_terminal_that_is_gone_does_not_change_what_is_sent(ready: ProjectDir, server: CountingServer) -> None:
    """The window is closed under a command that ignores the hang-up: writing to it fails with EIO from then on."""
    server.decide = lambda number, request: Answer(hang=True, taken=True) if number == 1 else Answer()
    terminal = Terminal(ready, *SENT, TERM="xterm")
    terminal.until(b"accepted")
    os.close(terminal._main)
    server.released.set()
    assert terminal.process.wait(timeout=60) == 4
    assert len(server.posts) == 40


def test_a_document_stays_one_document_with_talk_on_the_same_stream(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(422, b"{}") if number == 1 else Answer()
    done: Any = ready.run(*SEND)
    assert done.code == 3
    assert done.json["totals"]["refused"] == 1
