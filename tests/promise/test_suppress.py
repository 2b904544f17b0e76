"""Lists of addresses that get nothing: from a spec and from its environment, planned, sent and counted."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from long_rows import all_but
from project_dir import SPEC, Answer, CountingServer, ProjectDir, Request, numbers

TWO = "+447700900001\n+447700900003\n"


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    """A project with six people, and a spec that suppresses whoever is in out.txt."""
    project.write("hello.yaml", SPEC + "suppress: [out.txt]\n")
    project.write("people.csv", numbers(6))
    project.write("out.txt", TWO)
    return project


def run(project_dir: ProjectDir, command: str, *more: str) -> Any:
    return project_dir.run(command, "hello.yaml", "--env", "test", "--format", "json", *more)


def reached(server: CountingServer) -> list[str]:
    return sorted(post.json["receiver"]["contacts"][0]["identifierValue"][-1] for post in server.posts)


def environment_suppresses(project_dir: ProjectDir, *files: str) -> None:
    text = (project_dir.folder / "sendspec.yaml").read_text()
    project_dir.write("sendspec.yaml", text + f"    suppress: {json.dumps(files)}\n")


def found(project_dir: ProjectDir, command: str = "validate") -> list[str]:
    done = run(project_dir, command)
    assert done.code == 1, done.out + done.err
    return [
        f"{each['code']} {each['path']}:{each['line']}:{each['column']}" for each in json.loads(done.out)["diagnostics"]
    ]


def test_whoever_is_on_a_list_gets_nothing_and_is_counted(ready: ProjectDir, server: CountingServer) -> None:
    planned = run(ready, "plan")
    assert planned.json["totals"] == {"recipients": 6, "send": 4, "skip": 2}
    assert planned.json["skipped"] == {"suppressed": 2}
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert reached(server) == ["0", "2", "4", "5"]
    assert done.json["skipped"] == {"suppressed": 2}
    assert done.json["totals"] == {
        "recipients": 6, "accepted": 4, "refused": 0, "in_doubt": 0, "not_sent": 0, "skipped": 2,
    }  # fmt: skip
    assert run(ready, "plan").json["skipped"] == {"already-accepted": 4, "suppressed": 2}


OWN_RECEIVERS = {
    "another than `to`": '{identifierKey: phonenumber, identifierValue: "+447700900001"}',
    "on the platform": '{identifierKey: phonenumber, identifierValue: "+447700900009", platformAddress: "+447700900001"}',
    "further": '{identifierKey: phonenumber, identifierValue: "+447700900009", platformAddressSelector: identifiers.phonenumber,'
    ' identifiers: [{identifierKey: phonenumber, identifierValue: "+447700900001"}]}',
}
"""Contacts that reach somebody on the list, though `to` names somebody else."""


@pytest.mark.parametrize("contact", OWN_RECEIVERS.values(), ids=OWN_RECEIVERS)
@pytest.mark.parametrize("by", ["suppress", "only_to"])
def test_an_address_of_the_specs_own_receiver_counts_wherever_it_stands(
    ready: ProjectDir, server: CountingServer, contact: str, by: str
) -> None:
    spec = SPEC.replace(
        "recipients: {file: people.csv}",
        'recipients: {list: [{phone: "+447700900009", first_name: Ann, order_id: A1}], to: "{{ phone }}"}',
    )
    assert spec != SPEC
    receiver = f"message:\n  receiver: {{contacts: [{contact}]}}\n"
    ready.write(
        "hello.yaml", spec.replace("message:\n", receiver) + ("suppress: [out.txt]\n" if by == "suppress" else "")
    )
    if by == "only_to":
        text = (ready.folder / "sendspec.yaml").read_text()
        ready.write("sendspec.yaml", text + '    only_to: ["+447700900009"]\n')
    skipped = {"suppressed" if by == "suppress" else "only-to": 1}
    planned = run(ready, "plan")
    assert planned.code == 0, planned.out
    assert planned.json["skipped"] == skipped
    done = run(ready, "send", "--yes")
    assert (done.code, done.json["skipped"], server.posts) == (0, skipped, [])


def test_a_number_of_the_specs_own_receiver_in_another_spelling_is_refused(ready: ProjectDir) -> None:
    contact = '{identifierKey: phonenumber, identifierValue: "+447700900009", platformAddress: "07700 900001"}'
    receiver = f"message:\n  receiver: {{contacts: [{contact}]}}\n"
    ready.write("hello.yaml", SPEC.replace("message:\n", receiver))
    assert found(ready) == ["phone-country hello.yaml:6:105"]


def test_the_lists_of_spec_and_environment_add_up(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("lists/more.csv", "name,phone,email\nAnn,+44 7700 900004,\nBob,,bob@example.com\n,,\n")
    environment_suppresses(ready, "lists/more.csv")
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert reached(server) == ["0", "2", "5"]
    assert done.json["skipped"] == {"suppressed": 3}


def test_an_environments_list_counts_from_the_project_and_a_specs_from_the_spec(
    ready: ProjectDir, server: CountingServer
) -> None:
    ready.write("specs/people.csv", numbers(6))
    ready.write("specs/out.txt", "+447700900000\n")
    ready.write("specs/hello.yaml", SPEC + "suppress: [out.txt]\n")
    environment_suppresses(ready, "out.txt")
    done = ready.run("send", "specs/hello.yaml", "--env", "test", "--yes")
    assert done.code == 0, done.err
    assert reached(server) == ["2", "4", "5"]


def test_only_to_is_named_first_and_the_ledger_last(ready: ProjectDir, server: CountingServer) -> None:
    assert run(ready, "send", "--yes").code == 0
    ready.write("out.txt", TWO + "+447700900002\n")
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text + '    only_to: ["+447700900000", "+447700900001", "+447700900002"]\n')
    assert run(ready, "plan").json["skipped"] == {"already-accepted": 1, "only-to": 3, "suppressed": 2}


def test_a_long_list_is_planned_the_same_on_one_process_and_on_several(ready: ProjectDir) -> None:
    ready.write("people.csv", numbers(6_000))
    ready.write("out.txt", "".join(f"+4477009{n:05d}\n" for n in range(0, 12_000, 7)))
    one, two = run(ready, "plan", "--jobs", "1"), run(ready, "plan", "--jobs", "2")
    assert one.json == two.json
    assert one.json["skipped"] == {"suppressed": 858}
    assert one.json["totals"]["send"] == 6_000 - 858


def test_a_plan_file_is_stale_where_a_list_has_changed_since(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    ready.write("out.txt", TWO.splitlines()[0])
    assert ready.run("send", "--plan", "plan.json", "--yes").code == 8
    assert server.posts == []


def test_whoever_is_suppressed_is_not_rendered(ready: ProjectDir) -> None:
    rendered = ready.run("render", "hello.yaml", "--env", "test").out.splitlines()
    assert [json.loads(line)["receiver"]["contacts"][0]["identifierValue"][-1] for line in rendered] == list("0245")


def test_validating_counts_as_a_plan_does(ready: ProjectDir) -> None:
    done = ready.run("validate", "hello.yaml", "--env", "test")
    assert (done.code, done.out) == (
        0,
        "hello.yaml: ok, 4 messages for 4 recipients; skipped of 6 rows: 2 suppressed\n",
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out.txt", "# asked by phone\n\n  07700 900001  \n+44 (7700) 900-003\n"),
        ("out", "07700900001\r\n07700900003"),
        ("out.csv", "phone,since\n07700900001,2025-01-01\n,\n07700900003,\n"),
        ("out.csv", "number\n07700900001\n\n07700900003\n"),
        ("out.tsv", "since\tphone\n2025\t07700900001\n2025\t07700900003\n"),
        ("out.csv", 'phone,"why, and when"\n"+447700900001","moved,\naway"\n07700900003,x\n'),
    ],
)
def test_entries_are_read_as_recipients_are(ready: ProjectDir, server: CountingServer, name: str, content: str) -> None:
    ready.write(name, content)
    spec = SPEC.replace("{file: people.csv}", "{file: people.csv, country: GB}")
    ready.write("hello.yaml", spec + f"suppress: [{name}]\n")
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert reached(server) == ["0", "2", "4", "5"]


def test_e_mail_addresses_are_compared_without_regard_to_capitals(ready: ProjectDir) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("platform: sms", "platform: email"))
    ready.write("people.csv", "email,first_name,order_id\nAnn.Bell@Example.com,Ann,1\nbob@example.com,Bob,2\n")
    ready.write("out.txt", "ann.bell@example.COM\n")
    assert run(ready, "plan").json["totals"] == {"recipients": 2, "send": 1, "skip": 1}
    ready.write("hello.yaml", SPEC + "suppress: [out.csv]\n")
    ready.write("out.csv", "phone,email\n+447700900001,BOB@example.com\n")
    assert run(ready, "plan").json["skipped"] == {"suppressed": 1}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("out.txt", TWO + "07700900005\n", "suppress-entry out.txt:3:1"),
        ("out.txt", "+44770090000l\n", "suppress-entry out.txt:1:1"),
        ("out.txt", "ann@example.com\n", "suppress-entry out.txt:1:1"),
        ("out.txt", "+447700900001 # asked\n", "suppress-entry out.txt:1:1"),
        ("out.txt", b"+447700900001\n\xff\n", "not-utf8 out.txt:2:1"),
        ("out.txt", b"PK\x03\x04", "not-text out.txt:1:1"),
        ("out.csv", "name,phone\nAnn,+447700900001\nBob,\n", "suppress-entry out.csv:3:5"),
        ("out.csv", "phone,name\n+447700900001,Ann\nnobody,Bob\n", "suppress-entry out.csv:3:1"),
        ("out.csv", "email,name\nann@example.com,Ann\n", "suppress-column out.csv:1:1"),
        ("out.csv", "", "suppress-column out.csv:1:1"),
        ("out.csv", "+447700900001\n", "header-missing out.csv:1:1"),
        ("out.csv", "sep=#\nphone#name\n+447700900001#Ann\n", "table-delimiter out.csv:1:1"),
        ("out.csv", "phone,name\n+447700900001\n", "ragged-row out.csv:2:1"),
        ("out.xlsx", "phone", "unknown-table-format hello.yaml:7:12"),
    ],
)
def test_a_list_that_can_not_be_read_whole_is_an_error(
    ready: ProjectDir, server: CountingServer, name: str, content: str | bytes, expected: str
) -> None:
    ready.write("hello.yaml", SPEC + f"suppress: [{name}]\n")
    ready.write(name, content)
    for command in ("validate", "plan", "send"):
        assert found(ready, command) == [expected]
    assert server.requests == []


@pytest.mark.parametrize(
    ("written", "code"),
    [("none.txt", "file-missing"), ("../out.txt", "outside-project"), ("/etc/hosts", "outside-project"), (".", "not-a-file")],
)  # fmt: skip
def test_a_list_lies_inside_the_project(ready: ProjectDir, written: str, code: str) -> None:
    ready.write("hello.yaml", SPEC + f"suppress: [{written}]\n")
    assert found(ready) == [f"{code} hello.yaml:7:12"]
    ready.write("hello.yaml", SPEC)
    environment_suppresses(ready, written)
    assert found(ready) == [f"{code} sendspec.yaml:8:16"]


def test_an_entry_that_is_wrong_is_told_with_its_own_fix_and_masked(ready: ProjectDir) -> None:
    ready.write("out.txt", TWO + "07700900005\n07700900006\n")
    done = run(ready, "validate")
    (told,) = done.json["diagnostics"]
    assert told["problem"].startswith("the entry can't be read as an address: '07••••••05' is a national number")
    assert told["fix"].startswith("add `country:` with the country of these numbers")
    assert told["rows"] == [3, 4]
    assert "07700900005" not in done.out + done.err


@pytest.mark.parametrize("written", ["out.txt", "[]", "[7]", "{files: out.txt}", "true"])
def test_the_files_are_a_list_of_paths(ready: ProjectDir, written: str) -> None:
    ready.write("hello.yaml", SPEC + f"suppress: {written}\n")
    if written == "[]":
        assert run(ready, "plan").json["skipped"] == {}
    else:
        assert found(ready)[0].split()[0] in ("wrong-type", "unquoted-number")


def test_addresses_of_both_kinds_may_stand_in_an_environments_list(ready: ProjectDir) -> None:
    ready.write("hello.yaml", SPEC)
    ready.write("all.txt", "+447700900001\nann@example.com\n")
    environment_suppresses(ready, "all.txt")
    assert run(ready, "plan").json["skipped"] == {"suppressed": 1}


def test_the_sandbox_heeds_a_specs_list(ready: ProjectDir) -> None:
    done = ready.run("send", "hello.yaml", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["skipped"] == {"suppressed": 2}


def test_a_list_that_loses_people_while_it_sends_changes_nothing(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(2_000))
    ready.write("out.txt", "".join(f"+4477009{n:05d}\n" for n in range(1_000, 2_000)))

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            ready.write("out.txt", "")
        return Answer()

    server.decide = decide
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == len(server.posts) == 1_000
    assert done.json["skipped"] == {"suppressed": 1_000}


MAIL = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, to: "{{ email }}"}
suppress: [out.txt]
message:
  receiver:
    contacts:
      - {identifierKey: emailaddress, identifierValue: "{{ email }}"}
      - {identifierKey: emailaddress, identifierValue: "{{ other }}"}
  body: {type: text, text: {text: "Hi, the key is \\"identifierValue\\""}}
"""


def test_a_message_to_several_is_suppressed_where_one_of_them_is(ready: ProjectDir, server: CountingServer) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("platform: sms", "platform: email"))
    ready.write("hello.yaml", MAIL)
    ready.write("people.csv", "email,other\nann@example.com,bob@Example.com\ncy@example.com,dee@example.com\n")
    ready.write("out.txt", "BOB@example.com\n")
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert done.json["skipped"] == {"suppressed": 1}
    (post,) = server.posts
    assert [contact["identifierValue"] for contact in post.json["receiver"]["contacts"]] == [
        "cy@example.com",
        "dee@example.com",
    ]


def one_at_a_time(project_dir: ProjectDir) -> None:
    """One request in flight; what is in flight when a list changes can't be held back."""
    text = (project_dir.folder / "sendspec.yaml").read_text()
    project_dir.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 10, concurrency: 1"))


def test_whoever_opts_out_while_it_sends_is_not_claimed_any_more(ready: ProjectDir, server: CountingServer) -> None:
    ready.write("people.csv", numbers(60))
    one_at_a_time(ready)

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            with (ready.folder / "out.txt").open("a") as file:
                file.writelines(f"+4477009{n:05d}\n" for n in range(20, 60))
            time.sleep(1.2)  # the list is looked at once a second at most
        return Answer()

    server.decide = decide
    done = run(ready, "send", "--yes")
    assert done.code == 0, done.err
    assert len(server.posts) == 18
    assert done.json["skipped"] == {"suppressed": 42}
    assert done.json["totals"] == {
        "recipients": 60, "accepted": 18, "refused": 0, "in_doubt": 0, "not_sent": 0, "skipped": 42,
    }  # fmt: skip
    assert run(ready, "plan").json["skipped"] == {"already-accepted": 18, "suppressed": 42}


@pytest.mark.parametrize("broken", all_but([None], ["+4477009\n", None]), ids=["a broken entry", "no file"])
def test_a_list_that_breaks_while_it_sends_stops_the_run(
    ready: ProjectDir, server: CountingServer, broken: str | None
) -> None:
    ready.write("people.csv", numbers(60))
    one_at_a_time(ready)

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            (ready.folder / "out.txt").unlink()
            if broken is not None:
                ready.write("out.txt", broken)
            time.sleep(1.2)
        return Answer()

    server.decide = decide
    done = run(ready, "send", "--yes")
    assert done.code == 7, done.err
    assert done.json["error"]["code"] == "suppress-unreadable"
    totals = done.json["totals"]
    assert totals["accepted"] == len(server.posts) < 58
    assert (totals["in_doubt"], totals["recipients"]) == (0, 60)
    posted = len(server.posts)
    ready.write("out.txt", TWO)
    server.decide = lambda number, request: Answer()
    again = run(ready, "send", "--yes")
    assert again.code == 0, again.err
    assert len(server.posts) == 58
    assert again.json["skipped"] == {"already-accepted": posted, "suppressed": 2}


def test_a_list_that_is_missing_is_not_said_to_be_the_recipients(ready: ProjectDir, helpers: Any) -> None:
    ready.write("hello.yaml", helpers.SPEC + "suppress: [peopl.csv]\n")
    done = ready.run("validate", "hello.yaml", "--format", "json")
    [diagnostic] = [d for d in done.json["diagnostics"] if d["code"] == "file-missing"]
    assert "people.csv" not in diagnostic["fix"]
