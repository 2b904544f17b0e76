"""A later pass over a job's rows says so when it finds an error that the first pass did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.exceptions import CopyDiffers
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.project_context import open_context
from sendspec.operations.send_job import Job
from sendspec.operations.system import real_system

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}"}}
"""
PEOPLE = "phone,name\n" + "".join(f"+4477009{n:05d},Ann\n" for n in range(600))


def job_in(folder: Path, *, frozen: bool) -> Job:
    (folder / "hello.yaml").write_text(SPEC)
    (folder / "people.csv").write_text(PEOPLE)
    spec, problems = str(folder / "hello.yaml"), Problems()
    workspace = open_context((spec,), "sandbox", problems, real_system("test"))
    assert workspace is not None
    (job,) = read_jobs((spec,), workspace, None, problems, frozen=frozen)
    assert len(list(job.composed(problems))) == 600
    assert not list(problems)
    return job


@pytest.mark.parametrize(
    ("changed", "error", "rows_before"),
    [
        (PEOPLE.replace("+447700900400,Ann", "+447700900400,"), "hello.yaml", 400),
        (PEOPLE.replace("+447700900400", "+44770090040x"), "people.csv", 400),
        (PEOPLE + "+447700999999,Late\n", "people.csv:1 .* changed while it was read", 601),
    ],
    ids=["another error", "no number", "another file"],
)
def test_an_error_of_a_later_pass_is_raised_before_the_next_row(
    tmp_path: Path, changed: str, error: str, rows_before: int
) -> None:
    job = job_in(tmp_path, frozen=False)
    (tmp_path / "people.csv").write_text(changed)
    rows: list[Any] = []
    with pytest.raises(CopyDiffers, match=error) as caught:
        rows.extend(job.composed_again())
    assert caught.value.exit_code == 6
    assert len(rows) <= rows_before


def test_a_frozen_table_gives_the_same_rows_again(tmp_path: Path) -> None:
    job = job_in(tmp_path, frozen=True)
    before = [item.body for item in job.composed(Problems()) if isinstance(item, Message)]
    (tmp_path / "people.csv").write_text("nothing of a table")
    assert [item.body for item in job.composed_again() if isinstance(item, Message)] == before


def test_problems_know_their_first_error(tmp_path: Path) -> None:
    job, problems = job_in(tmp_path, frozen=True), Problems()
    document = job.spec.document
    problems.add(document.diagnostic(("name",), code="a", problem="b", fix="c", severity=Severity.WARNING))
    assert (problems.has_errors, problems.first_error) == (False, None)
    problems.add_row("x", 3, lambda: document.diagnostic(("name",), code="d", problem="e", fix="f"))
    problems.add(document.diagnostic(("name",), code="g", problem="h", fix="i"))
    first = problems.first_error
    assert problems.has_errors
    assert first is not None
    assert first.code == "d"
