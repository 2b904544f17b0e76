"""Files that a CI service gives to a job: what is appended is there whole or not at all, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sendspec.operations.job_file import MAX_SUMMARY_BYTES, append_to_job_file


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n", encoding="utf-8")
    assert append_to_job_file(str(file), "ä\n".encode()) is None
    assert file.read_text(encoding="utf-8") == "before\nä\n"


def test_what_is_added_begins_a_line(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("a=b", encoding="utf-8")
    assert append_to_job_file(str(file), b"c=d\n") is None
    assert file.read_text(encoding="utf-8") == "a=b\nc=d\n"
    file.write_bytes(b"x" * 9)
    assert append_to_job_file(str(file), b"y", most=10) == "it has 9 bytes already, and may have 10"
    assert file.read_bytes() == b"x" * 9


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("missing", "no such file or directory"),
        ("folder", "is a directory"),
        ("link", "it is a link"),
        ("broken link", "it is a link"),
        ("pipe", "it is no file"),
        ("\0", "its path can't be one"),
        ("x" * 5_000, "file name too long"),
    ],
)
def test_what_is_no_file_of_the_service_is_left_alone(tmp_path: Path, kind: str, why: str) -> None:
    target, path = tmp_path / "target", tmp_path / kind
    target.write_text("mine", encoding="utf-8")
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(target)
        case "broken link":
            path.symlink_to(tmp_path / "nowhere")
        case "pipe":
            os.mkfifo(path)
    before = sorted(tmp_path.iterdir())
    assert append_to_job_file(str(path), b"x") == why
    assert target.read_text(encoding="utf-8") == "mine"
    assert sorted(tmp_path.iterdir()) == before


def test_a_pipe_that_somebody_reads_is_no_file_either(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert append_to_job_file(str(path), b"x") == "it is no file"
        assert os.read(reader, 9) == b""
    finally:
        os.close(reader)


@pytest.mark.parametrize(("there", "added"), [(MAX_SUMMARY_BYTES - 9, 10), (0, MAX_SUMMARY_BYTES + 1), (2_000_000, 1)])
def test_a_summary_that_the_service_would_drop_is_not_made(tmp_path: Path, there: int, added: int) -> None:
    file = tmp_path / "summary"
    file.write_bytes((b"x" * there)[:-1] + b"\n" * (there > 0))
    assert append_to_job_file(str(file), b"y" * added) == f"it has {there:,} bytes already, and may have 1,000,000"
    assert file.stat().st_size == there
    if there < MAX_SUMMARY_BYTES:
        assert append_to_job_file(str(file), b"y" * (added - 1)) is None


def test_what_can_not_be_written_whole_is_taken_back(tmp_path: Path) -> None:
    import resource
    import signal

    file = tmp_path / "summary"
    file.write_bytes(b"before\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        assert append_to_job_file(str(file), b"y" * 5_000) == "file too large"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert file.read_bytes() == b"before\n"
