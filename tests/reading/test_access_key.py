"""Where a key comes from, what keeps it from being used, and that no text ever holds it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import KeyUnusable
from sendspec.reading.access_key import (
    AccessKey,
    FromCommand,
    FromFile,
    FromVariable,
    KeySource,
    NoKey,
    read_access_key,
    read_secret,
)

KEY = "canary-9f3b1c7e5d2a"


def read(source: KeySource, root: Path, **environ: str) -> str:
    return read_access_key(source, environ, root).authorization("AccessKey")


def refused(source: KeySource, root: Path, **environ: str) -> KeyUnusable:
    with pytest.raises(KeyUnusable) as caught:
        read(source, root, **environ)
    shown = f"{caught.value} {caught.value.problem} {caught.value.fix}"
    assert KEY not in shown
    assert "canary" not in shown
    assert caught.value.__cause__ is None
    assert caught.value.fix[0].islower()
    return caught.value


def key_file(root: Path, content: bytes = KEY.encode(), mode: int = 0o600) -> FromFile:
    path = root / "key.txt"
    path.write_bytes(content)
    path.chmod(mode)
    return FromFile("key.txt")


def printing(code: str) -> FromCommand:
    return FromCommand((sys.executable, "-c", code))


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """This process's descriptor 0, as a command that it starts would have it."""
    before, (reading, writing) = os.dup(0), os.pipe()
    os.write(writing, content)
    os.close(writing)
    os.dup2(reading, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(reading)
        os.close(before)


def test_a_key_comes_from_a_variable(tmp_path: Path) -> None:
    assert read(FromVariable("THE_KEY"), tmp_path, THE_KEY=KEY) == f"AccessKey {KEY}"


def test_the_scheme_stands_before_the_key(tmp_path: Path) -> None:
    key = read_access_key(FromVariable("THE_KEY"), {"THE_KEY": KEY}, tmp_path)
    assert key.authorization("Bearer") == f"Bearer {KEY}"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_key_comes_from_a_file_of_the_project_with_or_without_a_line_end(tmp_path: Path, end: bytes) -> None:
    assert read(key_file(tmp_path, KEY.encode() + end), tmp_path) == f"AccessKey {KEY}"


@pytest.mark.process
def test_a_key_comes_from_what_a_command_prints(tmp_path: Path) -> None:
    assert read(printing(f"print('{KEY}')"), tmp_path) == f"AccessKey {KEY}"


@pytest.mark.process
def test_the_keys_command_runs_in_the_projects_folder_and_is_asked_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "key.txt").write_text(KEY)
    monkeypatch.chdir(elsewhere)
    command = printing("import sys; sys.stdout.write(sys.stdin.read() + open('key.txt').read())")
    with standard_input(b"recipients"):
        assert read(command, project) == f"AccessKey {KEY}"


def test_the_sandbox_needs_none(tmp_path: Path) -> None:
    assert read(NoKey(), tmp_path) == "AccessKey sandbox"


@pytest.mark.parametrize(("environ", "words"), [({}, "THE_KEY is not set"), ({"THE_KEY": ""}, "THE_KEY is empty")])
def test_a_variable_that_holds_nothing_is_named(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    assert words in refused(FromVariable("THE_KEY"), tmp_path, **environ).problem


@pytest.mark.parametrize(
    ("value", "position"),
    [
        (" " + KEY, 1), (KEY + " ", 20), (KEY + "\n", 20), (KEY + "\r", 20), ("canary\tkey", 7), ("canary\x00key", 7),
        ("canary\x1bkey", 7), ("canary\x7f", 7), ("canar\u00ff", 6), ("canary\u2013key", 7), ("canary\udc80key", 7),
        ("\ufeff" + KEY, 1),
    ],
)  # fmt: skip
def test_a_character_that_no_header_can_carry_is_told_by_its_place_alone(
    tmp_path: Path, value: str, position: int
) -> None:
    assert refused(FromVariable("THE_KEY"), tmp_path, THE_KEY=value).problem == (
        f"the access key in THE_KEY has a character that a key can't have, at position {position}"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "key.txt is empty"), (b"\n", "key.txt is empty"), (KEY.encode() + b"\n\n", "at position 20"),
        (b"k" * 4_097, "longer than 4,096"), (b"k" * 5_000 + b"\n", "longer than 4,096"),
        (KEY.encode() + b"\nmore\n", "at position 20"), ("\ufeffkey".encode(), "at position 1"), (b"canary\xff", "at position 7"),
    ],
)  # fmt: skip
def test_what_a_file_holds_besides_one_key_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refused(key_file(tmp_path, content), tmp_path).problem


@pytest.mark.process
def test_the_longest_key_is_read_whole(tmp_path: Path) -> None:
    assert read(key_file(tmp_path, b"k" * 4_096 + b"\r\n"), tmp_path) == f"AccessKey {'k' * 4_096}"
    assert "longer than 4,096" in refused(FromVariable("THE_KEY"), tmp_path, THE_KEY="k" * 4_097).problem
    assert "longer than 4,096" in refused(FromCommand(("printf", "k%.0s", *["x"] * 4_097)), tmp_path).problem


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_file_that_others_may_touch_is_refused_with_what_mends_it(tmp_path: Path, mode: int) -> None:
    refusal = refused(key_file(tmp_path, mode=mode), tmp_path)
    assert f"(mode {mode:03o})" in refusal.problem
    assert refusal.fix == "run: chmod 600 key.txt"


@pytest.mark.process
def test_faults_of_another_secret_name_it_and_no_key(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("x")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "folder").mkdir()
    for source in (
        FromFile("open"), FromFile("none"), FromFile("folder"), FromCommand(("false",)), FromCommand(("./none",)), FromVariable("NONE"),
        FromCommand(("true",)),
    ):  # fmt: skip
        with pytest.raises(KeyUnusable) as told:
            read_secret(source, {}, tmp_path, "ledger's URL")
        assert "URL" in told.value.problem + told.value.fix
        assert "key" not in told.value.problem + told.value.fix


def test_a_link_is_judged_by_the_file_it_leads_to(tmp_path: Path) -> None:
    """In the project, no link is followed; elsewhere the project file names it, and the file behind it has the mode."""
    key_file(tmp_path, mode=0o644)
    project = tmp_path / "project"
    project.mkdir()
    for folder in (tmp_path, project):
        (folder / "link").symlink_to(tmp_path / "key.txt")
    for written in ("../link", str(project / "link")):
        assert f"chmod 600 {written}" in refused(FromFile(written), project).fix
    assert "is a link" in refused(FromFile("link"), project).problem
    (tmp_path / "key.txt").chmod(0o400)
    for written in ("../link", str(project / "link")):
        assert read(FromFile(written), project) == f"AccessKey {KEY}"
    assert "is a link" in refused(FromFile("link"), project).problem


def test_a_file_that_is_not_there_or_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    assert "no such file" in refused(FromFile("nothing.txt"), tmp_path).problem
    (tmp_path / "folder").mkdir(mode=0o700)
    assert "not a regular file" in refused(FromFile("folder"), tmp_path).problem
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a regular file" in refused(FromFile("pipe"), tmp_path).problem


@pytest.mark.process
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"import sys; sys.stderr.write('{KEY}'); sys.exit(3)", "ends with 3"),
        (f"import sys; print('{KEY}'); sys.exit(1)", "ends with 1"),
        ("pass", "prints is empty"),
        (f"print('{KEY}'); print('{KEY}')", "at position 20"),
    ],
)
def test_a_command_that_gives_no_key_is_refused_and_its_words_are_kept_back(
    tmp_path: Path, code: str, words: str
) -> None:
    assert words in refused(printing(code), tmp_path).problem


@pytest.mark.process
def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    command = FromCommand(("sh", "-c", "sleep 300 & echo $! > pid; wait"))
    with pytest.raises(KeyUnusable, match="takes longer than 2 s"):
        read_access_key(command, {}, tmp_path, command_seconds=2)
    child = int((tmp_path / "pid").read_text())
    assert wait_until(lambda: not is_running(child)), f"process {child} still runs"


@pytest.mark.process
def test_a_process_that_a_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    command = FromCommand(("sh", "-c", f"sleep 300 & echo $! > pid; echo {KEY}"))
    assert read(command, tmp_path) == f"AccessKey {KEY}"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Not for one that has ended and that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true: Callable[[], bool]) -> bool:
    for _ in range(200):
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.process
def test_a_command_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "can't be started" in refused(FromCommand(("no-such-command-here",)), tmp_path).problem


def test_a_key_shows_itself_in_no_form() -> None:
    key = AccessKey(KEY)
    for shown in (str(key), repr(key), f"{key}", f"{key:>40}", f"{key!s}", repr([key]), repr({"k": key})):
        assert KEY not in shown
        assert "••••••" in shown
    assert not hasattr(key, "__dict__")


@pytest.mark.process
def test_a_command_is_read_also_when_many_files_are_open(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2_048)), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    try:
        assert read(FromCommand(("echo", KEY)), tmp_path) == f"AccessKey {KEY}"
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
