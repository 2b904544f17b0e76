"""The records of a plan between the plan and the ledger: they come back as they were, or not at all."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from project_dir import ProjectDir
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import CopyUnreadable, NoRoomForCopy
from sendspec.ledger.record import PlannedRecord
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.record_spool import RecordSpool
from sendspec.operations.send_job import Job
from sendspec.operations.sendable import planned_record
from sendspec.operations.shape_mark import ShapeMarks
from sendspec.operations.system import real_system

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}"}}
"""
TIMES, MOST_HELD = 5, 20_000
"""Blocks of some 9 KB: three are in the file, and the last two in memory."""


@pytest.fixture
def job(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> Job:
    project.write("people.csv", "phone,name\n" + "".join(f"+4477009{n:05d},Zoë{n % 3 * '😀'}\n" for n in range(90)))
    project.write("hello.yaml", SPEC)
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    _, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, Problems(), real_system("test"))
    return jobs[0]


@pytest.fixture
def messages(job: Job) -> list[Message]:
    return [item for item in job.composed(Problems()) if isinstance(item, Message)]


def filled(folder: Path, job: Job, messages: list[Message]) -> RecordSpool:
    spool = RecordSpool(folder, MOST_HELD)
    for _ in range(TIMES):
        spool.add_messages(messages, job.record_part)
    return spool


def records_of(spool: RecordSpool, job: Job) -> list[PlannedRecord]:
    return list(chain.from_iterable(spool.blocks(ShapeMarks(job))))


def test_records_come_back_in_order_from_the_file_and_from_memory(
    tmp_path: Path, job: Job, messages: list[Message]
) -> None:
    marks = ShapeMarks(job)
    records = [planned_record(job, each, marks.of(each)) for each in messages]
    spool = filled(tmp_path, job, messages)
    for _ in range(2):  # a retry reads them twice
        assert records_of(spool, job) == records * TIMES


def open_files() -> Iterator[tuple[int, str]]:
    for each in Path("/proc/self/fd").iterdir():
        try:
            yield int(each.name), str(each.readlink())
        except OSError:  # the listing's own descriptor
            continue


def descriptor_in(folder: Path) -> int:
    return next(number for number, name in open_files() if name.startswith(str(folder / ".sendspec")))


def test_the_file_is_private_and_has_no_name(tmp_path: Path, job: Job, messages: list[Message]) -> None:
    spool = filled(tmp_path, job, messages)
    found = os.fstat(descriptor_in(tmp_path))
    assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o600, 0)
    assert found.st_size > MOST_HELD
    assert list((tmp_path / ".sendspec" / "tmp").iterdir()) == []
    spool.close()
    assert not [name for _, name in open_files() if name.startswith(str(tmp_path / ".sendspec"))]


def test_a_short_plan_needs_no_file(tmp_path: Path, job: Job, messages: list[Message]) -> None:
    spool = RecordSpool(tmp_path)
    spool.add_messages(messages, job.record_part)
    assert len(records_of(spool, job)) == len(messages)
    assert not (tmp_path / ".sendspec" / "tmp").exists()


@pytest.mark.parametrize("harm", ["changed", "cut"])
def test_other_bytes_than_were_written_are_refused(
    tmp_path: Path, job: Job, messages: list[Message], harm: str
) -> None:
    spool = filled(tmp_path, job, messages)
    number = descriptor_in(tmp_path)
    if harm == "cut":
        os.ftruncate(number, MOST_HELD // 2)
    else:
        byte = os.pread(number, 1, MOST_HELD // 2)
        os.pwrite(number, bytes([byte[0] ^ 1]), MOST_HELD // 2)
    with pytest.raises(CopyUnreadable, match=r"records of the plan in \.sendspec/tmp can't be read"):
        records_of(spool, job)


def test_no_room_names_the_size(tmp_path: Path, job: Job, messages: list[Message]) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_HELD // 2, usual[1]))
    try:
        with pytest.raises(NoRoomForCopy, match=r"need more than \d\d \d\d\d bytes under \.sendspec/tmp"):
            filled(tmp_path, job, messages)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
