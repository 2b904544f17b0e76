"""`report --html`: a private page beside what is printed, whatever became of the send."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but
from processes import started, until
from project_dir import SPEC, Answer, CountingServer, ProjectDir, Request, numbers
from read_report import ReportRead
from sendspec.reading.schema.validator import load_schema

TEST = ("--env", "test")
REPORT = ("report", "hello", "--html", "report.html", *TEST)
REFUSED = b'{"code": "InvalidPayload", "message": "</script> no mobile number \\u202e"}'


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    project.write("hello.yaml", SPEC.replace("recipients: {", "recipients: {key: '{{ order_id }}', "))
    project.write("people.csv", numbers(30).replace("+4477009", "+316123", 5))
    return project


def sent(project: ProjectDir) -> None:
    assert project.run("send", "hello.yaml", "--yes", *TEST).code in (0, 3)


def page(project: ProjectDir) -> ReportRead:
    return ReportRead((project.folder / "report.html").read_text("utf-8"))


def same(page: ReportRead, document: Any) -> None:
    assert load_schema("report").problems(document) == []
    assert page.data == document
    for name, count in document["totals"].items():
        assert page.figures[name.replace("_", " ")][0] == str(count)
    assert len(page.rows("rows")) == document["recipients"]["listed"]


@pytest.mark.parametrize("form", all_but(["json"], ["json", "text", "markdown"]))
def test_a_private_page_is_written_beside_what_is_printed(ready: ProjectDir, server: CountingServer, form: str) -> None:
    server.decide = lambda number, request: Answer(422, REFUSED) if number % 10 == 3 else Answer()
    sent(ready)
    alone = ready.run("report", "hello", *TEST, "--format", form)
    done = ready.run(*REPORT, "--format", form)
    assert (done.code, done.out) == (0, alone.out)
    assert "the page is report.html, which only you can read\n" in done.err
    assert form != "text" or done.err.endswith("next: sendspec status hello.yaml --failed --env test\n      sendspec send hello.yaml --retry refused --env test\n      sendspec wait hello.yaml --env test\n")  # fmt: skip
    assert (ready.folder / "report.html").stat().st_mode & 0o777 == 0o600
    found = page(ready)
    assert "27 of 30 messages were accepted; 3 were refused." in found.text
    assert not re.search(r"\+?(4477009|316123)\d", found.html)
    assert {row[3] for row in found.rows("rows")} == {"GB", "NL"}
    if form == "json":
        same(found, done.json)
        assert done.json["totals"]["accepted"] == len(server.taken)


def test_with_ci_set_nobody_is_named(ready: ProjectDir) -> None:
    sent(ready)
    assert ready.run(*REPORT, "-q").code == 0
    assert "order_id A29" in page(ready).text
    ready.environ["CI"] = "true"
    assert ready.run(*REPORT, "-q").code == 0
    assert not re.search("A29|Person", page(ready).html)


def test_only_an_earlier_page_is_replaced(ready: ProjectDir) -> None:
    sent(ready)
    for name, said in (
        ("people.csv", "no page that sendspec made"),
        ("nowhere/report.html", "no folder"),
        (".sendspec/test.db", "sendspec"),
    ):
        before = (ready.folder / name).read_bytes() if (ready.folder / name).exists() else None
        done = ready.run("report", "hello", "--html", name, *TEST)
        assert (done.code != 0, said in done.err) == (True, True), done.err
        assert done.out == ""
        assert before is None or (ready.folder / name).read_bytes() == before
    done = ready.run("report", "hello", "--html", "x.html", "--rows", "./x.html", *TEST)
    assert (done.code, "name one file" in done.err) == (2, True)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_takes_the_page_alone(ready: ProjectDir, form: str) -> None:
    sent(ready)
    done = ready.run("report", "hello", "--html", "/dev/full", *TEST, "--format", form)
    assert (done.code, "no space left on device" in done.err) == (1, True)
    assert done.out == ready.run("report", "hello", *TEST, "--format", form).out


def test_a_send_that_was_never_made_has_a_page(ready: ProjectDir) -> None:
    done = ready.run(*REPORT, "--format", "json")
    assert done.code == 0
    same(page(ready), done.json) if done.json["recipients"]["listed"] else None
    assert "It was never sent." in page(ready).text


@pytest.mark.long  # tests/cli/test_report.py has it without the page
@pytest.mark.process
def test_three_runs_two_of_them_killed_are_one_send(ready: ProjectDir, server: CountingServer) -> None:
    """What it tells is what the server has taken; a page made while a run sends says so."""
    spec = ready.folder / "sendspec.yaml"
    spec.write_text(spec.read_text().replace("timeout: 2", "timeout: 30, concurrency: 4"))
    for killed, stop in enumerate((6, 14)):
        hang_after(server, stop)
        sending = started(ready)
        until(lambda wanted=stop: len(server.posts) >= wanted + 4)  # type: ignore[misc]
        ready.run(*REPORT)
        assert "a run is sending" in page(ready).text
        assert page(ready).figures["in doubt"] == [str(4 * killed)]
        assert f"{4 * killed} in doubt + 4 under way" in page(ready).text
        sending.send_signal(signal.SIGKILL)
        sending.communicate(timeout=30)
    server.decide = lambda number, request: Answer(422, REFUSED) if number % 5 == 0 else Answer()
    ready.run("send", "hello.yaml", "--yes", *TEST)
    done = ready.run(*REPORT, "--format", "json")
    found = page(ready)
    same(found, done.json)
    totals = done.json["totals"]
    assert totals["recipients"] == 30
    assert totals["accepted"] == len(server.taken)
    assert [row[3].split(":")[0] for row in found.rows("run-table")] == ["no end is noted", "no end is noted", "finished"]  # fmt: skip
    assert len(found.rows("doubts-table")) == len(done.json["doubts"])


def hang_after(server: CountingServer, count: int) -> None:
    """The next requests are answered; those after the `count`th of all are kept waiting."""

    def decide(number: int, request: Request) -> Answer:
        return Answer(hang=True) if number > count else Answer()

    server.decide = decide


def test_help_has_an_example(ready: ProjectDir) -> None:
    assert "sendspec report welcome --html report.html" in ready.run("report", "--help").out
    assert Path(ready.folder / "report.html").exists() is False
