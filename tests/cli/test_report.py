"""`report`: how a send went, from the ledger alone, at any time."""

from __future__ import annotations

import json
import re
import stat
import time
from collections import Counter
from typing import Any

import pytest
from json_documents import only
from markdown_pages import assert_inert, rendered
from processes import SEND, holding, started, until
from project_dir import SPEC, Answer, CountingServer, ProjectDir, numbers
from read_report import ReportRead
from sendspec.cli.main import run

PEOPLE, MANY = 60, 160
NO_NUMBER = b'{"code":"InvalidPayload","message":"no such number"}'
TEST = ("--env", "test")
JSON = (*TEST, "--format", "json")


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(PEOPLE))
    path = project.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", f"timeout: {PATIENCE}"))
    return project


PATIENCE = 300
"""Seconds that a send waits for an answer: longer than anything that a test looks at meanwhile takes on a busy machine."""
AT_ONCE = 32
"""Requests that a send has on the wire at most, unless told otherwise."""


def reported(project: ProjectDir, *arguments: str, code: int = 0) -> Any:
    done = project.run("report", *arguments, *JSON)
    assert done.code == code, done.err
    return only(done.out, "report")


def rows_by_state(document: Any) -> Counter[str]:
    return Counter(row["state"] for row in document["recipients"]["rows"])


def kill_after(project: ProjectDir, server: CountingServer, answered: int) -> None:
    """A send that is killed with `kill -9` once so many requests more were answered, with others on the wire."""
    before = len(server.posts)
    server.released.clear()
    server.decide = holding(server, before + answered)
    process = started(project)
    until(lambda: len(server.posts) >= before + answered + AT_ONCE)  # from then on, nothing moves
    during = reported(project, "hello.yaml")
    assert (during["verdict"], during["under_way"]) == ("unfinished", during["totals"]["in_doubt"])
    assert during["doubts"] == []
    running = during["runs"][-1]
    assert running["under_way"] == during["under_way"]
    assert f"run {running['run']} has no end" not in str(during["warnings"])
    assert rows_by_state(during)["sending"] == during["under_way"] > 0
    alone = reported(project, "hello.yaml", "--run", str(running["run"]))
    assert (alone["under_way"], alone["verdict"]) == (during["under_way"], "unfinished")
    assert rows_by_state(alone)["sending"] == during["under_way"]
    said = project.run("report", "hello.yaml", "--html", "during.html", *TEST).out
    assert f"{during['under_way']} under way" in said
    assert "; it is sending; plan" in said
    page = ReportRead((project.folder / "during.html").read_text())
    assert page.figures["in doubt"] == [str(during["totals"]["in_doubt"] - during["under_way"])]
    assert page.rows("run-table")[-1][3] == f"it is sending: {during['under_way']} under way"
    process.kill()
    process.wait(30)
    server.released.set()
    until(
        lambda: len(server.taken) == len(server.posts)
    )  # its list shows what was on the wire, before anybody asks for it


@pytest.mark.process
def test_a_send_that_was_killed_twice_is_reported_as_status_send_and_the_server_have_it(
    ready: ProjectDir, server: CountingServer
) -> None:
    ready.write("people.csv", numbers(MANY))
    kill_after(ready, server, 10)
    dead = reported(ready, "hello.yaml")
    assert (dead["verdict"], dead["under_way"], dead["runs"][0]["ended"]) == ("unfinished", None, None)
    assert "killed" in [each["code"] for each in dead["warnings"]]
    states = rows_by_state(dead)  # those that were on their way are in doubt, before another run says so
    assert {**states} == {"accepted": dead["totals"]["accepted"], "in_doubt": dead["totals"]["in_doubt"], "planned": dead["totals"]["not_sent"]}  # fmt: skip
    ready.run("report", "hello.yaml", "--rows", "rows.jsonl", *TEST)
    assert (
        Counter(json.loads(line)["state"] for line in (ready.folder / "rows.jsonl").read_text().splitlines()) == states
    )
    assert sum(each["count"] for each in dead["doubts"]) == dead["totals"]["in_doubt"] > 0
    kill_after(ready, server, 10)
    third = len(server.posts) + 3
    server.decide = lambda number, request: Answer(422, NO_NUMBER) if number == third else Answer()
    before = time.time()
    sent = json.loads(ready.run(*SEND).out)
    most = time.time() - before + 0.01  # times are noted to the millisecond
    found = reported(ready, "hello.yaml")
    assert found["totals"]["in_doubt"] == 0  # the third send has looked them up

    report = reported(ready, "hello.yaml")
    status = json.loads(ready.run("status", "hello.yaml", *JSON).out)
    [of_status] = status["specs"]
    assert [report[key] for key in ("totals", "skipped", "left")] == [
        status[key] for key in ("totals", "skipped", "left")
    ]
    assert [{key: each[key] for key in of_status["runs"][0]} for each in report["runs"][::-1]] == of_status["runs"]
    first, second, last = report["runs"]
    certain = ("accepted", "refused", "in_doubt")
    assert [last["run"], last["requests"]] == [sent["run"], sent["requests"]]
    assert max(last["seconds"], sent["seconds"]) <= most  # by the wall clock here, by a steady one there
    assert [last["totals"][key] for key in certain] == [sent["totals"][key] for key in certain]
    assert report["refusals"] == sent["specs"][0]["refusals"]
    assert 0 < first["totals"]["in_doubt"] <= second["found"]

    rows = report["recipients"]["rows"]
    in_log = Counter(message["reference"] for message in server.taken)
    assert {row["reference"] for row in rows if row["state"] == "accepted"} == set(in_log)
    assert set(in_log.values()) == {1}
    assert report["totals"]["accepted"] == len(server.taken) == MANY - 1
    claims = [move for row in rows for move in row["attempts"] if move["to"] == "sending"]
    assert len(claims) == len(server.posts) == sum(each["totals"][key] for each in report["runs"] for key in certain)
    for kind in certain:
        counted = sum(each[kind] for each in report["throughput"]["buckets"])
        assert counted == sum(each["totals"][kind] for each in report["runs"])
    alone = reported(ready, "hello.yaml", "--run", str(first["run"]))
    assert alone["totals"] == first["totals"]
    people = alone["recipients"]
    assert people["listed"] == people["total"] == len(people["rows"])
    assert people["unclaimed"] == alone["totals"]["recipients"] - people["total"] > 0
    said = ready.run("report", "hello.yaml", "--run", str(first["run"]), *TEST).out
    assert f"run 1 claimed {people['total']} of the {MANY} messages that it planned; segments, countries" in said
    of_first = Counter(row["state"] for row in alone["recipients"]["rows"])
    assert of_first == Counter(accepted=first["totals"]["accepted"], in_doubt=first["totals"]["in_doubt"])


class Shop:
    """A project with a sandbox-like server, and commands called in this process."""

    def __init__(self, project: ProjectDir, capture: pytest.CaptureFixture[bytes]) -> None:
        self.project, self._capture = project, capture

    def said(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        ended = run(list(arguments))
        out, err = self._capture.readouterr()
        assert ended == code, err.decode()
        return out.decode(), err.decode()

    def document(self, *arguments: str) -> Any:
        return only(self.said("report", *arguments, *JSON)[0], "report")

    def text(self, *arguments: str) -> str:
        return self.said("report", *arguments, *TEST)[0]


@pytest.fixture
def shop(ready: ProjectDir, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Shop:
    monkeypatch.chdir(ready.folder)
    monkeypatch.delenv("CI", raising=False)
    for name, value in ready.environ.items():
        monkeypatch.setenv(name, value)
    return Shop(ready, capfdbinary)


def refuse(server: CountingServer, *at: int, body: bytes = b'{"message":"no such number"}') -> None:
    server.decide = lambda number, request: Answer(422, body) if number in at else Answer()


def test_the_first_lines_say_how_it_went_and_who_must_be_called(shop: Shop, server: CountingServer) -> None:
    refuse(server, 7, 9)
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    out, err = shop.said("report", "hello.yaml", *TEST)
    lines = out.splitlines()
    assert lines[:3] == [
        "hello (test)",
        "  attention: 58 of 60 messages were accepted; 2 were refused",
        "  60 recipients = 58 accepted + 2 refused + 0 in doubt + 0 not sent + 0 skipped",
    ]
    assert lines[3] == "  call: 2 people did not get it"
    refused = [row for row in shop.document("hello.yaml")["recipients"]["rows"] if row["state"] == "refused"]
    for line, row in zip(lines[4:6], refused, strict=True):
        assert line.startswith(f"    people.csv:{row['row']['line']}  {row['receiver']}  refused: 422")
        assert row["row"]["key"] == {"column": None, "value": row["receiver"]} or row["row"]["key"]["column"] == "phone"
    assert "next: sendspec status hello.yaml --failed --env test" in err
    assert "send hello.yaml --retry refused" in err
    assert f"+4477009{0:05d}" not in out


def test_requests_of_a_run_of_several_specs_are_not_said_to_be_of_one(shop: Shop) -> None:
    shop.project.write("bye.yaml", SPEC.replace("name: hello", "name: bye"))
    shop.said("send", "hello.yaml", "bye.yaml", "--yes", "-q", *TEST)
    document = shop.document("hello.yaml")
    assert (document["totals"]["accepted"], document["requests"], document["requests_of_all_specs"]) == (60, 120, True)
    assert "120 requests for all specs of the run" in shop.text("hello.yaml")
    shop.said("report", "hello.yaml", "--html", "page.html", *TEST)
    page = ReportRead((shop.project.folder / "page.html").read_text())
    assert page.figures["requests"] == ["120"]
    assert "120 for all specs of the run" in page.text
    assert page.rows("run-table")[0][4] == "120 (of all specs)"


def test_all_went_well(shop: Shop) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    document = shop.document("hello.yaml")
    assert (document["verdict"], document["warnings"]) == ("ok", [])
    assert document["sentence"] == "all 60 messages were accepted"
    assert not document["requests_of_all_specs"]
    assert document["countries"] == [{"country": "GB", "messages": 60, "accepted": 60, "segments": 60}]
    assert document["recipients"]["listed"] == document["recipients"]["total"] == 60
    assert "call:" not in shop.text("hello.yaml")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: (p / "hello.yaml").unlink(), id="gone"),
        pytest.param(lambda p: (p / "hello.yaml").write_text("spec: [\n"), id="broken"),
        pytest.param(lambda p: (p / "people.csv").unlink(), id="table"),
    ],
)
@pytest.mark.parametrize("word", ["hello.yaml", "hello"])
def test_a_spec_that_is_gone_or_broken_is_reported_from_the_ledger(shop: Shop, spoil: Any, word: str) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    spoil(shop.project.folder)
    document = shop.document(word)
    assert (document["name"], document["verdict"], document["totals"]["accepted"]) == ("hello", "ok", PEOPLE)
    assert document["countries"] is None
    assert [each["code"] for each in document["warnings"]] in (["table"], ["spec"])
    assert all(row["in_table"] is None for row in document["recipients"]["rows"])
    assert "⚠" in shop.text(word)


@pytest.mark.parametrize("word", ["hello.yaml", "hello"])
def test_a_spec_that_was_never_sent_has_a_report_that_says_so(shop: Shop, word: str) -> None:
    document = shop.document(word)
    assert (document["generation"], document["verdict"], document["sentence"]) == (
        None,
        "unfinished",
        "it was never sent",
    )
    assert set(document["totals"].values()) == {0}
    out, err = shop.said("report", word, *TEST)
    assert "unfinished: it was never sent" in out
    assert "next: sendspec plan hello.yaml --env test" in err


@pytest.mark.parametrize(("word", "near"), [("nobody", ""), ("helo", "hello"), ("hallo.yaml", "hello")])
def test_a_name_that_nothing_has_is_no_send_that_is_yet_to_come(shop: Shop, word: str, near: str) -> None:
    for meant in ("", near):  # before and after the first send
        document = shop.document(word)
        hint = f" (did you mean '{meant}'?)" if meant else ""
        assert document["sentence"] == f"no spec of this name was ever sent here{hint}"
        assert (document["verdict"], document["generation"]) == ("attention", None)
        assert document["warnings"][0]["code"] == "unknown_name"
        out, err = shop.said("report", word, "--html", "page.html", *TEST)
        assert f"attention: {document['sentence']}" in out
        assert "next: sendspec status --env test" in err
        assert document["sentence"][1:] in ReportRead((shop.project.folder / "page.html").read_text()).text
        shop.said("send", "hello.yaml", "--yes", "-q", *TEST)


def test_an_environment_without_a_ledger_has_nothing_to_report(shop: Shop) -> None:
    out, err = shop.said("report", "hello.yaml", "--rows", "rows.jsonl")
    assert "it was never sent" in out
    assert "has no ledger yet" in err
    assert (shop.project.folder / "rows.jsonl").read_bytes() == b""


def test_a_generation_is_compared_with_the_one_before(shop: Shop, server: CountingServer) -> None:
    refuse(server, 1)
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    assert "send hello.yaml --retry refused" in shop.said("report", "hello.yaml", *TEST)[1]
    shop.project.write("hello.yaml", SPEC.replace("name: hello", "name: hello\ngeneration: 2"))
    steps = shop.said("report", "hello.yaml", *TEST)[1]
    assert "status hello --failed" in steps
    assert "hello.yaml" not in steps  # it is of generation 2 now, of which nothing was refused
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    document = shop.document("hello.yaml")
    assert (document["generation"], document["totals"]["accepted"]) == (2, 60)
    earlier = document["earlier"]
    assert (earlier["generation"], earlier["totals"]["accepted"], earlier["totals"]["refused"]) == (1, 59, 1)
    assert earlier["segments"]["total"] == document["segments"]["total"] == 60
    first = shop.document("hello.yaml", "--generation", "1")
    assert (first["earlier"], first["totals"]) == (None, earlier["totals"])
    _, err = shop.said("report", "hello", "--generation", "1", *TEST)
    assert "next: sendspec report hello.yaml --env test" in err
    assert "generation 3 was never sent; the ledger has generation 1, 2" in shop.text("hello", "--generation", "3")


def test_a_run_of_another_send_is_wrong_usage(shop: Shop) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    _, err = shop.said("report", "hello.yaml", "--run", "99", *TEST, code=2)
    assert "its runs are: 1" in err
    assert shop.document("hello.yaml", "--run", "1")["run"] == 1


def test_every_recipient_is_written_as_a_line_that_only_the_user_can_read(shop: Shop, server: CountingServer) -> None:
    refuse(server, 5)
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    for more in ((), ("--run", "1")):
        _, err = shop.said("report", "hello.yaml", "--rows", "rows.jsonl", *more, *TEST)
        assert "60 recipients written to rows.jsonl" in err
        path = shop.project.folder / "rows.jsonl"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        listed = shop.document("hello.yaml", *more)["recipients"]["rows"]
        assert sorted(rows, key=lambda row: row["id"]) == sorted(listed, key=lambda row: row["id"])
        assert [row["row"]["row"] for row in rows] == list(range(1, 61))
        assert [(move["from"], move["to"]) for move in rows[4]["attempts"]] == [
            ("planned", "sending"),
            ("sending", rows[4]["state"]),
        ]


@pytest.mark.process
def test_recipients_from_standard_input_are_read_once(ready: ProjectDir) -> None:
    assert ready.run("send", "hello.yaml", "--yes", *TEST).code == 0
    table = (ready.folder / "people.csv").read_text()
    (ready.folder / "people.csv").unlink()
    done = ready.run("report", "hello.yaml", "--recipients", "-", "--rows", "rows.jsonl", *JSON, stdin=table)
    document = only(done.out, "report")
    assert [(each["country"], each["messages"]) for each in document["countries"]] == [("GB", PEOPLE)]
    lines = [json.loads(line) for line in (ready.folder / "rows.jsonl").read_text().splitlines()]
    assert [line["row"]["line"] for line in lines] == list(range(2, PEOPLE + 2))


def test_a_place_that_must_not_be_written_is_refused_before_the_work(shop: Shop) -> None:
    _, err = shop.said("report", "hello.yaml", "--rows", ".sendspec/rows.jsonl", *TEST, code=1)
    assert "rows.jsonl" in err
    assert not (shop.project.folder / ".sendspec/rows.jsonl").exists()
    for name in ("people.csv", "hello.yaml"):
        before = (shop.project.folder / name).read_bytes()
        _, err = shop.said("report", "hello.yaml", "--rows", name, *TEST, code=1)
        assert f"'{name}' exists already, and has no rows of a report" in err
        assert (shop.project.folder / name).read_bytes() == before
    for option in ("--rows", "--html"):
        assert "'-' is no file" in shop.said("report", "hello.yaml", option, "-", *TEST, code=1)[1]
        for name in ("sendspec.lock", "below/sendspec.yaml"):
            _, err = shop.said("report", "hello.yaml", option, name, *TEST, code=1)
            assert f"'{name}' is the name of a project's own file" in err


def test_a_reason_by_hand_has_no_number_on_any_page(shop: Shop, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 3 else Answer()
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=4)
    reason = "rang +447700900123, ed@example.com: case 4711"
    _, err = shop.said("resolve", "hello.yaml", "--as", "skipped", "--reason", reason, *TEST)
    assert "those in the reason are masked" in err
    out, _ = shop.said("report", "hello.yaml", "--rows", "rows.jsonl", "--html", "page.html", *JSON)
    out += "".join((shop.project.folder / name).read_text("utf-8") for name in ("rows.jsonl", "page.html"))
    out += shop.said("status", "hello.yaml", "--messages", *JSON)[0]
    assert out.count("case 4711") >= 4
    assert not any(hidden in out for hidden in ("7700900123", "ed@example"))


HOSTILE = '{"message":"</script><img src=x onerror=alert(1)> @all #1 \\u202e `|` ##[error] +447700900123"}'


def test_foreign_words_are_inert_everywhere(shop: Shop, server: CountingServer) -> None:
    refuse(server, 2, body=HOSTILE.encode())
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    page, _ = shop.said("report", "hello.yaml", "--format", "markdown", *TEST)
    assert_inert(rendered(page))
    assert page.rstrip().endswith("`60 recipients = 59 accepted + 1 refused + 0 in doubt + 0 not sent + 0 skipped`")
    assert "**1 person did not get it.**" in page
    out, _ = shop.said("report", "hello.yaml", *TEST)
    written, _ = shop.said("report", "hello.yaml", *JSON)
    for text in (page, out, written):
        assert "\u202e" not in text
        assert "900123" not in text
        assert "##[error]" not in written
    assert "+44••••••01" not in page


def test_a_page_names_no_recipient_and_says_what_comes_next(shop: Shop, server: CountingServer) -> None:
    refuse(server, 2)
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    page, err = shop.said("report", "hello.yaml", "--format", "markdown", *TEST)
    assert re.search(r"\+44|people\.csv|A\d", page) is None
    assert "1. `sendspec status hello.yaml --failed --env test`" in page
    assert "next:" not in err


def test_what_it_cost_by_country_and_today_s_limits(shop: Shop, server: CountingServer) -> None:
    folder = shop.project.folder
    project_file = folder / "sendspec.yaml"
    project_file.write_text(project_file.read_text() + "prices: prices.csv\n")
    (folder / "prices.csv").write_text("country,segment,currency\nGB,0.04,EUR\n")
    shop.project.write("people.csv", numbers(30) + "+31612345678,Eva,N1\n+31612345679,Bo,N2\n")
    refuse(server, 1)
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST, code=3)
    shop.project.write(
        "hello.yaml", SPEC + "limits: {messages: 31, segments: 2, cost: EUR 1.20, failure_rate: 0.05}\nin_doubt: hold\n"
    )
    document = shop.document("hello.yaml")
    by_country = {each["country"]: (each["messages"], each["segments"]) for each in document["countries"]}
    accepted_of_gb = by_country["GB"][1]
    assert by_country["NL"][0] == 2
    assert by_country["GB"][0] == 30
    assert accepted_of_gb + by_country["NL"][1] == 31
    assert document["cost"]["amounts"][0]["high"] == f"{accepted_of_gb * 4 / 100:.2f}"
    assert document["cost"]["unknown_messages"] == by_country["NL"][1]
    guards = {each["name"]: each for each in document["guards"]}
    assert guards["messages"] == {
        "name": "messages",
        "limit": 31,
        "found": 32,
        "at_least": False,
        "headroom": -1,
        "held": False,
        "together": 0,
    }
    assert guards["segments"] == {
        "name": "segments",
        "limit": 2,
        "found": 1,
        "at_least": False,
        "headroom": 1,
        "held": True,
        "together": 0,
    }
    assert guards["cost"]["limit"] == {"currency": "EUR", "amount": "1.20"}
    assert guards["cost"]["held"] in (None, True)
    assert (guards["failure_rate"]["held"], round(guards["failure_rate"]["found"], 4)) == (True, round(1 / 32, 4))
    assert (guards["total_segments"]["limit"], guards["total_segments"]["held"]) == (None, None)
    assert guards["in_doubt"] == {
        "name": "in_doubt",
        "limit": "hold",
        "found": 0,
        "at_least": False,
        "headroom": None,
        "held": True,
        "together": 0,
    }
    assert document["verdict"] == "attention"
    text = shop.text("hello.yaml")
    assert "messages a run 32 of 31 (exceeded)" in text
    assert "today's limit is exceeded: messages a run" in text
    rows = (folder / "people.csv").read_text().splitlines()
    (folder / "people.csv").write_text("\n".join([*rows[:1], *rows[11:], rows[12]]) + "\n")  # ten gone, one twice
    later = {each["country"]: each["messages"] for each in shop.document("hello.yaml")["countries"]}
    assert later == {"GB": 20, "unknown": 10, "NL": 2}


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        (None, "prices.csv"),
        ("", "prices.csv"),
        ("country,segment,currency\nGB,-1,EUR\n", "prices.csv:2"),
    ],
)
def test_a_price_table_that_can_t_be_used_is_a_warning(shop: Shop, prices: str | None, why: str) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    project_file = shop.project.folder / "sendspec.yaml"
    project_file.write_text(project_file.read_text() + "prices: prices.csv\n")
    if prices is not None:
        (shop.project.folder / "prices.csv").write_text(prices)
    document = shop.document("hello.yaml")
    assert (document["verdict"], document["cost"]) == ("ok", None)
    [warning] = document["warnings"]
    assert warning["code"] == "prices"
    assert warning["text"].startswith("the price table can't be used, so no cost is known: ")
    assert why in warning["text"]
    assert warning["text"] in shop.text("hello.yaml")
    shop.said("report", "hello.yaml", "--html", "page.html", *TEST)
    assert "The price table can’t be used" in ReportRead((shop.project.folder / "page.html").read_text()).text


def test_with_ci_set_nobody_s_key_is_shown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.project.write("hello.yaml", SPEC.replace("people.csv}", 'people.csv, key: "{{ order_id }}"}'))
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    assert shop.document("hello.yaml")["recipients"]["rows"][0]["row"]["key"] == {"column": "order_id", "value": "A0"}
    monkeypatch.setenv("CI", "true")
    assert shop.document("hello.yaml")["recipients"]["rows"][0]["row"]["key"] is None


def test_a_renamed_file_is_found_under_its_former_name(shop: Shop) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    shop.project.write("hello.yaml", SPEC.replace("name: hello", "name: bye"))
    assert "this file was sent as 'hello'" in shop.text("hello.yaml")
    assert "hello.yaml is the spec 'bye' now" in shop.text("hello")
    shop.project.write("hello.yaml", SPEC.replace("name: hello", "name: bye\nmoved_from: hello"))
    document = shop.document("hello.yaml")
    assert (document["name"], document["totals"]["accepted"], document["recipients"]["rows"][0]["in_table"]) == (
        "hello",
        60,
        True,
    )


def test_nothing_is_written(shop: Shop) -> None:
    shop.said("send", "hello.yaml", "--yes", "-q", *TEST)
    folder = shop.project.folder / ".sendspec"
    before = {path.name: path.read_bytes() for path in folder.glob("test.db*")}
    assert len(before) >= 3
    shop.text("hello.yaml")
    assert {path.name: path.read_bytes() for path in folder.glob("test.db*") if path.name in before} == before
