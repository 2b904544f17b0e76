"""People who said stop: by a reply, a list or a person's word; planned, looked at again while it sends, and counted."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but
from project_dir import CHANNEL, SECRET, SPEC, Answer, CountingServer, Done, ProjectDir, Request, numbers
from webhook_requests import captured, reply_event

OTHER_CHANNEL = "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b02"
REASON = ("--reason", "wrote to support")


class Replies:
    """What people replied, as the API lists it, each to a channel."""

    def __init__(self, server: CountingServer) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.looks: list[Request] = []
        self.fails: Answer | None = None
        server.listing = self.answer
        self._server = server

    def add(self, number: int, text: str, channel: str = CHANNEL, at: float | None = None) -> str:
        moment = datetime.fromtimestamp(time.time() if at is None else at, UTC).isoformat(timespec="milliseconds")
        identity = f"00000000-0000-4000-8000-{len(self.entries):012}"
        entry = {
            "id": identity,
            "channelId": channel,
            "direction": "incoming",
            "status": "delivered",
            "sender": {"contact": {"identifierKey": "phonenumber", "identifierValue": f"+4477009{number:05d}"}},
            "body": {"type": "text", "text": {"text": text}},
            "createdAt": moment.replace("+00:00", "Z"),
        }
        self.entries.append((channel, entry))
        return identity

    def answer(self, request: Request) -> Answer:
        if "direction=incoming" not in request.path:
            return self._server.page(self._server.taken)
        self.looks.append(request)
        if self.fails is not None:
            return self.fails
        channel = next(each for each in (CHANNEL, OTHER_CHANNEL) if each in request.path)
        return self._server.page([entry for where, entry in self.entries if where == channel])


@pytest.fixture
def replies(server: CountingServer) -> Replies:
    return Replies(server)


@pytest.fixture
def ready(project: ProjectDir) -> ProjectDir:
    """A project with six people, and a spec that heeds opt-outs."""
    project.write("hello.yaml", SPEC + "suppress: {opt_outs: true}\n")
    project.write("people.csv", numbers(6))
    return project


def run(project_dir: ProjectDir, *command: str) -> Any:
    return project_dir.run(*command, "--env", "test", "--format", "json")


def reached(server: CountingServer) -> list[str]:
    return sorted(post.json["receiver"]["contacts"][0]["identifierValue"][-1] for post in server.posts)


def totals(accepted: int, skipped: int, not_sent: int = 0) -> dict[str, int]:
    return {
        "recipients": accepted + skipped + not_sent, "accepted": accepted, "refused": 0, "in_doubt": 0, "not_sent": not_sent,
        "skipped": skipped,
    }  # fmt: skip


def add_channel(project_dir: ProjectDir) -> None:
    text = (project_dir.folder / "sendspec.yaml").read_text()
    more = text.replace("      sms:", "      other:").replace(CHANNEL, OTHER_CHANNEL)
    project_dir.write("sendspec.yaml", text + more[more.index("      other:") :])


def one_at_a_time(project_dir: ProjectDir) -> None:
    text = (project_dir.folder / "sendspec.yaml").read_text()
    project_dir.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 60, concurrency: 1"))


def kept_bytes(project_dir: ProjectDir) -> dict[str, bytes]:
    folder = project_dir.folder / ".sendspec"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_who_replied_stop_since_the_last_run_gets_nothing_and_is_counted(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    replies.add(1, "STOP")
    replies.add(2, "please never stop")
    planned = run(ready, "plan", "hello.yaml")
    assert planned.json["totals"]["send"] == 6, "a plan asks the API nothing"
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.code == 0, done.err
    assert reached(server) == ["0", "2", "3", "4", "5"]
    assert (done.json["totals"], done.json["skipped"]) == (totals(5, 1), {"opted-out": 1})
    assert len(replies.looks) == 1
    again = run(ready, "plan", "hello.yaml")
    assert again.json["skipped"] == {"already-accepted": 5, "opted-out": 1}
    assert again.json["specs"][0]["opt_outs"] == {"recipients": 1, "known": 1}
    assert again.json["left"] == 0
    replies.add(1, "Start!")
    server.taken.clear()  # the witness has nothing to say of them
    assert run(ready, "opt-outs", "list").json["maybe"] == 1


def test_a_start_lets_the_next_send_reach_somebody_who_had_said_stop(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    replies.add(1, "STOP", at=time.time() - 60)
    run(ready, "send", "hello.yaml", "--yes")
    replies.add(1, "START")
    done = run(ready, "opt-outs", "list", "--refresh")
    assert (done.code, done.json["opt_outs"]) == (0, [])
    assert run(ready, "send", "hello.yaml", "--yes").json["totals"] == totals(1, 5)
    assert reached(server) == list("012345")


@pytest.mark.parametrize("ground", ["add", "import"])
def test_a_start_never_lifts_what_a_person_or_a_list_has_set(
    ready: ProjectDir, server: CountingServer, replies: Replies, ground: str
) -> None:
    ready.write("never.txt", "+447700900001\n")
    who = "+447700900001" if ground == "add" else "never.txt"
    assert run(ready, "opt-outs", ground, who).json["changed"] == 1
    replies.add(1, "STOP", at=time.time() + 1)
    replies.add(1, "START", at=time.time() + 2)
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.json["skipped"] == {"opted-out": 1}
    assert reached(server) == ["0", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("spec", "environment", "skipped"),
    all_but(
        [("{opt_outs: true, scope: channel}", "", 1), ("{opt_outs: false}", "{opt_outs: true}", 2), ("[]", "[]", 0)],
        [
            ("{opt_outs: true}", "", 2),
            ("{opt_outs: true, scope: environment}", "", 2),
            ("{opt_outs: true, scope: channel}", "", 1),
            ("{opt_outs: false}", "{opt_outs: true}", 2),
            ("[]", "{opt_outs: true, scope: channel}", 1),
            ("{opt_outs: true}", "{opt_outs: true, scope: channel}", 2),
            ("{opt_outs: false}", "", 0),
            ("[]", "[]", 0),
        ],
    ),
)
def test_whose_opt_outs_count_is_said_by_the_spec_and_its_environment(
    ready: ProjectDir, replies: Replies, spec: str, environment: str, skipped: int
) -> None:
    add_channel(ready)
    replies.add(1, "STOP")
    replies.add(2, "STOP", OTHER_CHANNEL)
    ready.write("hello.yaml", SPEC + f"suppress: {spec}\n")
    if environment:
        text = (ready.folder / "sendspec.yaml").read_text()
        ready.write("sendspec.yaml", text + f"    suppress: {environment}\n")
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.json["skipped"] == ({"opted-out": skipped} if skipped else {})
    assert bool(replies.looks) is bool(skipped)


def test_suppressed_wins_over_opted_out_and_only_to_over_both(ready: ProjectDir) -> None:
    ready.write("out.txt", "+447700900001\n+447700900002\n")
    ready.write("hello.yaml", SPEC + "suppress: {files: [out.txt], opt_outs: true}\n")
    text = (ready.folder / "sendspec.yaml").read_text()
    people = [f"+4477009{n:05d}" for n in (2, 3, 4)]
    ready.write("sendspec.yaml", text + f"    only_to: {json.dumps(people)}\n")
    run(ready, "opt-outs", "add", *[f"+4477009{n:05d}" for n in (1, 2, 3)])
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"only-to": 3, "suppressed": 1, "opted-out": 1}


MAIL = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, to: "{{ email }}"}
suppress: {opt_outs: true}
message:
  receiver:
    contacts:
      - {identifierKey: emailaddress, identifierValue: "{{ email }}"}
      - {identifierKey: emailaddress, identifierValue: "{{ other }}"}
  body: {type: text, text: {text: "Hi"}}
"""


def test_a_message_to_several_is_skipped_where_one_has_opted_out_in_any_case_of_letters(ready: ProjectDir) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text.replace("platform: sms", "platform: email"))
    ready.write("hello.yaml", MAIL)
    ready.write("people.csv", "email,other\nann@example.com,Bob@example.com\ncy@example.com,dee@example.com\n")
    run(ready, "opt-outs", "add", "BOB@example.com")
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"opted-out": 1}


@pytest.mark.parametrize(
    "answer", all_but([Answer(502), Answer(403)], [Answer(502), Answer(200, b"[]"), Answer(401), Answer(403)])
)
def test_replies_that_can_not_be_read_before_a_send_stop_it(
    ready: ProjectDir, server: CountingServer, replies: Replies, answer: Answer
) -> None:
    replies.fails = answer
    assert "nothing was sent" not in ready.run("opt-outs", "list", "--refresh", "--env", "test").err
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.code == (5 if answer.status in (401, 403) else 3), done.out
    assert server.posts == []
    assert done.json["error"]["code"] == ("list-refused" if answer.status in (401, 403) else "list-unread")
    replies.fails = None
    assert run(ready, "send", "hello.yaml", "--yes").json["totals"] == totals(6, 0)


def test_a_person_may_send_without_looking_at_replies(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    replies.fails = Answer(403)
    done = run(ready, "send", "hello.yaml", "--yes", "--no-witness")
    assert (done.code, len(server.posts)) == (0, 6)
    assert "replies were not read" in done.err


def test_who_opts_out_while_it_sends_is_not_claimed_any_more(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    ready.write("people.csv", numbers(60))
    one_at_a_time(ready)
    stopped = [f"+4477009{n:05d}" for n in range(20, 60)]

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            added = run(ready, "opt-outs", "add", *stopped)
            assert added.json["changed"] == 40, added.err
            lifted = run(ready, "opt-outs", "remove", stopped[0], *REASON)
            assert lifted.json["changed"] == 1, lifted.err
            replies.add(21, "START", at=time.time() + 5)
            replies.add(5, "STOP", at=time.time())
            replies.add(5, "START", at=time.time() + 5)
            assert run(ready, "opt-outs", "list", "--refresh").code == 0
            time.sleep(1.2)  # they are looked at once a second at most
        return Answer()

    server.decide = decide
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.code == 0, done.err
    assert len(server.posts) == 21
    assert (done.json["totals"], done.json["skipped"]) == (totals(21, 39), {"opted-out": 39})
    again = run(ready, "plan", "hello.yaml").json
    assert (again["skipped"], again["left"]) == ({"already-accepted": 21, "opted-out": 39}, 0)
    assert "of them, 39 are to people who have opted out" in ready.run("status", "--env", "test").out
    run(ready, "opt-outs", "remove", stopped[1], *REASON)
    server.decide = lambda number, request: Answer()
    assert run(ready, "send", "hello.yaml", "--yes").json["totals"] == totals(1, 59)
    assert len(server.posts) == 22


def test_a_stop_counts_while_it_waits_in_a_receivers_spool(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    ready.write("people.csv", numbers(60))
    one_at_a_time(ready)
    spool = ready.folder / ".sendspec/webhooks-test.jsonl"
    spool.write_text(captured(reply_event("+447700900059", "STOP")))
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"opted-out": 1}

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            spool.write_text("".join(captured(reply_event(f"+4477009{n:05d}", "STOP", f"r{n}")) for n in range(20, 60)))
            time.sleep(1.2)  # it is looked at once a second at most
        return Answer()

    server.decide = decide
    done = run(ready, "send", "hello.yaml", "--yes")
    assert (done.code, len(server.posts)) == (0, 20), done.err
    assert done.json["skipped"] == {"opted-out": 40}
    spool.chmod(0o666)
    for command in (("plan", "hello.yaml"), ("send", "hello.yaml", "--yes")):
        refused = run(ready, *command)
        assert (refused.code, refused.json["error"]["code"]) == (6, "spool-unread")
    assert len(server.posts) == 20


def _lost(store: Path) -> None:
    for path in store.parent.glob(f"{store.name}*"):
        path.unlink()


def _broken(store: Path) -> None:
    store.write_bytes(b"x" * 100)


@pytest.mark.parametrize("harm", all_but([_lost], [_lost, _broken]))
def test_opt_outs_that_are_lost_while_it_sends_stop_the_run(
    ready: ProjectDir, server: CountingServer, replies: Replies, harm: Any
) -> None:
    store = ready.folder / ".sendspec" / "test.db.delivery"
    ready.write("people.csv", numbers(60))
    one_at_a_time(ready)
    run(ready, "opt-outs", "add", "+447700900059")
    whole = {path: path.read_bytes() for path in store.parent.glob(f"{store.name}*")}

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            harm(store)
            time.sleep(1.2)
        return Answer()

    server.decide = decide
    done = run(ready, "send", "hello.yaml", "--yes")
    assert done.code == 6, done.err
    assert done.json["error"]["code"] in ("opt-outs-lost", "ledger-damaged")
    posted = len(server.posts)
    assert done.json["totals"]["accepted"] == posted < 59
    server.decide = lambda number, request: Answer()
    assert run(ready, "send", "hello.yaml", "--yes").code == 6
    assert len(server.posts) == posted
    _lost(store)
    for path, content in whole.items():
        path.write_bytes(content)
    again = run(ready, "send", "hello.yaml", "--yes")
    assert (again.code, len(server.posts)) == (0, 59), again.err


def test_an_opt_out_voids_no_approved_plan(ready: ProjectDir, server: CountingServer, replies: Replies) -> None:
    before = run(ready, "plan", "hello.yaml", "--out", "plan.json").json
    run(ready, "opt-outs", "add", "+447700900001")
    replies.add(2, "stop")
    done = run(ready, "send", "--plan", "plan.json", "--yes")
    assert done.code == 0, done.out + done.err
    assert (done.json["totals"], done.json["skipped"]) == (totals(4, 2), {"opted-out": 2})
    assert reached(server) == ["0", "3", "4", "5"]
    del before


def test_the_list_names_nobody_and_a_persons_word_settles_a_reply(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    add_channel(ready)
    first = replies.add(1, "Please stop texting me")
    second = replies.add(2, "don't stop!", OTHER_CHANNEL)
    replies.add(3, "STOP")
    looked = run(ready, "opt-outs", "list", "--refresh", "--maybe", "hello.yaml")
    assert looked.code == 0, looked.err
    assert [one["ground"] for one in looked.json["opt_outs"]] == ["keyword"]
    assert [(one["id"], one["masked"], one["channel"]) for one in looked.json["maybes"]] == [
        (first, "+44••••••01", "sms"),
        (second, "+44••••••02", "other"),
    ]
    assert [one["row"]["line"] for one in looked.json["maybes"]] == [3, 4]
    assert looked.json["opt_outs"][0]["row"]["table"] == "people.csv"
    assert "row" not in run(ready, "opt-outs", "list").json["opt_outs"][0]
    text = ready.run("opt-outs", "list", "hello.yaml", "--env", "test").out
    assert text.splitlines()[0].split() == ["who", "row", "ground", "when", "channel", "evidence"]
    assert "+44••••••03  people.csv:5  keyword  " in text
    assert run(ready, "opt-outs", "add", "--message", first).json["changed"] == 1
    assert run(ready, "opt-outs", "remove", "--message", second, *REASON).json == {
        "schema": "sendspec.opt-outs-change/1", "environment": "test", "action": "remove", "changed": 1, "known": 0,
        "against_their_word": 0,
    }  # fmt: skip
    listed = run(ready, "opt-outs", "list", "--maybe").json
    assert (listed["maybe"], len(listed["opt_outs"])) == (0, 2)
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"opted-out": 2}
    unknown = run(ready, "opt-outs", "add", "--message", "00000000-0000-4000-8000-00000000ffff")
    assert unknown.code == 2


def test_a_message_that_failed_for_an_opt_out_waits_for_a_person_and_is_settled_once(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    run(ready, "send", "hello.yaml", "--yes")
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    taken = sorted(server.taken, key=lambda one: json.dumps(one["receiver"]))
    for message in taken[:4]:
        reason = {"code": 14000, "source": {"name": "contact"}}
        message |= {"status": "sending_failed", "lastStatusAt": moment, "failure": reason}
    ids = [message["id"] for message in taken[:4]]
    run(ready, "opt-outs", "add", f"+4477009{3:05d}")
    refreshed = ("status", "hello.yaml", "--delivery", "--refresh")
    assert run(ready, *refreshed).json["delivery"]["undelivered"] == 4
    looked = run(ready, "opt-outs", "list", "--maybe").json
    found = [(one["id"], one["masked"], one["ground"], one["channel"]) for one in looked["maybes"]]
    assert sorted(found) == sorted((ids[n], f"+44••••••0{n}", "failure", "sms") for n in range(3)), "3 is known already"
    assert looked["opt_outs"][0]["ground"] == "hand"
    assert run(ready, "opt-outs", "add", "--message", ids[0]).json["changed"] == 1
    assert run(ready, "opt-outs", "remove", "--message", ids[1], *REASON).json["changed"] == 1
    replies.add(2, "START", at=time.time() + 5)
    run(ready, "opt-outs", "list", "--refresh")
    for message in taken[:4]:
        message["lastStatusAt"] = "2026-11-29T10:00:00Z"
    taken[5] |= {"status": "sent"}
    run(ready, *refreshed)
    listed = run(ready, "opt-outs", "list", "--maybe").json
    assert (listed["maybe"], len(listed["opt_outs"])) == (0, 2)
    assert listed["signals"] == 4 + 1 + 2 + 1, "four failures, a person's word three times, a START"


def test_a_stop_that_can_not_be_fully_read_counts_or_waits_for_a_person(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    for number in range(1, 6):
        replies.add(number, "STOP")
    entries = [entry for _, entry in replies.entries]
    contacts = [entry["sender"]["contact"] for entry in entries]
    contacts[0] |= {"identifierValue": "ann@example.com", "platformAddress": contacts[0]["identifierValue"]}
    contacts[1]["identifierValue"] = int(contacts[1]["identifierValue"])
    entries[2] |= {"id": None, "createdAt": None, "direction": None}
    contacts[3]["identifierValue"] = "07700900004"
    entries[4] |= {"id": None, "sender": None}
    done = run(ready, "send", "hello.yaml", "--yes")
    assert (done.code, done.json["skipped"]["opted-out"]) == (0, 3)
    assert "2 replies that may be opt-outs name nobody" in done.err
    run(ready, "opt-outs", "list", "--refresh")
    assert reached(server) == ["0", "4", "5"]
    looked = run(ready, "opt-outs", "list", "--maybe", "hello.yaml").json
    assert (looked["signals"], [one["receiver"] for one in looked["maybes"]]) == (6, [None, None])
    ids = [one["id"] for one in looked["maybes"]]
    assert entries[3]["id"] in ids
    refused = run(ready, "opt-outs", "add", "--message", entries[3]["id"])
    assert (refused.code, "inbox" in refused.err) == (2, True)
    both = run(ready, "opt-outs", "add", "+447700900004", "--message", entries[3]["id"])
    assert (both.json["changed"], both.json["known"]) == (1, 0)
    unnamed = next(each for each in ids if each != entries[3]["id"])
    assert run(ready, "opt-outs", "remove", "--message", unnamed, *REASON).json["changed"] == 1
    assert run(ready, "opt-outs", "list").json["maybe"] == 0


def test_replies_count_on_every_platform_that_has_them(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    add_channel(ready)
    text = (ready.folder / "sendspec.yaml").read_text()
    first, second = text.index("platform: sms"), text.rindex("platform: sms")
    assert first != second
    ready.write("sendspec.yaml", text[:second] + text[second:].replace("platform: sms", "platform: whatsapp", 1))
    replies.add(1, "STOP")
    replies.add(2, "STOP", OTHER_CHANNEL)
    ready.write("hello.yaml", SPEC.replace("channel: sms", "channel: other") + "suppress: {opt_outs: true}\n")
    done = run(ready, "send", "hello.yaml", "--yes")
    assert (done.code, done.json["skipped"], reached(server)) == (0, {"opted-out": 1}, list("01345"))
    assert [OTHER_CHANNEL in look.path for look in replies.looks] == [True], "an SMS doesn't count on WhatsApp"
    assert len(run(ready, "opt-outs", "list", "--refresh").json["opt_outs"]) == 2
    ready.write("sendspec.yaml", (ready.folder / "sendspec.yaml").read_text().replace("whatsapp", "push"))
    replies.looks.clear()
    run(ready, "opt-outs", "list", "--refresh")
    assert [OTHER_CHANNEL in look.path for look in replies.looks] == [False], "nobody can answer a push message"


def test_lifting_what_somebody_said_needs_a_reason_and_is_warned_of(ready: ProjectDir, replies: Replies) -> None:
    replies.add(1, "STOP", at=time.time() + 30)  # the API's clock may be ahead
    run(ready, "opt-outs", "list", "--refresh")
    assert ready.run("opt-outs", "remove", "+447700900001", "--env", "test").code == 2
    done = run(ready, "opt-outs", "remove", "+447700900001", *REASON)
    assert (done.code, done.json["against_their_word"]) == (0, 1)
    assert "1 person had opted out in a reply" in done.err
    assert run(ready, "opt-outs", "list").json["opt_outs"] == []
    again = run(ready, "opt-outs", "remove", "+447700900001", *REASON)
    assert (again.json["changed"], again.json["known"]) == (0, 1)
    old = run(ready, "opt-outs", "add", "+447700900001", "--at", "2026-01-02T03:04:05+00:00")
    assert (old.json["changed"], len(run(ready, "opt-outs", "list").json["opt_outs"])) == (1, 1), (
        "the newer word counts"
    )


def test_a_list_is_imported_whole_or_not_at_all_and_once(ready: ProjectDir) -> None:
    ready.write("never.csv", "name,phone,email\nAnn,+44 7700 900001,\nBob,,bob@example.com\nCy,0770090,\n")
    broken = run(ready, "opt-outs", "import", "never.csv")
    assert (broken.code, [each["code"] for each in broken.json["diagnostics"]]) == (1, ["suppress-entry"])
    assert run(ready, "opt-outs", "list").json["signals"] == 0
    ready.write("never.csv", "name,phone,email\nAnn,07700 900001,\nBob,,bob@example.com\nCy,+447700900002,\n")
    done = run(ready, "opt-outs", "import", "never.csv", "--country", "GB")
    assert (done.json["changed"], done.json["known"]) == (3, 0)
    again = run(ready, "opt-outs", "import", "never.csv", "--country", "GB")
    assert (again.json["changed"], again.json["known"]) == (0, 3)
    assert run(ready, "opt-outs", "list").json["signals"] == 3
    run(ready, "opt-outs", "remove", "+447700900002", *REASON)
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"opted-out": 1}
    assert run(ready, "opt-outs", "import", "never.csv", "--country", "GB").json["changed"] == 1
    assert run(ready, "plan", "hello.yaml").json["skipped"] == {"opted-out": 2}


def test_an_own_file_gets_the_addresses_and_nothing_else_does(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", text + "    suppress: {opt_outs: {append: data/opted-out.csv}}\n")
    ready.write("data/.keep", "")
    replies.add(1, "STOP")
    replies.add(2, "never stop, canary text")
    assert run(ready, "send", "hello.yaml", "--yes").json["skipped"] == {"opted-out": 1}
    run(ready, "opt-outs", "add", "+447700900003", "--reason", "rang from +44 7700 900003, bob@example.com")
    run(ready, "opt-outs", "list", "--refresh")
    own = ready.folder / "data" / "opted-out.csv"
    rows = own.read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["phone", "+447700900001", "+447700900003"]
    assert own.stat().st_mode & 0o777 == 0o600
    exported = ready.run("opt-outs", "export", "--env", "test")
    assert exported.out.startswith("receiver,ground,at,channel,evidence,noted_at\n")
    everything = {**kept_bytes(ready), "export": exported.out.encode(), "errors": exported.err.encode()}
    for canary in (
        b"7700900001",
        b"7700900002",
        b"7700900003",
        b"7700 900003",
        b"canary text",
        b"bob@example",
        SECRET.encode(),
    ):
        assert [name for name, content in everything.items() if canary in content] == []


def test_it_works_while_a_run_holds_the_ledger(ready: ProjectDir, server: CountingServer, replies: Replies) -> None:
    seen: list[Done] = []

    def decide(number: int, request: Request) -> Answer:
        if number == 1:
            seen.append(run(ready, "opt-outs", "add", "+447700900099"))
            seen.append(run(ready, "opt-outs", "list"))
            seen.append(run(ready, "opt-outs", "remove", "+447700900099", *REASON))
        return Answer()

    server.decide = decide
    assert run(ready, "send", "hello.yaml", "--yes").code == 0
    assert [done.code for done in seen] == [0, 0, 0]


def test_a_change_says_whom_it_is_about_and_what_was_so_already(ready: ProjectDir, replies: Replies) -> None:
    def said(*command: str) -> str:
        return ready.run("opt-outs", *command, "--env", "test").out

    assert said("add", "+447700900003", "+447700900004") == "2 people opted out: +44••••••03, +44••••••04\n"
    assert said("add", "+447700900003", "+447700900005") == (
        "1 person opted out: +44••••••05; 1 person had opted out already\n"
    )
    assert said("add", "+447700900003") == "nothing to change: 1 person had opted out already\n"
    assert said("remove", "+447700900003", *REASON) == "1 person may get messages again: +44••••••03\n"
    assert said("remove", "+447700900003", *REASON) == "nothing to change: 1 person had not opted out\n"
    identity = replies.add(1, "no more")
    run(ready, "opt-outs", "list", "--refresh")
    assert said("remove", "--message", identity, *REASON) == "1 settled: it is no opt-out\n"
    refused = ready.run("opt-outs", "add", "07700900003", "--env", "test")
    assert (refused.code, "--country GB" in refused.err) == (2, True)
    assert said("list", "nobody") == ""


def test_where_there_is_no_ledger_the_list_says_so(ready: ProjectDir) -> None:
    listed = ready.run("opt-outs", "list", "--env", "test")
    assert "no ledger" not in listed.err
    (ready.folder / "sendspec.lock").unlink()
    for file in (ready.folder / ".sendspec").iterdir():
        file.unlink()
    listed = ready.run("opt-outs", "list", "--env", "test")
    assert (listed.code, "'test' has no ledger yet" in listed.err) == (0, True)


def test_a_sent_specs_name_stands_for_its_file(ready: ProjectDir, replies: Replies) -> None:
    run(ready, "send", "hello.yaml", "--yes")
    run(ready, "opt-outs", "add", "+447700900003")
    assert run(ready, "opt-outs", "list", "hello").json["opt_outs"][0]["row"]["line"] == 5


def test_a_plan_warns_where_opt_outs_are_not_asked_for_or_wait_for_a_person(
    ready: ProjectDir, replies: Replies
) -> None:
    def codes(spec: str, environment: str = "test") -> list[str]:
        ready.write("hello.yaml", SPEC + spec)
        done = ready.run("plan", "hello.yaml", "--env", environment, "--format", "json")
        assert done.code == 0, done.err
        return [each["code"] for each in done.json["warnings"]]

    assert codes("") == codes("suppress: {opt_outs: false}\n") == codes("suppress: {opt_outs: true}\n") == []
    replies.add(2, "please remove me")
    replies.add(3, "no more", OTHER_CHANNEL)
    run(ready, "opt-outs", "list", "--refresh")
    assert codes("") == codes("suppress: {opt_outs: false}\n") == []
    assert codes("suppress: {opt_outs: true}\n") == ["opt-outs-waiting"]
    shown = ready.run("plan", "hello.yaml", "--env", "test").err
    assert "1 reply may be an opt-out" in shown
    run(ready, "opt-outs", "add", "+447700900001")
    assert codes("") == ["opt-outs-unused"]
    waiting = run(ready, "opt-outs", "list", "--maybe").json["maybes"]
    run(ready, "opt-outs", "remove", "--message", waiting[0]["id"], *REASON)
    assert codes("suppress: {opt_outs: true}\n") == []
    assert codes("") == ["opt-outs-unused"]
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", f"{text}    suppress: {{opt_outs: false}}\n")
    assert codes("") == []


def test_after_a_loss_a_list_takes_the_place_of_what_was_lost(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    store = ready.folder / ".sendspec" / "test.db.delivery"
    run(ready, "opt-outs", "add", "+447700900001", "+447700900002")
    _lost(store)
    ready.write("out.txt", "+447700900002\n+447700900003\n")
    for command in (
        ("plan", "hello.yaml"),
        ("send", "hello.yaml", "--yes"),
        ("opt-outs", "list"),
        ("opt-outs", "import", "out.txt"),
    ):
        refused = run(ready, *command)
        assert (refused.code, refused.json["error"]["code"]) == (6, "opt-outs-lost"), command
    assert run(ready, "opt-outs", "import", "out.txt", "--replace-lost").code == 2
    done = run(ready, "opt-outs", "import", "out.txt", "--replace-lost", "--reason", "the disk failed")
    assert (done.code, done.json["changed"]) == (0, 2), done.err
    assert "2 opt-outs were lost" in done.err
    sent = run(ready, "send", "hello.yaml", "--yes")
    assert (sent.code, sent.json["skipped"], reached(server)) == (0, {"opted-out": 2}, ["0", "1", "4", "5"])
    run(ready, "opt-outs", "remove", "+447700900003", *REASON)
    assert run(ready, "send", "hello.yaml", "--yes").json["totals"] == totals(1, 5)


def opt_out_check(project_dir: ProjectDir) -> dict[str, str] | None:
    checks = run(project_dir, "doctor").json["findings"]
    return next((each for each in checks if each["what"] == "opt-outs"), None)


def test_doctor_says_how_many_opt_outs_there_are_and_how_far_replies_were_read(
    ready: ProjectDir, replies: Replies
) -> None:
    check = opt_out_check(ready)
    assert check is not None
    assert (check["verdict"], check["found"]) == ("note", "nothing says whether replies such as STOP count")
    text = (ready.folder / "sendspec.yaml").read_text()
    ready.write("sendspec.yaml", f"{text}    suppress: {{opt_outs: false}}\n")
    assert opt_out_check(ready) is None
    run(ready, "opt-outs", "add", "+447700900001", "--at", "2026-01-02T03:04:05+00:00")
    check = opt_out_check(ready)
    assert check is not None
    assert check["verdict"] == "note"
    assert (
        check["found"]
        == "1 person has opted out, the latest on 2026-01-02T03:04Z; replies were never read from the API"
    )
    replies.add(2, "no, stop it")
    run(ready, "opt-outs", "list", "--refresh")
    check = opt_out_check(ready)
    assert check is not None
    assert "; 1 reply may be an opt-out: `opt-outs list --maybe`; replies were read up to 20" in check["found"]
    _lost(ready.folder / ".sendspec" / "test.db.delivery")
    check = opt_out_check(ready)
    assert check is not None
    assert check["verdict"] == "problem"


def interaction(message: str, kind: str, number: int, **more: Any) -> dict[str, Any]:
    contacts = [{"identifierKey": "phonenumber", "identifierValue": f"+4477009{number:05d}"}]
    return {
        "id": f"act-{kind}-{number}", "messageId": message, "type": kind, "receiver": {"contacts": contacts},
        "createdAt": "2026-11-24T09:00:00Z", "channelId": CHANNEL, "details": "", **more,
    }  # fmt: skip


def test_links_that_people_followed_to_opt_out_are_asked_for_one_by_one(
    ready: ProjectDir, server: CountingServer, replies: Replies
) -> None:
    assert run(ready, "send", "hello.yaml", "--yes").code == 0
    asked: list[str] = []
    usual = server.listing

    def listing(request: Request) -> Answer:
        path, _, query = request.path.partition("?")
        if not path.endswith("/interactions"):
            return usual(request)
        message = path.split("/")[-2]
        asked.append(message)
        number = int(
            next(one for one in server.taken if one["id"] == message)["receiver"]["contacts"][0]["identifierValue"][-1]
        )
        found = {
            1: [interaction(message, "clicked", 1)],
            2: [interaction("another", "unsubscribe-request", 3), {}],
            4: [interaction(message, "unsubscribe-request", 4)] if query else [],
        }
        if number == 5:
            return Answer(404)
        return server.page(found.get(number, []), "more" if number == 4 and not query else None)

    server.listing = listing
    done = run(ready, "opt-outs", "list", "--interactions", "hello.yaml")
    assert (done.code, len(asked), len(set(asked))) == (0, 7, 6), done.err
    assert [(one["masked"], one["ground"]) for one in done.json["opt_outs"]] == [("+44••••••04", "link")]
    assert "2 replies in the API's list can't be read" in done.err
    again = run(ready, "opt-outs", "list", "--interactions")
    assert again.json["signals"] == 1
    assert again.json["opt_outs"][0]["masked"] == "+44••••••04", "as the ledger has them"
    server.listing = lambda request: Answer(500) if "/interactions" in request.path else usual(request)
    assert run(ready, "opt-outs", "list", "--interactions").code == 3
    server.listing = lambda request: Answer(401) if "/interactions" in request.path else usual(request)
    assert run(ready, "opt-outs", "list", "--interactions").code == 5
