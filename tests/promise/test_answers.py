"""What an answer means, seen from outside: odd, stale, repeated and unreadable answers against a real server."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from long_rows import every

SEND = ("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")


@pytest.fixture
def ready(project: Any, helpers: Any) -> Any:
    """A spec for 6 people, and one connection, so that answers follow each other."""
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(6))
    path = project.folder / "sendspec.yaml"
    path.write_text(path.read_text().replace("timeout: 2", "timeout: 2, concurrency: 1"))
    return project


def raw(message: dict[str, Any], status: int = 202) -> bytes:
    body = json.dumps(message).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def totals(done: Any) -> dict[str, int]:
    return {name: count for name, count in done.json["totals"].items() if count}


def messages(project_dir: Any, *flags: str) -> list[dict[str, Any]]:
    return list(project_dir.run("status", "--env", "test", "--format", "json", *flags).json["messages"])


def posted(server: Any) -> Counter[str]:
    """How often each message was sent, by its text."""
    return Counter(post.json["body"]["text"]["text"] for post in server.posts)


@pytest.mark.parametrize("status", every(4, [405, 413, 415, 418, 431, 501, 505, 507, 599, 307]))
def test_a_status_that_nobody_documents_is_a_doubt_that_stops_the_run(
    ready: Any, server: Any, helpers: Any, status: int
) -> None:
    """The message was accepted, though its answer says what no page of the API explains."""
    odd = helpers.Answer(status, b'{"code": "Odd", "message": "of a proxy"}', taken=True)
    server.decide = lambda number, request: odd if number == 2 else helpers.Answer()
    done = ready.run(*SEND)
    assert done.code == 4, done.err
    assert totals(done) == {"recipients": 6, "accepted": 1, "in_doubt": 1, "not_sent": 4}
    assert f"an unexpected answer: HTTP {status}" in done.err
    assert "too many messages are in doubt" not in done.err
    assert len(server.posts) == 2
    again = ready.run(*SEND)
    assert again.code == 0, again.err
    assert len(server.taken) == 6
    assert set(posted(server).values()) == {1}


def test_a_message_that_is_rejected_at_once_is_refused_with_the_reason(ready: Any, server: Any, helpers: Any) -> None:
    def decide(number: int, request: Any) -> Any:
        if number != 2:
            return helpers.Answer()
        reason = "details: no route to +447700900001; reason: unknown_subscriber; code: 1"
        rejected = {**helpers.listed(request), "status": "rejected", "reason": reason}
        return helpers.Answer(202, json.dumps(rejected).encode(), taken=False)

    server.decide = decide
    done = ready.run(*SEND)
    assert done.code == 3, done.err
    assert totals(done) == {"recipients": 6, "accepted": 5, "refused": 1}
    (refused,) = messages(ready, "--failed")
    assert refused["state"] == "refused"
    assert "rejected" in refused["evidence"]
    assert "unknown_subscriber" in refused["evidence"]
    assert "447700900001" not in refused["evidence"]
    assert ready.run(*SEND).code == 3
    assert len(server.posts) == 6


@pytest.mark.parametrize("status", [429, 421, 422, 400, 401, 404])
def test_a_stale_answer_before_our_own_acceptance_proves_nothing(
    ready: Any, server: Any, helpers: Any, status: int
) -> None:
    """Each message is accepted, but before one acceptance an answer arrives that belongs to no request of ours."""

    def decide(number: int, request: Any) -> Any:
        if number != 2:
            return helpers.Answer()
        message = helpers.listed(request)
        server.taken.append(message)
        return helpers.Answer(status, b"{}" + raw(message), {"Content-Length": "2", "Retry-After": "0"}, taken=False)

    server.decide = decide
    done = ready.run(*SEND)
    assert done.code == 4, done.err
    assert totals(done) == {"recipients": 6, "accepted": 5, "in_doubt": 1}
    (doubt,) = messages(ready, "--in-doubt")
    assert doubt["evidence"] == f"HTTP {status} with more bytes behind it"
    assert ready.run("reconcile", "--env", "test").code == 0
    assert ready.run(*SEND).code == 0
    assert set(posted(server).values()) == {1}
    assert len(server.taken) == 6


def test_an_acceptance_with_our_reference_is_believed_whatever_follows_it(
    ready: Any, server: Any, helpers: Any
) -> None:
    def decide(number: int, request: Any) -> Any:
        body = json.dumps(helpers.listed(request)).encode()
        return helpers.Answer(202, body + raw({}, 422), {"Content-Length": str(len(body))})

    server.decide = decide
    done = ready.run(*SEND)
    assert (done.code, totals(done)) == (0, {"recipients": 6, "accepted": 6})


def orders(project: Any, helpers: Any, count: int) -> None:
    """Several orders of one person: their answers differ in nothing but the id, where they carry no reference."""
    project.write("hello.yaml", helpers.SPEC.replace("{file: people.csv}", '{file: people.csv, key: "{{ order_id }}"}'))
    rows = [f"+447700900000,Zoe,A{n}" for n in range(count)]
    project.write("people.csv", "\n".join(["phone,first_name,order_id", *rows]) + "\n")


def test_the_same_answer_twice_is_credited_once(ready: Any, server: Any, helpers: Any) -> None:
    orders(ready, helpers, 6)
    kept: list[bytes] = []

    def decide(number: int, request: Any) -> Any:
        message = helpers.listed(request)
        server.taken.append(message)
        kept.append(json.dumps({**message, "reference": None}).encode())
        return helpers.Answer(202, kept[1] if number == 3 else kept[-1], taken=False)

    listed = [0]

    def listing(request: Any) -> Any:
        listed[0] += 1
        return server.page(server.taken)

    server.decide, server.listing = decide, listing
    done = ready.run(*SEND)
    assert done.code == 0, done.err
    assert listed[0] == 2  # at the start, and when the third answer made no sense
    credited = {message["reference"]: message["remote_id"] for message in messages(ready, "--messages")}
    assert credited == {message["reference"]: message["id"] for message in server.taken}
    assert len(credited) == 6


HALF = "\\ud83d"
UNWRITABLE: dict[str, tuple[int, str, dict[str, int], int]] = {
    "an id": (202, '{"id": "a%s", "reference": "REF"}', {"accepted": 5, "in_doubt": 1}, 4),
    "a reference": (202, '{"id": "a", "reference": "REF%s"}', {"accepted": 5, "in_doubt": 1}, 4),
    "a reason": (202, '{"id": "a", "reference": "REF", "status": "rejected", "reason": "%s"}', {"accepted": 5, "refused": 1}, 3),
    "a message": (422, '{"code": "x", "message": "no %s"}', {"accepted": 5, "refused": 1}, 3),
    "a code": (422, '{"code": "x%s", "message": "no"}', {"accepted": 5, "refused": 1}, 3),
    "a path": (422, '{"code": "x", "message": "no", "details": {".a%s": ["b"]}}', {"accepted": 5, "refused": 1}, 3),
    "details": (422, '{"code": "x", "message": "no", "details": {".a": ["b%s"]}}', {"accepted": 5, "refused": 1}, 3),
    "a status outside the table": (418, '{"code": "x%s", "message": "no"}', {"accepted": 1, "in_doubt": 1, "not_sent": 4}, 4),
    "a refusal of the run": (401, '{"code": "x%s", "message": "no"}', {"accepted": 1, "not_sent": 5}, 5),
}  # fmt: skip


@pytest.mark.parametrize("where", every(3, UNWRITABLE))
def test_half_a_character_in_an_answer_breaks_nothing(ready: Any, server: Any, helpers: Any, where: str) -> None:
    """JSON can spell half of a surrogate pair, which no file and no terminal can take."""
    status, body, expected, code = UNWRITABLE[where]

    def decide(number: int, request: Any) -> Any:
        if number != 2:
            return helpers.Answer()
        text = body.replace("%s", HALF).replace("REF", request.json["reference"])
        return helpers.Answer(status, text.encode(), taken=False)

    server.decide = decide
    done = ready.run(*SEND)
    assert done.code == code, done.err
    assert totals(done) == {"recipients": 6, **expected}
    assert len(messages(ready, "--messages")) == 6
