"""The disk is full, fails, forgets or can't be written: no message goes out that the ledger doesn't know, and none is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from invariants import InvariantCheck, totals_of
from long_rows import all_but, long
from project_dir import SPEC, Answer, CountingServer, ProjectDir, numbers

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")


def traced(project_dir: ProjectDir, *inject: str) -> subprocess.CompletedProcess[str]:
    """A send under strace, which makes system calls fail or be slow."""
    return subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-o", str(project_dir.folder / "trace"), *inject, *project_dir.command(*SEND)],
        cwd=project_dir.folder, env={**os.environ, **project_dir.environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def calls_of(project_dir: ProjectDir, name: str) -> list[str]:
    """The system calls of that name that strace saw, in order."""
    return [line for line in (project_dir.folder / "trace").read_text().splitlines() if f" {name}(" in line]


def filled(folder: Path, leave: int) -> None:
    """Fills the file system but for about `leave` bytes."""
    # unbuffered: closing would write the rest again, and fail where somebody else took some of the room in between
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        left = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - leave
        while left > 0:
            left -= filler.write(bytes(left))


def test_a_disk_that_fills_up_anywhere_stops_the_run_and_keeps_what_is_known(
    ready: ProjectDir, server: CountingServer, small: Path, invariants: InvariantCheck
) -> None:
    ready.write("people.csv", numbers(400))
    codes = []
    for leave in (0, 4_096, 40_960, 270_336, 300_000, 330_000, 360_000, 400_000):
        filled(small, leave)
        done = ready.run(*SEND)
        codes.append(done.code)
        assert done.code in (0, 4, 6), done.err
        if done.code == 6:
            assert "free " in done.err or "check the disk" in done.err
        (small / "filler").unlink()
    assert codes[0] == 6
    assert len(server.posts) > 0
    assert invariants(recipients=400)["accepted"] == 400


@long
def test_a_full_disk_at_the_plan_rolls_it_back_whole_and_says_how_much_room_it_takes(
    ready: ProjectDir, server: CountingServer, small: Path
) -> None:
    ready.write("people.csv", numbers(60_000))
    done = ready.run(*SEND)
    assert done.code == 6
    assert "free about 20 MB" in done.err
    assert server.posts == []
    assert ready.run("status", "--env", "test", "--format", "json").json["totals"]["recipients"] == 0
    assert ready.run("ledger", "check", "--env", "test").code == 0


def test_results_that_find_no_room_are_read_in_by_the_next_start(
    ready: ProjectDir, server: CountingServer, small: Path, invariants: InvariantCheck
) -> None:
    full = []

    def decide(number: int, request: Any) -> Answer:
        if number == 20:
            filled(small, 0)
            full.append(number)
        return Answer()

    server.decide = decide
    ready.write("people.csv", numbers(400))
    done = ready.run(*SEND)
    assert full
    assert done.code == 6, done.err
    assert done.json["error"]["code"] == "ledger-unwritable"
    spilled = (small / "test.db.spill").read_bytes().rstrip(b"\0").count(b'"to":"accepted"')
    assert spilled > 0
    (small / "filler").unlink()
    status = ready.run("status", "--env", "test", "--format", "json").json["totals"]
    posted = len(server.posts)
    server.decide = lambda number, request: Answer()
    again = ready.run(*SEND)
    assert again.code == 0, again.err
    assert again.json["skipped"] == {"already-accepted": posted}
    assert status["accepted"] == posted - spilled
    assert invariants(recipients=400)["accepted"] == 400


@pytest.mark.parametrize("nth", all_but([6], [1, 2, 3, 4, 5, 6, 8, 11]))
def test_after_a_failed_sync_there_is_no_second_one_and_the_run_ends(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck, nth: int
) -> None:
    ready.write("people.csv", numbers(200))
    done = traced(ready, "-y", "-e", "trace=fdatasync,fsync", "-e", f"inject=fdatasync:error=EIO:when={nth}")
    calls = calls_of(ready, "fdatasync") + calls_of(ready, "fsync")
    failed = next(index for index, call in enumerate(calls) if "INJECTED" in call)
    target = calls[failed].partition("<")[2].partition(">")[0]
    assert "Traceback" not in done.stderr
    if target.endswith(".sendspec"):  # SQLite keeps that to itself: the folder is synced once more by the ledger
        assert any("fsync(" in call and f"<{target}>" in call for call in calls[failed + 1 :])
    else:
        assert done.returncode == 6, done.stderr
        assert [call for call in calls[failed + 1 :] if "fdatasync(" in call and f"<{target}>" in call] == []
    assert totals_of(done.stdout)["accepted"] <= len(server.taken)
    totals = invariants(recipients=200)
    assert totals["accepted"] + totals["in_doubt"] == 200


def test_slow_syncs_slow_the_run_and_nothing_else(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    done = traced(ready, "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=30ms")
    assert done.returncode == 0, done.stderr
    assert totals_of(done.stdout)["accepted"] == 40
    assert invariants()["in_doubt"] == 0


@pytest.mark.parametrize("what", all_but(["folder"], ["ledger", "folder", "file system"]))
def test_what_can_not_be_written_is_refused_before_any_request_and_can_still_be_read(
    ready: ProjectDir, server: CountingServer, what: str
) -> None:
    assert ready.run(*SEND).code == 0
    posted = len(server.requests)
    ready.write("people.csv", numbers(50))
    folder = ready.folder / ".sendspec"
    if what == "file system":
        subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    else:
        target = folder if what == "folder" else folder / "test.db"
        target.chmod(0o500 if what == "folder" else 0o400)
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    try:
        done = subprocess.run(
            [*powerless, *ready.command(*SEND)], cwd=ready.folder, env={**os.environ, **ready.environ},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        status = subprocess.run(
            [*powerless, *ready.command("status", "--env", "test", "--format", "json")], cwd=ready.folder,
            env={**os.environ, **ready.environ}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        if what == "file system":
            subprocess.run(["umount", str(folder)], check=True)
        folder.chmod(0o700)
        (folder / "test.db").chmod(0o600)
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert len(server.requests) == posted
    assert status.returncode == 0, status.stderr
    assert totals_of(status.stdout)["accepted"] == 40


def killed_with_a_log(project_dir: ProjectDir, server: CountingServer) -> Path:
    """A ledger whose latest writes are in its log only, as after a kill; returns the log's path."""
    script = """
import os, signal, sys
from sendspec.ledger.sqlite.ledger import SqliteLedger
SqliteLedger.end = lambda ledger, **more: os.kill(os.getpid(), signal.SIGKILL)
from sendspec.cli.main import main
main(sys.argv[1:])
"""
    assert project_dir.run(*SEND, script=script).code == -9
    assert len(server.posts) == 40
    log = project_dir.folder / ".sendspec" / "test.db-wal"
    assert log.stat().st_size > 10_000
    return log


def test_a_log_with_a_torn_end_keeps_what_was_committed_before(
    ready: ProjectDir, server: CountingServer, invariants: InvariantCheck
) -> None:
    log = killed_with_a_log(ready, server)
    with log.open("ab") as file:
        file.write(os.urandom(5_000))
    assert invariants()["accepted"] == 40
    assert len(server.posts) == 40


@pytest.mark.parametrize("damage", ["deleted", "cut", "scribbled over"])
def test_a_log_that_lost_committed_writes_is_seen_and_nothing_is_sent(
    ready: ProjectDir, server: CountingServer, damage: str
) -> None:
    log = killed_with_a_log(ready, server)
    size = log.stat().st_size
    if damage == "deleted":
        log.unlink()
        log.with_name("test.db-shm").unlink(missing_ok=True)
    elif damage == "cut":
        os.truncate(log, size // 2)
    else:
        with log.open("r+b") as file:
            file.seek(size // 3)
            file.write(os.urandom(4_096))
    done = ready.run(*SEND)
    assert done.code == 6, done.err
    assert "ledger-rolled-back" in done.err
    assert "latest" in done.err
    assert len(server.posts) == 40


@pytest.mark.parametrize("content", [b"", b"hello: world\n" * 100])
def test_a_file_that_is_no_ledger_is_never_made_into_one(
    ready: ProjectDir, server: CountingServer, content: bytes
) -> None:
    assert ready.run(*SEND).code == 0
    path = ready.folder / ".sendspec" / "test.db"
    for name in ("test.db-wal", "test.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    path.write_bytes(content)
    for command in (SEND, ("plan", "hello.yaml", "--env", "test"), ("status", "--env", "test")):
        done = ready.run(*command)
        assert done.code == 6, done.err
    assert path.read_bytes() == content
    assert len(server.posts) == 40


def test_a_missing_ledger_is_asked_for_and_not_recreated(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run(*SEND).code == 0
    shutil.rmtree(ready.folder / ".sendspec")
    for _ in range(2):
        done = ready.run(*SEND)
        assert done.code == 6
        assert "restore it from a backup" in done.err
    assert not (ready.folder / ".sendspec" / "test.db").exists()
    assert len(server.posts) == 40


def test_a_copy_of_the_ledger_that_fell_behind_is_seen_by_its_witness(
    ready: ProjectDir, server: CountingServer
) -> None:
    copy = ready.folder.with_name("copy")
    shutil.copytree(ready.folder, copy)
    assert ready.run(*SEND).code == 0
    other = ProjectDir(copy)
    other.environ = ready.environ
    done = other.run(*SEND)
    assert done.code == 6, done.err
    assert len(server.posts) == 40


def test_no_part_of_the_product_opens_the_ledger_beside_sqlite(ready: ProjectDir, server: CountingServer) -> None:
    done = traced(ready, "-e", "trace=openat,open")
    assert done.returncode == 0, done.stderr
    opened = [line for line in calls_of(ready, "openat") if '/test.db"' in line or '/test.db-wal"' in line]
    flags = {line.partition('", ')[2].partition(")")[0] for line in opened}
    assert opened
    assert all("O_NOFOLLOW" in flag for flag in flags), flags  # as SQLite opens them, and nobody else here


def test_a_ledger_that_was_removed_while_it_was_used_stops_the_next_run(
    ready: ProjectDir, server: CountingServer
) -> None:
    ready.write("hello.yaml", SPEC)
    assert ready.run(*SEND).code == 0
    path = ready.folder / ".sendspec" / "test.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.unlink()
    assert ready.run(*SEND).code == 6
    assert len(server.posts) == 40
