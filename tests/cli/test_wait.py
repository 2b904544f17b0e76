"""`wait`, `send --wait` and `status --delivery`: exit codes, documents, text, and signals to a process that waits."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from json_documents import only
from markdown_pages import assert_inert, rendered
from processes import until
from project_dir import Answer, CountingServer, ProjectDir
from sendspec.cli.main import run
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store

SPEC = """spec: 1
name: {name}
channel: sms
recipients: {{file: {name}.csv, key: "{{{{ order_id }}}}"}}
message: {{{more}body: {{type: text, text: {{text: "Hi {{{{ first_name }}}}"}}}}}}
{terms}
"""
DEAD, UNSENT = "+447700000000", "+447700000001"
FINE = [f"+44770091{n:04d}" for n in range(4)]


@dataclass
class Shop:
    folder: Path
    capture: pytest.CaptureFixture[bytes]
    shift: float = 0.0
    began: float = field(default_factory=time.time)

    def clock(self) -> float:
        return self.began + self.shift

    def make(self, name: str, phones: list[str], *, terms: str = "", more: str = "") -> str:
        (self.folder / f"{name}.yaml").write_text(SPEC.format(name=name, terms=terms, more=more), encoding="utf-8")
        rows = "".join(f"{phone},Ada {n},A{n}\n" for n, phone in enumerate(phones))
        (self.folder / f"{name}.csv").write_text(f"phone,first_name,order_id\n{rows}", encoding="utf-8")
        return f"{name}.yaml"

    def said(self, code: int, *arguments: str) -> tuple[str, str]:
        """What a command that ends with `code` prints."""
        ended = run(list(arguments))
        out, err = self.capture.readouterr()
        assert ended == code, err.decode()
        return out.decode(), err.decode()

    def document(self, code: int, *arguments: str, schema: str = "wait") -> Any:
        return only(self.said(code, *arguments, "--format", "json")[0], schema)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Shop]:
    """A project with a sandbox beside it whose clock only the test moves: messages end a few seconds after they were sent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    store = Store(None)
    found = Shop(tmp_path, capfdbinary)
    faults = [parse_fault("422:from=31,to=31"), parse_fault("drop-before:from=32,to=33")]
    with serving(Sandbox(store, found.clock, faults=faults)) as url:
        monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
        yield found
    store.close()


def test_the_exit_code_is_the_verdict(shop: Shop) -> None:
    shop.said(0, "send", shop.make("good", FINE), "--yes", "-q")
    shop.said(0, "send", shop.make("hello", [*FINE, DEAD]), "--yes", "-q")
    shop.shift = 10.0
    document = shop.document(0, "wait", "good.yaml")
    assert (document["verdict"], document["gate"]["decided_by"], document["polls"]) == ("met", "final", 1)
    rows: list[tuple[tuple[str, ...], int, str, str]] = [
        ((), 9, "failed", "final"),
        (("--need", "80%"), 0, "met", "need"),
        (("--need", "0.8", "--max-failed", "20%"), 0, "met", "need"),
        (("--need", "95%"), 9, "failed", "need"),
        (("--max-failed", "2%"), 9, "failed", "max_failed"),
        (("--max-failed", "0.2", "--until", "final"), 0, "met", "max_failed"),
    ]
    for options, code, verdict, by in rows:
        document = shop.document(code, "wait", "hello.yaml", *options)
        assert (document["verdict"], document["gate"]["decided_by"]) == (verdict, by)
        delivery = document["delivery"]
        parts = ("delivered", "undelivered", "under_way", "unknown")
        assert delivery["accepted"] == sum(delivery[part] for part in parts) == 5
        assert document["by_status"] == {"delivered": 4, "delivery_failed": 1}


def test_undecided_has_a_code_of_its_own_and_zero_looks_once(shop: Shop) -> None:
    shop.said(0, "send", shop.make("hello", FINE), "--yes", "-q")
    document = shop.document(11, "wait", "--timeout", "0")
    assert (document["verdict"], document["polls"], document["gate"]["within_seconds"]) == ("undecided", 1, 0)
    out, err = shop.said(11, "wait", "hello", "--timeout", "0")
    assert "undecided: 4 of 4 not final yet; every message has to be delivered" in out
    assert "next: sendspec wait hello.yaml" in err


def test_the_text_says_why_and_what_comes_next(shop: Shop) -> None:
    shop.said(0, "send", shop.make("hello", [*FINE[:2], DEAD, UNSENT]), "--yes", "-q")
    shop.shift = 10.0
    out, err = shop.said(9, "wait", "hello.yaml", "--timeout", "15m")
    assert out.splitlines() == [
        "hello (sandbox): 4 accepted = 2 delivered + 2 not delivered",
        "  not delivered: 1 unknown subscriber (delivery_failed, 15005)",
        "    no active line has this number: remove these numbers from the list",
        "  not delivered: 1 unsupported destination (sending_failed, 12003)",
        "    this sender may not write to this destination: register the sender for this country, or use another one",
        "  to send again to these people only: raise `generation`, and write `only: {undelivered: {}}` under `recipients`",
        "  failed: 2 of 4 failed (50 %); every message has to be delivered",
    ]
    assert err.endswith("\nnext: sendspec status hello.yaml --undelivered\n")
    assert "1 look at the API" in err


def test_the_spec_says_what_is_needed_and_each_spec_has_to_succeed(shop: Shop) -> None:
    first = shop.make("first", [*FINE, DEAD], terms="delivery: {need: 80%, within: 20m}")
    second = shop.make("second", [FINE[0], DEAD])
    shop.said(0, "send", first, second, "--yes", "-q")
    shop.shift = 10.0
    document = shop.document(9, "wait")  # those of the last run
    assert {spec["name"]: (spec["verdict"], spec["gate"]["need"]) for spec in document["specs"]} == {
        "first": ("met", 0.8), "second": ("failed", None),
    }  # fmt: skip
    assert (document["delivery"]["accepted"], document["delivery"]["undelivered"]) == (7, 2)
    named = shop.document(9, "wait", first, second)
    assert [(spec["verdict"], spec["gate"]["within_seconds"]) for spec in named["specs"]] == [
        ("met", 1_200),
        ("failed", 1_200),
    ]
    assert named["gate"] == named["specs"][1]["gate"]
    for named_so in (first, "first"):
        assert shop.document(0, "wait", named_so)["gate"]["need"] == 0.8
    assert shop.document(0, "wait", "first", "--need", "0.7")["gate"]["need"] == 0.7
    (shop.folder / first).unlink()
    assert "the spec of first is not at hand" in shop.said(9, "wait", "first")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wait", "helo"), "no spec called 'helo' was ever sent here, and there is no such file; did you mean 'hello'?"),
        (("wait", "--need", "95"), "'95' is no share: write a share such as 95% or 0.95"),
        (("wait", "--max-failed", "-1%"), "is no share"),
        (("wait", "--need", "95%", "--need", "0.96"), "--need is given twice, as '95%' and as '96%': give it once"),
        (("wait", "--timeout", "1m", "--timeout", "2m"), "as '60s' and as '120s'"),
        (("wait", "--timeout", "forever"), "'forever' is no duration"),
        (("wait", "--timeout", "900"), "'900' is no duration"),
        (("wait", "--timeout", "99d"), "31d at most"),
        (("status", "--undelivered", "--failed"), "run `status` twice"),
        (("status", "--undelivered", "--format", "markdown"), "a page of Markdown lists no messages"),
        (("send", "hello.yaml", "--wait", "soon", "--yes"), "'soon' is no duration"),
        (("send", "hello.yaml", "--wait", "-n"), "there is nothing to --wait for"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told(shop: Shop, arguments: tuple[str, ...], words: str) -> None:
    shop.said(0, "send", shop.make("hello", FINE[:1]), "--yes", "-q")
    assert words in shop.said(2, *arguments)[1]


def test_before_anything_was_sent_there_is_nothing_to_wait_for(shop: Shop) -> None:
    spec = shop.make("hello", FINE)
    assert "nothing to wait for" in shop.said(0, "wait", spec, "--need", "95%")[0]
    assert shop.document(0, "wait")["verdict"] == "met"
    shop.said(0, "send", spec, "--yes", "-q")
    other = shop.make("other", FINE)
    assert "other (sandbox): 0 accepted" in shop.said(0, "wait", other)[0]
    shop.make("hello", FINE, terms="generation: 2\ndelivery: {within: 2h}").replace("x", "")
    shop.shift = 10.0
    out, err = shop.said(0, "wait", "hello.yaml")
    assert "hello (sandbox): 4 accepted = 4 delivered" in out
    assert "generation 2 of hello was not sent yet: this is about generation 1" in err


def test_what_was_not_accepted_is_told_and_doubts_have_their_code(shop: Shop) -> None:
    shop.said(0, "send", shop.make("filler", [f"+4477009{n:05d}" for n in range(30)]), "--yes", "-q")
    shop.said(4, "send", shop.make("hello", FINE[:3]), "--yes", "-q", "--no-witness")
    shop.shift = 10.0
    out, err = shop.said(4, "wait", "hello")
    assert "besides: 1 refused, 2 in doubt" in out
    assert "sendspec reconcile hello.yaml" in err


def test_a_gate_that_is_met_tells_who_got_nothing_all_the_same(shop: Shop) -> None:
    shop.said(0, "send", shop.make("filler", [f"+4477009{n:05d}" for n in range(29)]), "--yes", "-q")
    shop.said(3, "send", shop.make("hello", FINE[:2]), "--yes", "-q")
    shop.shift = 10.0
    out, err = shop.said(3, "wait", "hello", "--need", "50%")
    assert (
        "met: 1 of 1 accepted were delivered (100 %); 50 % has to be delivered; 1 refused, which no share counts" in out
    )
    assert "sendspec status hello.yaml --failed" in err


def test_send_and_wait_are_one_command_with_one_document(shop: Shop) -> None:
    spec = shop.make("hello", [*FINE, DEAD], terms="delivery: {need: 80%, within: 30s}")
    shop.said(0, "send", spec, "--yes", "-q")
    shop.shift = 10.0
    document = shop.document(0, "send", "--wait", spec, "--yes", schema="run")
    assert only(json.dumps(document["wait"]), "wait")["verdict"] == "met"
    assert (document["totals"]["skipped"], document["wait"]["gate"]["within_seconds"]) == (5, 30)
    out, err = shop.said(9, "send", shop.make("hello", [*FINE, DEAD]), "--yes", "--wait", "1m")
    assert "5 recipients" in out
    assert "hello (sandbox): 5 accepted = 4 delivered + 1 not delivered" in out
    assert "next: sendspec status hello.yaml --undelivered" in err


def test_messages_scheduled_behind_the_deadline_are_refused_before_anything_is_sent(shop: Shop) -> None:
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7_200))
    for more in (
        f'scheduledFor: "{later}", ',
        f"scheduledFor: \"{{{{ '{later}' if order_id == 'A1' else omit }}}}\", ",
    ):
        spec = shop.make("hello", FINE[:2], more=more)
        assert "scheduled for later than the time-out" in shop.said(2, "send", spec, "--yes", "--wait", "5m")[1]
    assert "never sent" in shop.said(0, "status", "hello.yaml")[0]
    shop.said(0, "send", spec, "--yes", "-q")
    assert "scheduled for later than the time-out" in shop.said(2, "wait", spec, "--timeout", "5m")[1]


def test_a_wait_beyond_the_validity_is_pointed_out(shop: Shop) -> None:
    spec = shop.make("hello", FINE[:1], more="validity: 600, ")
    shop.said(0, "send", spec, "--yes", "-q")
    shop.shift = 10.0
    assert "messages of hello expire after 10 min" in shop.said(0, "wait", spec, "--timeout", "15m")[1]
    assert "expire" not in shop.said(0, "wait", spec, "--timeout", "10m")[1]


def test_status_shows_what_is_kept_and_asks_only_to_refresh(shop: Shop) -> None:
    spec = shop.make("hello", [*FINE[:2], DEAD])
    plain = shop.said(0, "status", spec)
    shop.said(0, "send", spec, "--yes", "-q")
    shop.shift = 10.0
    kept = shop.document(0, "status", "--delivery", schema="status")
    assert (kept["delivery"]["unknown"], kept["as_of"], "refreshed" in kept) == (3, None, False)
    out, err = shop.said(0, "status", spec, "--delivery")
    assert out == "hello (sandbox): 3 accepted = 0 delivered + 3 not known yet\n"
    assert err == "no delivery is known yet; --refresh asks the API\n\nnext: sendspec wait hello.yaml\n"
    fresh = shop.document(0, "status", spec, "--refresh", schema="status")
    assert (fresh["delivery"]["delivered"], fresh["refreshed"]["whole"], fresh["specs"][0]["delivery"]) == (
        2,
        True,
        fresh["delivery"],
    )
    assert fresh["reasons"][0]["kind"] == "dead_number"
    again = shop.document(0, "status", spec, "--refresh", schema="status")
    assert again["refreshed"] == {"whole": True, "requests": 1, "reason": None}  # what failed may still arrive
    assert "next: sendspec status hello.yaml --undelivered" in shop.said(0, "status", spec, "--delivery")[1]
    assert "delivered" not in shop.said(0, "status", spec)[0]
    assert "hello: never sent" in plain[0]


def test_a_long_refresh_says_how_long_it_may_take(shop: Shop) -> None:
    shop.said(0, "send", shop.make("hello", [f"+4477009{n:05d}" for n in range(25)]), "--yes", "-q")
    shop.shift = 10.0
    assert "reading the API's list, for at most 5 min" in shop.said(0, "status", "--refresh")[1]
    assert "reading" not in shop.said(0, "status", "--refresh")[1]


def test_the_document_of_a_send_with_refusals_and_a_wait_is_valid(shop: Shop) -> None:
    shop.said(0, "send", shop.make("filler", [f"+4477009{n:05d}" for n in range(29)]), "--yes", "-q")
    shop.shift = 10.0
    document = shop.document(11, "send", shop.make("hello", FINE[:2]), "--yes", "--wait", "0", schema="run")
    assert (len(document["specs"][0]["refusals"]), document["wait"]["verdict"]) == (1, "undecided")


def test_lists_name_people_as_the_other_lists_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.said(0, "send", shop.make("hello", [*FINE[:2], DEAD]), "--yes", "-q")
    waiting = shop.document(0, "status", "--undecided", schema="status")["messages"]
    assert [(each["delivery"], each["row"]["line"]) for each in waiting] == [
        ("unknown", 2),
        ("unknown", 3),
        ("unknown", 4),
    ]
    shop.shift = 10.0
    shop.said(0, "status", "--refresh", "-q")
    out, _ = shop.said(0, "status", "--undelivered")
    line = out.splitlines()[-1]
    assert line.startswith("hello.csv:4 (order_id A2)  ")
    assert (
        "  not delivered: unknown subscriber (delivery_failed, 15005): no active line has this number  hello  " in line
    )
    assert DEAD not in out
    rows = list(
        csv.DictReader(
            io.StringIO(shop.said(0, "status", "--undelivered", "--format", "csv", "--columns", "first_name")[0])
        )
    )
    assert [(row["delivery"], row["reason"], row["code"], row["first_name"]) for row in rows] == [
        ("undelivered", "unknown subscriber", "15005", "Ada 2")
    ]
    assert len(list(csv.DictReader(io.StringIO(shop.said(0, "status", "--delivery", "--format", "csv")[0])))) == 3
    assert len(shop.document(0, "status", "--delivery", "--messages", schema="status")["messages"]) == 3
    assert "no column 'nix'" in shop.said(2, "status", "--undelivered", "--format", "json", "--columns", "nix")[1]
    monkeypatch.setenv("CI", "true")
    assert "A2" not in shop.said(0, "status", "--undelivered")[0]


def test_a_column_with_a_name_of_ours_is_told_apart(shop: Shop) -> None:
    shop.said(0, "send", shop.make("hello", [DEAD]), "--yes", "-q")
    (shop.folder / "hello.csv").write_text(f"phone,first_name,order_id,code,id\n{DEAD},Ada,A0,x,y\n", encoding="utf-8")
    out = shop.said(0, "status", "--undecided", "--format", "csv", "--columns", "all")[0]
    assert out.splitlines()[0].endswith(",meaning,phone,first_name,order_id,input code,input id")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["input code"], row["input id"], row["code"]) == ("x", "y", "")


def test_a_page_of_markdown_names_nobody(shop: Shop) -> None:
    shop.said(0, "send", shop.make("hello", [*FINE[:2], DEAD]), "--yes", "-q")
    shop.shift = 10.0
    page = shop.said(0, "status", "--refresh", "--format", "markdown")[0]
    assert_inert(rendered(page))
    assert "| `hello` | 3 | 2 | 1 | 0 | 0 |" in page
    assert "- 1 `unknown subscriber` (`delivery_failed`, 15005): no active line has this number" in page
    assert DEAD[-6:] not in page


@pytest.mark.parametrize(("status", "code"), [(401, 5), (404, 5), (400, 0)])
def test_a_refused_refresh_and_a_refused_wait_end_with_five(
    project: ProjectDir, server: CountingServer, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    project.write("hello.yaml", SPEC.format(name="hello", terms="", more=""))
    project.write("hello.csv", "phone,first_name,order_id\n" + "".join(f"{phone},x,{phone}\n" for phone in FINE[:2]))
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    server.listing = lambda request: Answer(status, b'{"code": "NoAccess", "message": "no"}')
    shown = project.run("status", "hello.yaml", "--env", "test", "--refresh", "--format", "json")
    assert shown.code == code
    told = only(shown.out, "status")
    assert told["refreshed"]["whole"] is False
    assert (told.get("error", {}).get("code"), told.get("sent")) == (("api-refuses", False) if code else (None, None))
    assert "so this may be older than now" in shown.err
    if not code:
        return
    refused = project.run("wait", "hello.yaml", "--env", "test", "--timeout", "0")
    assert "[api-refuses]\n    = fix: check " in refused.err
    waited = project.run("wait", "hello.yaml", "--env", "test", "--timeout", "0", "--format", "json")
    document = only(waited.out, "wait")
    assert waited.code == code
    assert (document["error"]["code"], document["verdict"], bool(document["reason"])) == (
        "api-refuses",
        "undecided",
        True,
    )


def test_another_process_that_writes_all_the_time_holds_no_deadline_up(
    project: ProjectDir, server: CountingServer
) -> None:
    project.write("hello.yaml", SPEC.format(name="hello", terms="", more=""))
    project.write("hello.csv", "phone,first_name,order_id\n" + "".join(f"{phone},x,{phone}\n" for phone in FINE[:2]))
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    assert project.run("status", "--env", "test", "--refresh").code == 0
    (kept,) = project.folder.rglob("*.delivery")
    with closing(sqlite3.connect(kept, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waited = project.run("wait", "hello.yaml", "--env", "test", "--timeout", "1s", "--format", "json")
    document = only(waited.out, "wait")
    assert document["seconds"] < 14  # writing waits 15 s where nothing hurries it
    assert (waited.code, document["verdict"], document["failed_polls"] >= 1) == (11, "undecided", True)
    assert "other processes have been writing" in document["reason"]


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_signal_ends_a_wait_with_the_account_so_far(project: ProjectDir, server: CountingServer, number: int) -> None:
    started = waiting(project, server, "--timeout", "10m", "--format", "json")
    started.send_signal(number)
    out, err = started.communicate(20)
    assert started.returncode == 128 + number
    assert only(out, "wait")["delivery"]["unknown"] == 4
    assert "interrupted" in err


@pytest.mark.long  # tests/operations/test_delivery_wait.py has it with a clock that jumps
@pytest.mark.process
def test_stopped_for_longer_than_its_deadline_it_ends_soon_and_says_how_long_it_took(
    project: ProjectDir, server: CountingServer
) -> None:
    started = waiting(project, server, "--timeout", "2s", "--format", "json")
    os.kill(started.pid, signal.SIGSTOP)
    time.sleep(4.5)
    looked = len(server.requests)
    os.kill(started.pid, signal.SIGCONT)
    out, _ = started.communicate(20)
    assert started.returncode == 11
    assert 4.4 < only(out, "wait")["seconds"] < 30
    assert len(server.requests) > looked


def waiting(project: ProjectDir, server: CountingServer, *options: str) -> Any:
    """A process that waits, after its first look."""
    project.write("hello.yaml", SPEC.format(name="hello", terms="", more=""))
    project.write("hello.csv", "phone,first_name,order_id\n" + "".join(f"{phone},x,{phone}\n" for phone in FINE))
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    server.listing = lambda request: CountingServer.page([])
    before = len(server.requests)
    started = project.started("wait", "hello.yaml", "--env", "test", *options)
    until(lambda: len(server.requests) > before + len(FINE))
    return started


def test_who_said_stop_meanwhile_is_noted_where_it_counts(shop: Shop) -> None:
    spec = shop.make("hello", ["+447700000004", FINE[0]], terms="suppress: {opt_outs: true}")
    shop.said(0, "send", spec, "--yes", "-q")
    shop.shift = 120.0
    shop.said(0, "wait", spec)
    assert len(shop.document(0, "opt-outs", "list", schema="opt-outs")["opt_outs"]) == 1
    other = shop.make("other", ["+447700000004", FINE[1]])
    shop.said(0, "send", other, "--yes", "-q")
    shop.shift = 240.0
    shop.said(0, "status", other, "--refresh")  # this one doesn't ask who said stop
    assert shop.document(0, "opt-outs", "list", schema="opt-outs")["signals"] == 1


def test_trouble_with_the_key_or_the_files_has_the_houses_codes(project: ProjectDir, server: CountingServer) -> None:
    project.write("hello.yaml", SPEC.format(name="hello", terms="", more=""))
    project.write("hello.csv", "phone,first_name,order_id\n+447700910000,x,A1\n")
    assert project.run("send", "hello.yaml", "--env", "test", "--yes").code == 0
    key = project.environ.pop("TEST_KEY")
    for command in (("wait", "hello.yaml"), ("status", "hello.yaml", "--refresh")):
        keyless = project.run(*command, "--env", "test", "--format", "json")
        assert (keyless.code, keyless.json["diagnostics"][0]["code"]) == (1, "key-unusable")
    project.environ["TEST_KEY"] = key
    assert project.run("wait", "hello.yaml", "--env", "test", "--timeout", "0").code == 11
    (project.folder / ".sendspec/test.db.delivery").write_bytes(b"x" * 8_192)
    for command in (("wait", "hello.yaml"), ("status", "hello.yaml", "--delivery")):
        damaged = project.run(*command, "--env", "test", "--format", "json")
        assert (damaged.code, "error" in only(damaged.out, command[0])) == (6, True)
