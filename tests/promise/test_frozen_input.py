"""A send reads its input once: what is confirmed, planned and sent comes from one private copy, whatever becomes of the files."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but
from project_dir import SPEC, Answer, CountingServer, ProjectDir, Request, numbers

EDITS = {
    "other texts": "s = s.replace('Person', 'Nobody')",
    "more people": "s += ''.join(f'+4477008{n:05d},Late {n},B{n}\\n' for n in range(75))",
    "other numbers": "s = s.replace('+44770090', '+44770080')",
    "fewer people": "s = s[: len(s) // 2].rpartition('\\n')[0] + '\\n'",
    "no table": "s = 'nothing of a table'",
}
BIG = 2_500
"""People of a table that is larger than what is read at once."""


def edit(project_dir: ProjectDir, change: str, table: str = "people.csv") -> str:
    """A shell command that changes the table in place and then gives the access key."""
    script = project_dir.write(
        "edit.py",
        f"import pathlib\np = pathlib.Path({str(project_dir.folder / table)!r})\ns = p.read_text()\n{change}\n"
        "f = p.open('r+')\nf.write(s)\nf.truncate()\nf.close()\n",
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} && echo $TEST_KEY"


def edit_between_answer_and_send(project_dir: ProjectDir, change: str, table: str = "people.csv") -> None:
    """The key is asked for after the plan was confirmed, and before anything is written."""
    command = json.dumps(["sh", "-c", edit(project_dir, change, table)])
    text = (project_dir.folder / "sendspec.yaml").read_text()
    project_dir.write("sendspec.yaml", text.replace("{env: TEST_KEY}", f"{{command: {command}}}"))


def send(project_dir: ProjectDir, *more: str, stdin: str | None = None) -> Any:
    return project_dir.run(
        "send", *(more or ("hello.yaml",)), "--env", "test", "--yes", "--format", "json", stdin=stdin
    )


def texts(server: CountingServer) -> list[tuple[str, str]]:
    """Whom something was sent to, and what."""
    return sorted(
        (post.json["receiver"]["contacts"][0]["identifierValue"], post.json["body"]["text"]["text"])
        for post in server.posts
    )


def planned_texts(count: int, start: int = 0) -> list[tuple[str, str]]:
    return sorted(
        (f"+4477009{n:05d}", f"Hi Person {n}, order A{n} is on its way.") for n in range(start, start + count)
    )


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    """A project with a spec and five people."""
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(5))
    return project


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_what_was_confirmed_is_sent_whatever_the_table_says_by_then(
    ready: ProjectDir, server: CountingServer, change: str
) -> None:
    edit_between_answer_and_send(ready, change)
    before = (ready.folder / "people.csv").read_text()
    done = send(ready)
    assert (ready.folder / "people.csv").read_text() != before
    assert done.code == 0, done.err
    assert texts(server) == planned_texts(5)
    assert done.json["totals"] | {"recipients": 5, "accepted": 5} == done.json["totals"]
    assert "changed" not in done.err


def test_a_table_that_is_gone_by_then_is_no_trouble(ready: ProjectDir, server: CountingServer) -> None:
    edit_between_answer_and_send(ready, "p.unlink()")
    (ready.folder / "edit.py").write_text(
        f"import pathlib\npathlib.Path({str(ready.folder / 'people.csv')!r}).unlink()\n"
    )
    done = send(ready)
    assert done.code == 0, done.err
    assert not (ready.folder / "people.csv").exists()
    assert texts(server) == planned_texts(5)


def test_a_limit_holds_for_what_is_sent(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("hello.yaml", SPEC + "limits: {messages: 5}\n")
    edit_between_answer_and_send(ready, EDITS["more people"])
    done = send(ready)
    assert done.code == 0, done.err
    assert len(server.posts) == 5


@pytest.mark.parametrize("change", ["other texts", "more people"])
def test_a_plan_file_sends_what_was_approved(ready: ProjectDir, server: CountingServer, change: str) -> None:
    ready.write("people.csv", numbers(20))
    edit_between_answer_and_send(ready, EDITS[change])
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    done = send(ready, "--plan", "plan.json")
    assert done.code == 0, done.err
    assert texts(server) == planned_texts(20)


def test_an_older_doubt_is_looked_up_without_reading_the_table_again(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(3))
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 1 else Answer()
    assert send(ready).code == 4
    server.decide = lambda number, request: Answer()
    server.requests.clear()
    ready.write("people.csv", numbers(5))
    edit_between_answer_and_send(ready, EDITS["more people"])
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    done = send(ready, "--plan", "plan.json")
    assert done.code == 4, done.err
    assert texts(server) == planned_texts(2, start=3)


@pytest.mark.parametrize("name", ["people.tsv", "people.jsonl"])
def test_tables_of_every_kind_are_copied(ready: ProjectDir, server: CountingServer, name: str) -> None:
    rows = [line.split(",") for line in numbers(5).splitlines()]
    if name.endswith(".tsv"):
        ready.write(name, "".join("\t".join(row) + "\n" for row in rows))
    else:
        ready.write(name, "".join(json.dumps(dict(zip(rows[0], row, strict=True))) + "\n" for row in rows[1:]))
    edit_between_answer_and_send(ready, EDITS["other texts"], name)
    done = send(ready, "hello.yaml", "--recipients", name)
    assert done.code == 0, done.err
    assert "Nobody" in (ready.folder / name).read_text()
    assert texts(server) == planned_texts(5)


def test_standard_input_is_copied_as_well(ready: ProjectDir, server: CountingServer) -> None:
    done = send(ready, "hello.yaml", "--recipients", "-", stdin=numbers(BIG))
    assert done.code == 0, done.err
    assert texts(server) == planned_texts(BIG)


def in_place(path: Path, before: str, after: str) -> None:
    """Changes a file without a change of its size."""
    content = path.read_text()
    assert len(before) == len(after)
    with path.open("r+") as file:
        file.write(content.replace(before, after))


def test_rows_that_are_edited_in_the_middle_go_out_as_they_were(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(BIG))

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            in_place(ready.folder / "people.csv", "+44770090", "+44770080")
        return Answer()

    server.decide = decide
    done = send(ready)
    assert done.code == 0, done.err
    assert "+44770080" in (ready.folder / "people.csv").read_text()
    assert texts(server) == planned_texts(BIG)


def test_the_second_specs_table_is_copied_before_the_first_is_sent(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("other.yaml", SPEC.replace("hello", "other").replace("people.csv", "others.csv"))
    ready.write("others.csv", numbers(30, start=100))

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            in_place(ready.folder / "others.csv", "Person", "Nobody")
        return Answer()

    server.decide = decide
    done = send(ready, "hello.yaml", "other.yaml")
    assert done.code == 0, done.err
    assert texts(server) == sorted([*planned_texts(5), *planned_texts(30, start=100)])


def private(project_dir: ProjectDir) -> Path:
    return project_dir.folder / ".sendspec" / "tmp"


def test_the_copy_lies_in_the_projects_private_folder_and_nothing_is_left_of_it(
    ready: ProjectDir, server: CountingServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    before = elsewhere.stat().st_mtime_ns
    ready.environ["TMPDIR"] = str(elsewhere)
    seen: list[list[str]] = []

    def decide(number: int, request: Request) -> Answer:
        seen.append([path.name for path in private(ready).iterdir()])
        return Answer()

    server.decide = decide
    assert send(ready, "hello.yaml", "--recipients", "-", stdin=numbers(5)).code == 0
    assert seen == [[]] * 5
    assert stat.S_IMODE(private(ready).stat().st_mode) == 0o700
    assert elsewhere.stat().st_mtime_ns == before


def test_the_private_folder_is_ignored_by_git_where_it_is_made(project_dir: ProjectDir) -> None:
    project_dir.write("hello.yaml", SPEC.replace("people.csv", '"-"'))
    assert project_dir.run("validate", "hello.yaml", stdin=numbers(2)).code == 0
    assert (project_dir.folder / ".sendspec" / ".gitignore").read_text() == "*\n"
    subprocess.run(["git", "init", "-q", str(project_dir.folder)], check=True)
    untracked = subprocess.run(
        ["git", "-C", str(project_dir.folder), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    assert untracked == "?? hello.yaml\n"


def test_others_can_not_look_into_a_folder_that_was_open_to_them(ready: ProjectDir) -> None:
    private(ready).mkdir(mode=0o777)
    private(ready).chmod(0o777)
    assert send(ready).code == 0
    assert stat.S_IMODE(private(ready).stat().st_mode) == 0o700


@pytest.mark.parametrize("name", [".sendspec", ".sendspec/tmp"])
@pytest.mark.parametrize("stdin", [None, "phone,first_name,order_id\n+447700900001,Ann,1\n"], ids=["file", "stream"])
def test_a_planted_link_is_refused_and_not_followed(
    ready: ProjectDir, server: CountingServer, tmp_path_factory: pytest.TempPathFactory, name: str, stdin: str | None
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    if name == ".sendspec":
        (ready.folder / name).rename(elsewhere / "real")
        (ready.folder / name).symlink_to(elsewhere / "real")
    else:
        (ready.folder / name).symlink_to(elsewhere)
    arguments = ("hello.yaml",) if stdin is None else ("hello.yaml", "--recipients", "-")
    done = send(ready, *arguments, stdin=stdin)
    assert done.code == 6, done.err
    assert done.json["error"]["code"] == "private-folder"
    assert f"'{name}' is a link" in done.json["error"]["problem"]
    assert server.requests == []
    assert not (elsewhere / "real" / "tmp").exists()
    assert [path.name for path in elsewhere.iterdir()] == (["real"] if name == ".sendspec" else [])


@pytest.mark.parametrize("command", ["plan", "validate", "render"])
def test_a_planted_link_is_refused_by_commands_that_only_read_too(
    ready: ProjectDir, tmp_path_factory: pytest.TempPathFactory, command: str
) -> None:
    private(ready).symlink_to(tmp_path_factory.mktemp("elsewhere"))
    done = ready.run(command, "hello.yaml", "--env", "test", "--recipients", "-", stdin=numbers(2))
    assert done.code == 6
    assert "[private-folder]" in done.err


@pytest.fixture
def read_only(ready: ProjectDir) -> Iterator[ProjectDir]:
    """The project on a file system that can't be written."""
    folder = str(ready.folder)
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    try:
        yield ready
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_where_nothing_can_be_written_commands_that_send_nothing_keep_standard_input_in_memory(
    read_only: ProjectDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    before = elsewhere.stat().st_mtime_ns
    read_only.environ["TMPDIR"] = str(elsewhere)
    checked = read_only.run("validate", "hello.yaml", "--env", "test", "--recipients", "-", stdin=numbers(BIG))
    assert checked.code == 0, checked.err
    assert f"{BIG:,}".replace(",", " ") in checked.out or str(BIG) in checked.out
    rendered = read_only.run("render", "hello.yaml", "--env", "test", "--recipients", "-", stdin=numbers(3))
    assert len(rendered.out.splitlines()) == 3
    assert elsewhere.stat().st_mtime_ns == before
    refused = send(read_only)
    assert (refused.code, refused.json["error"]["code"]) == (6, "private-folder")


@pytest.fixture
def small(ready: ProjectDir) -> Iterator[Path]:
    """The private folder on a file system of its own, of 64 KB."""
    folder = private(ready)
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_without_room_nothing_is_sent_and_the_size_is_told(
    ready: ProjectDir, server: CountingServer, small: Path
) -> None:
    table = numbers(BIG)
    ready.write("people.csv", table)
    done = send(ready)
    assert (done.code, done.json["error"]["code"]) == (6, "no-room-for-copy")
    assert f"{len(table):,} bytes".replace(",", " ") in done.json["error"]["problem"]
    assert done.json["error"]["fix"].startswith("free some space")
    streamed = send(ready, "hello.yaml", "--recipients", "-", stdin=table)
    assert (streamed.code, streamed.json["error"]["code"]) == (6, "no-room-for-copy")
    assert server.requests == []
    assert os.statvfs(small).f_bavail == os.statvfs(small).f_blocks
    ready.write("people.csv", numbers(5))
    assert send(ready).code == 0


FAILING = """
import errno, os, sys
after = int(sys.argv.pop(1))
real = os.pread
def pread(descriptor, most, offset):
    global after
    if os.fstat(descriptor).st_nlink == 0:
        after -= 1
        if after < 0:
            raise OSError(errno.EIO, "broken")
    return real(descriptor, most, offset)
os.pread = pread
from sendspec.cli.main import main
main(sys.argv[1:])
"""
"""The command, on a disk that fails at one of the readings of a file without a name."""


@pytest.mark.parametrize(
    ("processes", "after"),
    all_but([("1", 0), ("2", 3), ("1", 7)], [(processes, after) for processes in ("1", "2") for after in range(8)]),
)
def test_a_disk_that_fails_under_the_copy_is_told_as_that(
    ready: ProjectDir, server: CountingServer, after: int, processes: str
) -> None:
    ready.write("people.csv", numbers(BIG))
    arguments = ("send", "hello.yaml", "--env", "test", "--yes", "--jobs", processes, "--format", "json")
    done = ready.run(str(after), *arguments, script=FAILING)
    assert done.code == 6, done.err
    assert done.json["error"]["code"] == "copy-unreadable"
    assert server.posts == []


def test_what_is_rendered_and_then_changed_is_told(ready: ProjectDir) -> None:
    ready.write("people.csv", numbers(20_000))
    running = subprocess.Popen(
        ready.command("render", "hello.yaml", "--env", "test"),
        cwd=ready.folder, env={**os.environ, **ready.environ}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    running.stdout.readline()  # every row was checked by now, and the second reading waits for us to read on
    in_place(ready.folder / "people.csv", "Person 19999", "Nobody 19999")
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "[file-changed]" in told


@pytest.mark.parametrize(
    "command", [("ledger", "init", "--env", "test"), ("send", "hello.yaml", "--yes"), ("init", "new")]
)
def test_every_command_that_makes_the_projects_private_folder_has_git_ignore_it(
    ready: ProjectDir, command: tuple[str, ...]
) -> None:
    shutil.rmtree(ready.folder / ".sendspec")
    (ready.folder / "sendspec.lock").unlink()
    assert ready.run(*command).code == 0
    top = ready.folder / "new" if "new" in command else ready.folder
    assert (top / ".sendspec" / ".gitignore").read_text() == "*\n"
    assert stat.S_IMODE((top / ".sendspec").stat().st_mode) == 0o700
