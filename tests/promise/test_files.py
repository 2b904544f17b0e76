"""Files and folders that aren't as they should be: each has a code and an exit code, and none is called a bug."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from long_rows import all_but, long
from oracles import IN_CI
from processes import SEND
from project_dir import CountingServer, ProjectDir, numbers

PLAN = ("plan", "hello.yaml", "--env", "test")


def rejected(project_dir: ProjectDir, *command: str) -> str:
    """The code of the one diagnostic of a command that ends with 1."""
    done = project_dir.run(*command, "--format", "json")
    assert done.code == 1, done.err
    [diagnostic] = done.json["diagnostics"]
    assert diagnostic["fix"]
    return str(diagnostic["code"])


@pytest.fixture
def full(ready: ProjectDir) -> Iterator[Path]:
    """A folder on a file system that has no room left."""
    folder = ready.folder / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=True)
    try:
        (folder / "old.json").write_text("old")
        with (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                try:
                    filler.write(bytes(4_096))
                except OSError:
                    break
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def unwritable(ready: ProjectDir) -> Iterator[Path]:
    """A folder on a file system that can only be read, where there is a plan already."""
    folder = ready.folder / "unwritable"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=True)
    try:
        (folder / "old.json").write_text("old")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(
    "out",
    [
        "missing/plan.json",
        ".",
        "people.csv/plan.json",
        "/dev/full",
        "/proc/plan.json",
        "x" * 300,
        "loop.json",
        "gone.json",
        os.fsdecode(b"missing/\xff.json"),
        "missing/a\nb.json",
        "",
    ],
)
def test_a_plan_that_has_no_place_is_not_called_a_bug(ready: ProjectDir, out: str) -> None:
    (ready.folder / "loop.json").symlink_to("loop.json")
    (ready.folder / "gone.json").symlink_to("missing/plan.json")
    before = sorted(ready.folder.iterdir())
    assert rejected(ready, *PLAN, "--out", out) == "file-unwritable"
    assert sorted(ready.folder.iterdir()) == before


@pytest.mark.parametrize("name", ["old.json", "new.json"])
def test_a_plan_is_written_whole_or_not_at_all_on_a_full_disk(ready: ProjectDir, full: Path, name: str) -> None:
    before = sorted(full.iterdir())
    assert rejected(ready, *PLAN, "--out", str(full / name)) == "file-unwritable"
    assert (full / "old.json").read_text() == "old"
    assert sorted(full.iterdir()) == before


@pytest.mark.parametrize("name", ["old.json", "new.json"])
def test_a_plan_is_not_written_where_nothing_can_be(ready: ProjectDir, unwritable: Path, name: str) -> None:
    assert rejected(ready, *PLAN, "--out", str(unwritable / name)) == "file-unwritable"
    assert (unwritable / "old.json").read_text() == "old"


def test_that_a_plan_has_no_place_is_said_before_any_row_is_read(ready: ProjectDir) -> None:
    ready.write("people.csv", "phone,first_name,order_id\nnobody,Ann,A1\n")
    assert rejected(ready, *PLAN, "--out", "missing/plan.json") == "file-unwritable"


def test_a_shorter_plan_below_dev_leaves_nothing_of_a_longer_one(ready: ProjectDir) -> None:
    if not Path("/dev/shm").is_dir():
        (pytest.fail if IN_CI else pytest.skip)("this machine has no /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        plan = Path(folder) / "plan.json"
        assert ready.run(*PLAN, "--out", str(plan)).code == 0
        ready.write("people.csv", numbers(1))
        assert ready.run(*PLAN, "--out", str(plan)).code == 0
        assert len(json.loads(plan.read_text())["pairs"]) == 1


def test_a_plan_takes_the_place_of_an_older_one_and_keeps_links_and_rights(ready: ProjectDir) -> None:
    old = ready.write("plans/old.json", "")
    old.chmod(0o640)
    (ready.folder / "link.json").symlink_to("plans/old.json")
    assert ready.run(*PLAN, "--out", "link.json").code == 0
    assert (ready.folder / "link.json").is_symlink()
    assert old.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (ready.folder / "plans").iterdir()] == ["old.json"]
    done = ready.run("send", "--plan", "link.json", "--yes")
    assert done.code == 0, done.err


def test_a_plan_can_go_to_a_pipe(ready: ProjectDir) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" --out >(cat >&2) -q; wait $!', "bash", *ready.command(*PLAN)],
        cwd=ready.folder, env={**os.environ, **ready.environ}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr)["schema"] == "sendspec.plan/1"


def test_a_device_is_written_to_and_not_replaced(ready: ProjectDir) -> None:
    assert ready.run(*PLAN, "--out", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("where", ["/proc/x", "a-file/x", "x" * 300])
def test_a_project_that_has_no_place_is_not_called_a_bug(project_dir: ProjectDir, where: str) -> None:
    project_dir.write("a-file", "")
    assert rejected(project_dir, "init", where) == "file-unwritable"


@pytest.mark.parametrize("in_the_way", ["specs", "data", "schemas", ".github", ".sendspec"])
def test_a_project_is_scaffolded_whole_or_not_at_all(project_dir: ProjectDir, in_the_way: str) -> None:
    project_dir.write(in_the_way, "")
    assert rejected(project_dir, "init") == "file-unwritable"
    assert [path.name for path in project_dir.folder.rglob("*") if path.is_file()] == [in_the_way]
    (project_dir.folder / in_the_way).unlink()
    assert project_dir.run("init").code == 0
    assert project_dir.run("send", "specs/hello.yaml", "--yes").code == 0


def test_a_project_is_not_scaffolded_where_nothing_can_be_written(ready: ProjectDir, unwritable: Path) -> None:
    assert rejected(ready, "init", str(unwritable)) == "file-unwritable"
    assert rejected(ready, "init", str(unwritable / "below")) == "file-unwritable"


def test_names_with_line_ends_and_half_characters_make_a_project(project_dir: ProjectDir) -> None:
    for name in ("a\nb", os.fsdecode(b"a\xff"), "a b"):
        done = project_dir.run("init", name, "--format", "json")
        assert done.code == 0, done.err
        assert len(done.json["files"]) == 7
        assert "a\nb/" not in done.err
        assert project_dir.run("send", f"{name}/specs/hello.yaml", "--yes").code == (1 if "\udcff" in name else 0)


EVERY = [
    ("validate", "hello.yaml"), ("render", "hello.yaml"), ("test", "hello.yaml"), ("plan", "hello.yaml"),
    ("send", "hello.yaml", "--yes"), ("status",), ("reconcile",),
    ("resolve", "hello.yaml", "--as", "skip", "--reason", "x"),
    ("ledger", "init"), ("ledger", "check"), ("ledger", "export"), ("ledger", "purge", "--older-than", "9d"),
    ("doctor",), ("sandbox", "--port", "0"),
]  # fmt: skip


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_a_file_in_the_place_of_the_ledgers_folder_is_ledger_trouble(
    ready: ProjectDir, command: tuple[str, ...]
) -> None:
    """The sandbox's identity lies in that folder, so every command that has an environment needs it."""
    (ready.folder / ".sendspec").rename(ready.folder / "moved")
    ready.write(".sendspec", "")
    done = ready.run(*command)
    assert done.code == 6, done.err
    assert "[ledger-unwritable]" in done.err
    assert "git checkout" not in done.err


@pytest.mark.parametrize("what", ["folder", "text"])
@pytest.mark.parametrize("command", [("send", "hello.yaml", "--yes"), ("sandbox", "--port", "0")], ids=" ".join)
def test_something_else_in_the_place_of_the_sandboxs_messages_is_told(
    ready: ProjectDir, command: tuple[str, ...], what: str
) -> None:
    place = ready.folder / ".sendspec" / "sandbox-api.db"
    if what == "folder":
        place.mkdir()
    else:
        place.write_text("no database, and longer than a header of one would be" * 40)
    done = ready.run(*command, "--format", "json")
    assert done.code == 6, done.err
    assert "[sandbox-unwritable]" in done.err
    assert done.json["error"]["code"] == "sandbox-unwritable"


def test_a_taken_port_is_named_with_the_way_out(ready: ProjectDir) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = ready.run("sandbox", "--port", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "address already in use" in done.err
    assert "--port 0 takes a free one" in done.err


REMOVED = [("status",), ("plan", "hello.yaml"), ("plan", "/hello.yaml"), ("init", "x")]


@pytest.mark.parametrize(
    "command", [pytest.param(each, marks=[long] if each != REMOVED[1] else []) for each in REMOVED]
)
def test_a_working_directory_that_was_removed_is_told(ready: ProjectDir, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["bash", "-c", 'mkdir gone && cd gone && rmdir ../gone && "$@"', "bash", *ready.command(*command)],
        cwd=ready.folder, env={**os.environ, **ready.environ}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "[folder-gone]" in done.stderr or "[file-missing]" in done.stderr or "[file-unwritable]" in done.stderr


@pytest.mark.parametrize("name", all_but(["HOME"], ["HOME", "TMPDIR", "XDG_CONFIG_HOME"]))
def test_a_folder_that_a_variable_names_may_be_missing(ready: ProjectDir, server: CountingServer, name: str) -> None:
    ready.environ[name] = "/nowhere/at/all"
    assert ready.run(*SEND).code == 0
    people = (ready.folder / "people.csv").read_text()
    assert ready.run("plan", "hello.yaml", "--env", "test", "--recipients", "-", stdin=people).code == 0
    assert len(server.taken) == 40


@pytest.mark.parametrize("command", ["validate", "render", "plan", "send"])
def test_recipients_that_are_a_folder_are_told(ready: ProjectDir, command: str) -> None:
    (ready.folder / "data").mkdir()
    assert rejected(ready, command, "hello.yaml", "--env", "test", "--recipients", "data") == "not-a-file"


@pytest.mark.parametrize("command", all_but(["send"], ["validate", "plan", "send"]))
def test_a_closed_standard_input_is_an_empty_one(ready: ProjectDir, command: str) -> None:
    line = ready.command(command, "hello.yaml", "--env", "test", "--recipients", "-")
    done = subprocess.run(
        ["bash", "-c", '"$@" <&-', "bash", *line],
        cwd=ready.folder, env={**os.environ, **ready.environ}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "[no-rows]" in done.stderr


@pytest.mark.parametrize("name", ["people.csv", "hello.yaml", "sendspec.yaml", "sendspec.lock", ".sendspec/test.db"])
def test_a_plan_takes_no_other_files_place(ready: ProjectDir, name: str) -> None:
    before = (ready.folder / name).read_bytes()
    assert rejected(ready, *PLAN, "--out", name) == "file-unwritable"
    assert (ready.folder / name).read_bytes() == before


def test_a_plan_with_a_key_twice_was_changed(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run(*PLAN, "--out", "plan.json").code == 0
    plan = (ready.folder / "plan.json").read_text()
    ready.write("plan.json", plan.replace("{", '{"environment": "sandbox",', 1))
    done = ready.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, [])
    assert "a key is in it twice" in done.err


def test_a_ledger_is_made_whole_or_not_at_all_however_little_room_there_is(
    project: ProjectDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    codes = []
    for size in range(60, 152, 8):
        project_dir = ProjectDir(tmp_path_factory.mktemp("small"))
        project_dir.environ = project.environ
        project_dir.write("sendspec.yaml", (project.folder / "sendspec.yaml").read_text())
        folder = project_dir.folder / ".sendspec"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=700", "none", str(folder)], check=True)
        try:
            made = project_dir.run("ledger", "init", "--env", "test", "--empty")
            codes.append(made.code)
            assert (project_dir.folder / "sendspec.lock").exists() == (made.code == 0), made.err
            if made.code == 0:
                assert project_dir.run("ledger", "check", "--env", "test").code == 0
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    assert set(codes) == {0, 6}
