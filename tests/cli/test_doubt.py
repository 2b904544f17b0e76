"""Messages in doubt: looked up at the API, settled by a person, never sent again by themselves."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest


@pytest.fixture
def ready(project: Any, helpers: Any) -> Any:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(20))
    return project


def send(project_dir: Any, *more: str) -> Any:
    return project_dir.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json", *more)


def in_doubt(project_dir: Any, server: Any, helpers: Any, *, taken: bool, person: str = "Person 3,") -> None:
    """A send whose answer for one person is lost; `taken` says whether the API took that message."""
    lost = helpers.Answer(drop=True, taken=taken)
    server.decide = lambda number, request: lost if person in request.json["body"]["text"]["text"] else helpers.Answer()
    done = send(project_dir)
    assert done.code == 4, done.err
    assert done.json["totals"]["in_doubt"] == 1
    server.decide = lambda number, request: helpers.Answer()


def ledger_of(project_dir: Any) -> sqlite3.Connection:
    return sqlite3.connect(project_dir.folder / ".sendspec" / "test.db")


def messages(project_dir: Any, *flags: str) -> list[dict[str, Any]]:
    return list(project_dir.run("status", "--env", "test", "--format", "json", *flags).json["messages"])


def test_reconcile_finds_what_the_api_took(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    (doubt,) = messages(ready, "--in-doubt")
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["totals"] == {
        "recipients": 20, "accepted": 20, "refused": 0, "in_doubt": 0, "not_sent": 0, "skipped": 0,
    }  # fmt: skip
    assert done.json["reconciled"]["found"] == [doubt["id"]]
    (taken,) = [message for message in server.taken if message["reference"] == doubt["id"]]
    (found,) = [message for message in messages(ready, "--messages") if message["id"] == doubt["id"]]
    assert found["remote_id"] == taken["id"]
    assert len(server.posts) == 20
    assert ready.run("reconcile", "--env", "test").code == 0


def test_what_the_api_does_not_list_stays_in_doubt_and_is_never_sent(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=False)
    done = ready.run("reconcile", "hello.yaml", "--env", "test", "--format", "json")
    assert done.code == 4
    assert done.json["totals"]["in_doubt"] == 1
    assert done.json["reconciled"]["left"] == 1
    again = send(ready)
    assert again.code == 4
    assert again.json["skipped"]["in-doubt-before"] == 1
    assert len(server.posts) == 20
    told = ready.run("send", "hello.yaml", "--env", "test", "--yes").err
    settling = 'sendspec resolve SPEC --as accepted --reason "how you know" --env test   # or --as not-sent'
    assert told.endswith(f"next: sendspec status --in-doubt --env test\n      {settling}\n")


def test_reconcile_names_who_is_left_in_doubt_and_what_settles_it(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=False)
    for words in ([], ["hello.yaml"], ["hello"]):
        done = ready.run("reconcile", *words, "--env", "test")
        assert "\n1 message is still in doubt:\n" in done.out
        assert "people.csv:5  " in done.out
        settle = 'sendspec resolve hello.yaml --as {} --reason "how you know" --env test'
        assert [line.strip() for line in done.err.split("next: ")[1].splitlines()] == [
            settle.format("accepted") + "   # if they have it",
            settle.format("not-sent") + "   # if they don't: the next send sends it",
        ]
    [listed] = ready.run("reconcile", "hello", "--env", "test", "--format", "json").json["messages"]
    assert listed["row"]["line"] == 5
    server.listing = lambda request: helpers.Answer(422, b"{}")
    unread = ready.run("reconcile", "--env", "test").err
    assert "next: sendspec reconcile hello.yaml --env test\n" in unread
    settled = ready.run("resolve", "hello.yaml", "--as", "not-sent", "--reason", "call", "--env", "test")
    assert settled.err.endswith("next: sendspec plan hello.yaml --env test\n")


def test_reconcile_knows_no_spec_of_another_name(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    done = ready.run("reconcile", "helo", "--env", "test")
    assert (done.code, done.out) == (0, "helo: never sent (test); did you mean 'hello'?\n")
    assert [message["state"] for message in messages(ready, "--in-doubt")] == ["in_doubt"]


def test_a_send_looks_up_the_doubts_of_its_spec_before_it_sends(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    ready.write("people.csv", helpers.numbers(22))
    done = send(ready)
    assert done.code == 0, done.err
    assert done.json["skipped"] == {"already-accepted": 20}
    assert done.json["totals"]["accepted"] == 2
    assert "had been accepted" in done.err
    assert len(server.posts) == 22


def test_a_list_that_can_not_be_read_settles_nothing(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    server.listing = lambda request: helpers.Answer(422, b'{"code": "NoList", "message": "no list today"}')
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 4
    assert "422 NoList" in done.json["reconciled"]["unread"][0]
    ready.write("people.csv", helpers.numbers(21))
    again = send(ready, "--no-witness")
    assert again.code == 4
    assert again.json["totals"]["accepted"] == 1


def test_reconcile_with_a_key_that_is_refused_exits_5(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    server.listing = lambda request: helpers.Answer(401, b'{"code": "Unauthorized", "message": "no"}')
    assert ready.run("reconcile", "--env", "test").code == 5


def test_pages_are_read_to_the_end_in_whatever_order_and_however_often_a_row_comes(
    ready: Any, server: Any, helpers: Any
) -> None:
    in_doubt(ready, server, helpers, taken=True)

    def pages(request: Any) -> Any:
        half = server.taken[::-1][:12], server.taken[:12]
        return server.page(half[1]) if "pageToken=more" in request.path else server.page(half[0], "more")

    server.listing = pages
    assert ready.run("reconcile", "--env", "test").code == 0


def test_the_same_reference_for_another_receiver_proves_nothing(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    stranger = {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+447700909999"}]}
    server.listing = lambda request: server.page([{**message, "receiver": stranger} for message in server.taken])
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 4
    assert len(done.json["reconciled"]["elsewhere"]) == 1
    assert "alarm" in done.err
    assert "447700909999" not in done.out + done.err


def test_a_message_listed_twice_is_an_alarm_and_one_acceptance(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    server.listing = lambda request: server.page([*server.taken, *({**m, "id": m["id"] + "-2"} for m in server.taken)])
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0
    assert len(done.json["reconciled"]["twice"]) == 20
    assert "alarm" in done.err
    assert done.json["totals"]["accepted"] == 20


def test_one_id_listed_for_two_messages_is_credited_to_neither(ready: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: helpers.Answer(drop=number <= 2, taken=number <= 2 or None)
    assert send(ready).json["totals"]["in_doubt"] == 2
    doubts = {message["reference"] for message in messages(ready, "--in-doubt")}
    for message in server.taken:
        if message["reference"] in doubts:
            message["id"] = "same"
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert (done.code, done.json["reconciled"]["found"]) == (4, []), done.out
    assert done.json["totals"]["in_doubt"] == 2


def test_an_id_that_a_look_up_credited_is_no_other_messages_answer(ready: Any, server: Any, helpers: Any) -> None:
    """The breaker opens, the look-up finds the doubts, and the probe's answer repeats the id of one of them."""
    repeated: list[str] = []

    def decide(number: int, request: Any) -> Any:
        if sum(each.method == "GET" for each in server.requests) <= 1:  # the witness's
            return helpers.Answer(drop=True, taken=True)
        repeated.append(server.taken[0]["id"])
        body = {**helpers.listed(request), "id": repeated[0]}
        return helpers.Answer(body=json.dumps(body).encode()) if len(repeated) == 1 else helpers.Answer()

    server.decide = decide
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 2, concurrency: 6"))
    done = send(ready)
    assert repeated
    assert (done.code, done.json["totals"]["in_doubt"]) == (4, 1), done.err


def test_a_message_listed_as_rejected_stays_in_doubt(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    server.listing = lambda request: server.page([{**message, "status": "rejected"} for message in server.taken])
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 4
    assert len(done.json["reconciled"]["rejected"]) == 1


def test_the_plan_says_what_resending_risks(ready: Any, helpers: Any) -> None:
    ready.write("hello.yaml", helpers.SPEC + "in_doubt: resend_if_absent\n")
    assert "gets it twice" in ready.run("plan", "hello.yaml", "--env", "test").err


@pytest.mark.parametrize(("word", "bucket"), [("accepted", "accepted"), ("skip", "skipped"), ("not-sent", "not_sent")])
def test_a_person_settles_a_doubt_with_a_reason_that_is_kept(
    ready: Any, server: Any, helpers: Any, word: str, bucket: str
) -> None:
    in_doubt(ready, server, helpers, taken=False)
    done = ready.run(
        "resolve", "hello.yaml", "--as", word, "--reason", "the log says so", "--env", "test", "--format", "json"
    )
    assert done.code == 0, done.err
    assert done.json["totals"]["in_doubt"] == 0
    assert done.json["totals"][bucket] == (20 if bucket == "accepted" else 1)
    with ledger_of(ready) as ledger:
        events = ledger.execute("SELECT origin, target, evidence FROM event ORDER BY number DESC LIMIT 1").fetchall()
    assert events[0][0] == "in_doubt"
    assert events[0][2] == "the log says so"
    again = send(ready)
    assert again.code == 0
    assert again.json["totals"]["accepted"] == (1 if word == "not-sent" else 0)
    assert ready.run("ledger", "check", "--env", "test").code == 0


def test_what_a_person_had_sent_again_goes_out_under_another_reference(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=False)
    (doubt,) = messages(ready, "--in-doubt")
    done = ready.run("resolve", doubt["id"], "--as", "not-sent", "--reason", "support says so", "--env", "test")
    assert done.code == 0, done.err
    sent = send(ready)
    assert (sent.code, sent.json["totals"]["accepted"]) == (0, 1)
    assert server.posts[-1].json["reference"] == doubt["id"] + "-2"
    (message,) = [m for m in messages(ready, "--messages") if m["id"] == doubt["id"]]
    assert (message["state"], message["reference"], message["attempt"]) == ("accepted", doubt["id"] + "-2", 2)


def test_a_person_who_was_wrong_is_stopped_by_the_list(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=True)
    (doubt,) = messages(ready, "--in-doubt")
    hidden = server.listing
    server.listing = lambda request: server.page([])
    assert ready.run("resolve", doubt["id"], "--as", "not-sent", "--reason", "a guess", "--env", "test").code == 0
    server.listing = hidden
    done = send(ready)
    assert done.code == 6
    assert "ledger-rolled-back" in done.err
    assert len(server.posts) == 20
    assert send(ready).code == 0
    assert len(server.posts) == 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["m" + "0" * 32, "--as", "accepted", "--reason", "x"], "not in the ledger"),
        (["hello.yaml", "--as", "accepted", "--reason", " "], "write it down"),
        (["hello.yaml", "--as", "accepted"], "--reason"),
        (["hello.yaml", "--as", "sent", "--reason", "x"], "accepted"),
        (["--as", "accepted", "--reason", "x"], "SPEC|ID"),
    ],
)
def test_resolving_what_is_not_in_doubt_is_refused(ready: Any, arguments: list[str], words: str) -> None:
    assert send(ready).code == 0
    done = ready.run("resolve", *arguments, "--env", "test")
    assert done.code == 2
    assert words in done.err


def test_resolving_a_spec_without_doubts_changes_nothing(ready: Any) -> None:
    assert send(ready).code == 0
    done = ready.run("resolve", "hello.yaml", "--as", "not-sent", "--reason", "x", "--env", "test")
    assert (done.code, done.err) == (0, "0 messages settled as not-sent\n")
    assert send(ready).json["skipped"] == {"already-accepted": 20}


def test_a_dead_owners_messages_are_in_doubt_at_the_next_start(ready: Any, server: Any, helpers: Any) -> None:
    assert send(ready).code == 0
    with ledger_of(ready) as ledger:
        checksum = "row_checksum(id, spec, 'sending', digest, reference, receiver, attempt + (resend << 32), remote_id, first_claimed_at)"
        from sendspec.ledger.sqlite.tables import row_checksum

        ledger.create_function("row_checksum", 9, row_checksum, deterministic=True)
        ledger.execute(f"UPDATE message SET state = 'sending', checksum = {checksum}")
        ledger.execute(
            "INSERT INTO event (message, at, run, attempt, origin, target)"
            " SELECT number, updated_at, run, attempt, 'accepted', 'sending' FROM message"
        )
    status = ready.run("status", "--env", "test", "--format", "json")
    assert status.json["totals"]["in_doubt"] == 20
    done = ready.run("reconcile", "--env", "test", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == 20


def test_the_witness_stops_a_ledger_that_is_behind_and_marks_what_was_sent(
    ready: Any, server: Any, helpers: Any
) -> None:
    path = ready.folder / ".sendspec" / "test.db"
    early = path.read_bytes()
    assert send(ready).code == 0
    for name in ("test.db-wal", "test.db-shm", "test.db.epoch"):
        (path.parent / name).unlink(missing_ok=True)
    path.write_bytes(early)  # restored, and its mirror lost with the machine
    done = send(ready)
    assert done.code == 6
    assert "the API accepted 20 messages" in done.err
    assert done.json["error"]["code"] == "ledger-rolled-back"
    assert len(server.posts) == 20
    again = send(ready)
    assert again.code == 0
    assert again.json["skipped"] == {"already-accepted": 20}
    assert len(server.posts) == 20


def test_every_run_that_was_begun_has_its_end_noted(ready: Any, server: Any, helpers: Any) -> None:
    in_doubt(ready, server, helpers, taken=False)
    assert send(ready).code == 4
    assert ready.run("reconcile", "--env", "test").code == 4
    assert ready.run("resolve", "hello.yaml", "--as", "skip", "--reason", "x", "--env", "test").code == 0
    assert ready.run("ledger", "purge", "--env", "test", "--older-than", "1d").code == 0
    with ledger_of(ready) as ledger:
        runs = ledger.execute("SELECT command, ending, ended_at >= started_at FROM run ORDER BY number").fetchall()
    assert [command for command, _, _ in runs] == [
        "sendspec send", "sendspec send", "sendspec reconcile", "sendspec resolve", "sendspec ledger purge",
    ]  # fmt: skip
    assert all(ending == "finished" and ended for _, ending, ended in runs)


@pytest.mark.parametrize(
    ("date", "told"), [("Mon, 01 Jan 2035 00:00:00 GMT", True), ("yesterday", False), (None, False)]
)
def test_a_clock_that_differs_from_the_apis_is_told(
    ready: Any, server: Any, helpers: Any, date: str | None, told: bool
) -> None:
    headers = {} if date is None else {"Date": date}
    server.listing = lambda request: helpers.Answer(200, b'{"results": []}', headers)
    done = send(ready)
    assert done.code == 0
    assert ("s apart; set the clock" in done.err) is told


def test_without_the_witness_the_output_says_so(ready: Any, server: Any) -> None:
    done = send(ready, "--no-witness")
    assert done.code == 0
    assert "--no-witness" in done.err
    assert len(server.requests) == 20


def test_the_witness_knows_references_of_the_users_own(project: Any, server: Any, helpers: Any) -> None:
    project.write("hello.yaml", helpers.SPEC.replace("  body:", '  reference: "order-{{ order_id }}"\n  body:'))
    project.write("people.csv", helpers.numbers(3))
    path = project.folder / ".sendspec" / "test.db"
    early = path.read_bytes()
    assert send(project).code == 0
    for name in ("test.db-wal", "test.db-shm", "test.db.epoch"):
        (path.parent / name).unlink(missing_ok=True)
    path.write_bytes(early)
    assert send(project).code == 6
    assert len(server.posts) == 3


def test_retry_sends_exactly_what_was_refused_with_the_text_of_today(ready: Any, server: Any, helpers: Any) -> None:
    no = helpers.Answer(422, b'{"code": "x", "message": "no such number"}')
    server.decide = lambda number, request: (
        no if "Person 3," in request.json["body"]["text"]["text"] else helpers.Answer()
    )
    assert send(ready).code == 3
    server.decide = lambda number, request: helpers.Answer()
    ready.write("people.csv", helpers.numbers(25))
    ready.write("hello.yaml", helpers.SPEC.replace("Hi", "Dear"))
    planned = ready.run("plan", "hello.yaml", "--env", "test", "--format", "json")
    assert planned.json["totals"]["send"] == 5
    done = send(ready, "--retry", "refused")
    assert done.code == 3, done.err  # others are left out
    assert done.json["totals"]["accepted"] == 1
    assert done.json["skipped"] == {"drift": 19, "not-chosen": 5}
    assert len(server.posts) == 21
    assert server.posts[-1].json["body"]["text"]["text"].startswith("Dear Person 3,")
    assert server.posts[-1].json["reference"] == next(
        post.json["reference"] for post in server.posts if "Hi Person 3," in post.json["body"]["text"]["text"]
    )


def test_retry_sends_exactly_what_was_planned_and_not_sent(ready: Any, server: Any, helpers: Any) -> None:
    stop = helpers.Answer(401, b'{"code": "Unauthorized", "message": "no"}')
    server.decide = lambda number, request: stop if number > 12 else helpers.Answer()
    assert send(ready).code == 5
    left = ready.run("status", "--env", "test", "--format", "json").json["totals"]["not_sent"]
    assert left > 0
    server.decide = lambda number, request: helpers.Answer()
    ready.write("people.csv", helpers.numbers(25))
    done = send(ready, "--retry", "not-sent")
    assert done.code == 3, done.err  # others are left out
    assert done.json["totals"]["accepted"] == left
    assert done.json["skipped"] == {"already-accepted": 20 - left, "not-chosen": 5}


def test_lists_come_as_table_json_and_csv(ready: Any, server: Any, helpers: Any) -> None:
    no = helpers.Answer(422, b'{"code": "=1+1", "message": "no such number"}')
    server.decide = lambda number, request: (
        no if "Person 3," in request.json["body"]["text"]["text"] else helpers.Answer()
    )
    assert send(ready).code == 3
    table = ready.run("status", "--env", "test", "--failed")
    assert "refused" in table.out
    listed = messages(ready, "--failed")
    assert [m["state"] for m in listed] == ["refused"]
    csv = ready.run("status", "--env", "test", "--failed", "--format", "csv").out.splitlines()
    assert csv[0].startswith("id,spec,generation,state,receiver,")
    assert len(csv) == 2
    assert csv[1].startswith(listed[0]["id"] + ",hello,1,refused,'+44")
    everything = ready.run("status", "--env", "test", "--format", "csv").out.splitlines()
    assert len(everything) == 21


def test_purging_forgets_who_and_what_but_not_that_it_was_sent(ready: Any, server: Any) -> None:
    assert send(ready).code == 0
    with ledger_of(ready) as ledger:
        ledger.execute("UPDATE message SET updated_at = updated_at - 91 * 86400")
    assert ready.run("ledger", "purge", "--env", "test", "--older-than", "92d").out == "purged 0 messages\n"
    assert ready.run("ledger", "purge", "--env", "test", "--older-than", "90d").out == "purged 20 messages\n"
    assert {m["receiver"] for m in messages(ready, "--messages")} == {""}
    assert ready.run("ledger", "check", "--env", "test").code == 0
    again = send(ready)
    assert again.json["skipped"] == {"already-accepted": 20}
    assert len(server.posts) == 20


@pytest.mark.parametrize("age", ["", "0d", "90", "d", "-1d", "1y"])
def test_an_age_that_is_no_number_of_days_is_refused(ready: Any, age: str) -> None:
    assert ready.run("ledger", "purge", "--env", "test", "--older-than", age).code == 2


def test_doubts_that_stop_the_run_are_looked_up_before_the_probe(ready: Any, server: Any, helpers: Any) -> None:
    def lost_until_looked_up(number: int, request: Any) -> Any:
        lists = sum(request.method == "GET" for request in server.requests)
        return helpers.Answer() if lists > 1 else helpers.Answer(drop=True, taken=True)  # the first is the witness's

    server.decide = lost_until_looked_up
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 2, concurrency: 6"))
    done = send(ready)
    assert done.code == 0, done.err + json.dumps(done.json["totals"])
    assert done.json["totals"]["accepted"] == 20
    assert len(server.posts) == 20
    assert sum(request.method == "GET" for request in server.requests) == 2
