"""From a plan to a send that people have signed: real plan files, real keys, the real commands."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plan_files import SPEC, digested, resealed
from ssh_keys import KeyRing, keys

__all__ = ["keys"]

PEOPLE = "phone,first_name\n+447700900001,Ann\n+447700900002,Ben\n"
APPROVALS = "    approvals: {approvers: approvers, need: 2}\n"


@pytest.fixture
def planned(project: Any, keys: KeyRing) -> Any:
    """A plan for an environment that needs two approvals, by Ada, Bob and Cy."""
    project.write("sendspec.yaml", (project.folder / "sendspec.yaml").read_text() + APPROVALS)
    project.write("approvers", "".join(f"{name}@example.com {keys.key(name).line}\n" for name in ("ada", "bob", "cy")))
    project.write("hello.yaml", SPEC)
    project.write("people.csv", PEOPLE)
    assert project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    return project


def approve(planned: Any, key: Path) -> None:
    done = planned.run("approve", "plan.json", "--key", str(key), "--yes")
    assert done.code == 0, done.err


def refused(planned: Any, server: Any, *words: str, sent: int = 0) -> None:
    done = planned.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"], len(server.posts)) == (7, "approval-missing", sent), done.err
    for each in words:
        assert each in done.json["error"]["problem"]


def test_two_people_sign_and_the_ledger_knows_them(planned: Any, server: Any, keys: KeyRing) -> None:
    refused(planned, server, "the plan has 0 of 2 approvals")
    approve(planned, keys.key("ada").path)
    refused(planned, server, "the plan has 1 of 2 approvals", "ada@example.com")
    approve(planned, keys.key("bob").path)
    done = planned.run("send", "--plan", "plan.json", "--approved-by", "octo", "--yes")
    assert (done.code, len(server.posts)) == (0, 2), done.err
    status = planned.run("status", "--env", "test", "--format", "json").json
    approved = status["specs"][0]["runs"][0]["approved"]
    assert approved == {"claimed": "octo", "verified": ["ada@example.com", "bob@example.com"]}
    shown = planned.run("status", "--env", "test").out
    assert (
        "approved by ada@example.com, bob@example.com; said to have started or approved it, not verified: 'octo'"
        in shown
    )


def test_without_a_plan_file_nothing_is_sent(planned: Any, server: Any) -> None:
    done = planned.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"], server.posts) == (7, "approval-missing", [])
    assert "only a plan file can be approved" in done.json["error"]["problem"]


def test_the_rest_of_an_approved_plan_needs_no_other_approval_and_nothing_to_send_none(
    planned: Any, server: Any, helpers: Any, keys: KeyRing
) -> None:
    for name in ("ada", "bob"):
        approve(planned, keys.key(name).path)
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number > 1 else helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 5
    server.decide = lambda number, request: helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.taken) == 2
    (planned.folder / "plan.json.sig").unlink()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0


def test_what_is_left_of_a_plan_over_the_limit_needs_the_approval_of_all_of_it(
    planned: Any, server: Any, helpers: Any, keys: KeyRing
) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2}", "need: 2, when: {over: {messages: 1}}}"))
    for name in ("ada", "bob"):
        approve(planned, keys.key(name).path)
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number > 1 else helpers.Answer()
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 5
    (planned.folder / "plan.json.sig").unlink()
    refused(planned, server, "the plan has 0 of 2 approvals", sent=len(server.posts))


SHAPED = """spec: 1
name: hello
generation: 1
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name | default('you') }}"}}
"""


def test_only_a_new_shape_needs_approval(planned: Any, server: Any, keys: KeyRing) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2}", "need: 2, when: new-shape}"))
    planned.write("hello.yaml", SHAPED)
    assert planned.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    refused(planned, server, "the plan has 0 of 2 approvals")
    for name in ("ada", "bob"):
        approve(planned, keys.key(name).path)
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0

    def sent(spec: str, people: str = PEOPLE) -> int:
        """The exit code of a send without a plan file."""
        planned.write("hello.yaml", spec)
        planned.write("people.csv", people)
        before = len(server.posts)
        done = planned.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
        assert (done.code == 7) == (len(server.posts) == before), done.err
        assert done.code != 7 or done.json["error"]["code"] == "approval-missing"
        return int(done.code)

    more = PEOPLE + "+447700900003,Cy\n"
    assert sent(SHAPED, more + "+447700900004,Zoë\n") == 7, "the encoding is another"
    assert sent(SHAPED, more + "+447700900004,\n") == 7, "a default is used"
    assert sent(SHAPED, more) == 0
    second = SHAPED.replace("generation: 1", "generation: 2")
    assert sent(second.replace("Hi ", "Pay now, "), more) == 7, "the text is another"
    assert sent(second, more) == 0


def test_what_was_not_accepted_makes_no_shape_known(planned: Any, server: Any, helpers: Any, keys: KeyRing) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2}", "need: 2, when: new-shape}"))
    for name in ("ada", "bob"):
        approve(planned, keys.key(name).path)
    server.decide = lambda number, request: helpers.Answer(422, b"{}")
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 3
    (planned.folder / "plan.json.sig").unlink()
    planned.write("people.csv", PEOPLE + "+447700900003,Cy\n")
    done = planned.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (7, "approval-missing")


def by_another_key(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("stranger").path)


def of_another_plan(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    signature = (planned.folder / "plan.json.sig").read_text()
    planned.write("people.csv", PEOPLE + "+447700900003,Cy\n")
    assert planned.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    planned.write("plan.json.sig", signature)


def altered(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    lines = (planned.folder / "plan.json.sig").read_text().splitlines()
    lines[2] = lines[2][:10] + ("A" if lines[2][10] != "A" else "B") + lines[2][11:]
    planned.write("plan.json.sig", "\n".join(lines) + "\n")


def in_another_namespace(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    plan = json.loads((planned.folder / "plan.json").read_text())
    text = "sendspec-plan v1\n" + "".join(plan[name] + "\n" for name in ("digest", "environment", "ledger", "expires"))
    (planned.folder / "plan.json.sig").write_bytes(keys.key("bob").sign(text.encode(), namespace="git"))


def revoked(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    planned.write("gone", keys.key("bob").line + "\n")
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2", "need: 1, revoked: gone"))


def out_of_date(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    planned.write("approvers", f'bob@example.com valid-before="20200101Z" {keys.key("bob").line}\n')
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2", "need: 1"))


def with_another_expiry(planned: Any, keys: KeyRing) -> None:
    """Whoever moves the expiry has another text than the one that was signed."""
    approve(planned, keys.key("bob").path)
    plan = json.loads((planned.folder / "plan.json").read_text())
    planned.write("plan.json", json.dumps(resealed({**plan, "expires": "2099-01-01T00:00:00Z"})))


def with_more_messages(planned: Any, keys: KeyRing) -> None:
    """Whoever marks another message has another digest than the one that was signed."""
    approve(planned, keys.key("bob").path)
    signature = (planned.folder / "plan.json.sig").read_text()
    planned.write("people.csv", PEOPLE + "+447700900003,Cy\n")
    assert planned.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    planned.write("plan.json", json.dumps(resealed(digested(json.loads((planned.folder / "plan.json").read_text())))))
    planned.write("plan.json.sig", signature)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (by_another_key, "made with a key that no approver has"),
        (of_another_plan, "is forged, or was made for another plan"),
        (altered, ""),
        (in_another_namespace, "made for another purpose, 'git'"),
        (revoked, "made with a revoked key"),
        (out_of_date, "doesn't count at this time"),
        (with_another_expiry, "is forged, or was made for another plan"),
        (with_more_messages, "is forged, or was made for another plan"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signature_that_proves_nothing_is_refused(
    planned: Any, server: Any, keys: KeyRing, make: Callable[[Any, KeyRing], None], words: str
) -> None:
    make(planned, keys)
    refused(planned, server, "the plan has 0 of", words)


def test_an_expired_plan_is_neither_signed_nor_sent(planned: Any, server: Any, keys: KeyRing) -> None:
    plan = json.loads((planned.folder / "plan.json").read_text())
    old = {"created": "2020-01-01T00:00:00Z", "expires": "2020-01-02T00:00:00Z"}
    planned.write("plan.json", json.dumps(resealed({**plan, **old})))
    done = planned.run("approve", "plan.json", "--key", str(keys.key("ada").path), "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (8, "plan-stale")
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 8
    assert server.posts == []


def test_a_plan_made_before_there_was_a_ledger_is_not_signed(planned: Any, keys: KeyRing) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write(
        "sendspec.yaml",
        text + text[text.index("  test:") :].replace("  test:", "  live:").replace("test.db", "live.db"),
    )
    assert planned.run("plan", "hello.yaml", "--env", "live", "--out", "live.json").code == 0
    done = planned.run("approve", "live.json", "--key", str(keys.key("ada").path), "--yes")
    assert done.code == 8
    assert "before 'live' had a ledger" in done.err


def with_a_comment_that_hides_the_key(key: str) -> str:
    return f"# no longer count\r{key}\r"


def test_a_revoked_key_in_a_comment_for_one_reader_is_refused(planned: Any, server: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2", "need: 1, revoked: gone"))
    planned.write("gone", with_a_comment_that_hides_the_key(keys.key("bob").line).encode())
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, [])
    assert "line 1: the comment has a line end inside" in done.err


def test_a_byte_order_mark_revokes_nobody_else(planned: Any, server: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2", "need: 1, revoked: gone"))
    planned.write("gone", b"\xef\xbb\xbf" + keys.key("eve").line.encode() + b"\n")
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == 2


@pytest.mark.parametrize("line", ["zo\u00eb@x KEY", "ad\u200ba@x KEY", 'ada@x valid-after="19700101" KEY'])
def test_names_that_look_alike_and_times_before_all_others_are_refused(planned: Any, keys: KeyRing, line: str) -> None:
    planned.write("approvers", line.replace("KEY", keys.key("ada").line) + "\n")
    done = planned.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, "[approvers-unusable]" in done.err) == (1, True)


def test_a_divided_send_needs_the_approval_of_all_of_it(planned: Any, server: Any) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2}", "need: 2, when: {over: {messages: 1}}}"))
    planned.write("one.csv", "phone,first_name\n+447700900001,Ann\n")
    one = planned.run("send", "hello.yaml", "--env", "test", "--recipients", "one.csv", "--yes")
    assert (one.code, len(server.posts)) == (0, 1)
    done = planned.run("send", "hello.yaml", "--env", "test", "--yes")
    assert (done.code, len(server.posts)) == (7, 1)


def test_who_signed_is_noted_where_nobody_had_to(planned: Any, server: Any, keys: KeyRing) -> None:
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("need: 2}", "need: 2, when: {over: {messages: 100}}}"))
    approve(planned, keys.key("ada").path)
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    runs = planned.run("status", "--env", "test", "--format", "json").json["specs"][0]["runs"]
    assert runs[0]["approved"] == {"claimed": None, "verified": ["ada@example.com"]}


def test_a_claim_does_not_read_as_verified(planned: Any, keys: KeyRing) -> None:
    for name in ("ada", "bob"):
        approve(planned, keys.key(name).path)
    claim = "cy@example.com (verified); approved by 'dan"
    assert planned.run("send", "--plan", "plan.json", "--yes", "--approved-by", claim).code == 0
    line = next(line for line in planned.run("status", "--env", "test").out.splitlines() if "run 1" in line)
    assert line.endswith(
        "; said to have started or approved it, not verified: 'cy@example.com (verified); approved by \u2019dan'"
    )


def test_show_says_who_has_signed(planned: Any, keys: KeyRing) -> None:
    assert "signed   0 of 2 approvals" in planned.run("show", "plan.json").out
    approve(planned, keys.key("ada").path)
    approve(planned, keys.key("stranger").path)
    out = planned.run("show", "plan.json").out
    assert "signed   1 of 2 approvals: ada@example.com" in out
    assert "not counted: the signature by" in out
    document = planned.run("show", "plan.json", "--format", "json").json
    assert (document["approvals"]["need"], document["approvals"]["approvers"]) == (2, ["ada@example.com"])
    planned.write("approvers", "")
    assert "signed   not known:" in planned.run("show", "plan.json").out


def waits_for_a_lock(pid: int) -> bool:
    """As Linux tells: a line that begins with an arrow after its number is a process that waits."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and f" {pid} " in line for line in lines)


@pytest.mark.process
def test_who_signs_at_once_keeps_the_others_signature(planned: Any, keys: KeyRing) -> None:
    approve(planned, keys.key("bob").path)
    bobs = (planned.folder / "plan.json.sig").read_bytes()
    (planned.folder / "plan.json.sig").unlink()
    folder = os.open(planned.folder, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # as somebody else who signs would hold it
        command = planned.command("approve", "plan.json", "--key", str(keys.key("ada").path), "--yes")
        waiting = subprocess.Popen(command, cwd=planned.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while waiting.poll() is None and not waits_for_a_lock(waiting.pid) and time.monotonic() < until:
            time.sleep(0.02)
        (planned.folder / "plan.json.sig").write_bytes(bobs)
    finally:
        os.close(folder)
    assert waiting.wait(60) == 0
    assert (planned.folder / "plan.json.sig").read_bytes().count(b"BEGIN SSH SIGNATURE") == 2
