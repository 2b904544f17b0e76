"""`send` from outside: what goes over the wire, what is counted, what a second run does."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest
from long_rows import all_but


def bodies(requests: list[Any]) -> list[bytes]:
    return sorted(request.body for request in requests)


def fill(project: Any, helpers: Any, count: int = 20) -> None:
    project.write("hello.yaml", helpers.SPEC)
    project.write("people.csv", helpers.numbers(count))


@pytest.fixture
def ready(project: Any, helpers: Any) -> Any:
    """A project with 20 recipients."""
    fill(project, helpers)
    return project


def send(project_dir: Any, *more: str) -> Any:
    return project_dir.run("send", "hello.yaml", "--env", "test", "--yes", "--format", "json", *more)


def test_every_row_is_posted_once_to_the_documented_path_with_the_body_that_render_prints(
    project: Any, server: Any, helpers: Any
) -> None:
    fill(project, helpers, 1_000)
    rendered = project.run("render", "hello.yaml", "--env", "test").out.splitlines()

    done = send(project)

    assert done.code == 0, done.err
    assert len(server.posts) == 1_000
    assert {request.path for request in server.posts} == {
        f"/workspaces/{helpers.WORKSPACE}/channels/{helpers.CHANNEL}/messages"
    }
    assert bodies(server.posts) == sorted(line.encode() for line in rendered)
    headers = server.posts[0].headers
    assert headers["Authorization"] == f"AccessKey {helpers.SECRET}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("sendspec/")
    assert done.json["totals"] == {
        "recipients": 1_000, "accepted": 1_000, "refused": 0, "in_doubt": 0, "not_sent": 0, "skipped": 0,
    }  # fmt: skip
    assert done.json["requests"] == 1_000


def test_a_second_send_posts_nothing_and_says_how_many_were_accepted_before(ready: Any, server: Any) -> None:
    assert send(ready).code == 0
    again = send(ready)
    assert again.code == 0
    assert again.json["skipped"] == {"already-accepted": 20}
    assert len(server.posts) == 20
    text = ready.run("send", "hello.yaml", "--env", "test")
    assert text.code == 0
    assert "20 already accepted" in text.out


def test_new_rows_are_sent_and_the_old_ones_are_not(ready: Any, server: Any, helpers: Any) -> None:
    send(ready)
    ready.write("people.csv", helpers.numbers(30))
    done = send(ready)
    assert done.code == 0
    assert done.json["totals"]["accepted"] == 10
    assert len(server.posts) == 30


def test_a_changed_text_is_reported_as_drift_and_not_sent(ready: Any, server: Any, helpers: Any) -> None:
    send(ready)
    ready.write("hello.yaml", helpers.SPEC.replace("Hi", "Hello"))
    done = send(ready)
    assert done.code == 0
    assert done.json["skipped"] == {"drift": 20}
    assert "drift" in done.err
    assert len(server.posts) == 20


def test_a_raised_generation_sends_to_everybody_again(ready: Any, server: Any, helpers: Any) -> None:
    send(ready)
    ready.write("hello.yaml", helpers.SPEC.replace("name: hello", "name: hello\ngeneration: 2"))
    done = send(ready)
    assert done.code == 0
    assert done.json["totals"]["accepted"] == 20
    references = [request.json["reference"] for request in server.posts]
    assert len(set(references)) == 40


def test_comments_a_new_path_and_another_order_of_rows_change_nothing(ready: Any, server: Any, helpers: Any) -> None:
    send(ready)
    (ready.folder / "hello.yaml").unlink()
    rows = helpers.numbers(20).splitlines()
    ready.write("people.csv", "\n".join([rows[0], *reversed(rows[1:])]) + "\n")
    ready.write("greeting.yaml", "# moved\n" + helpers.SPEC)
    done = ready.run("send", "greeting.yaml", "--env", "test", "--yes", "--format", "json")
    assert done.json["skipped"] == {"already-accepted": 20}
    assert len(server.posts) == 20


def test_a_name_that_another_file_uses_is_refused(ready: Any, server: Any, helpers: Any) -> None:
    send(ready)
    ready.write("copy.yaml", helpers.SPEC)
    done = ready.run("send", "copy.yaml", "--env", "test", "--yes", "--format", "json")
    assert done.code == 1
    assert done.json["diagnostics"][0]["code"] == "name-taken"
    both = ready.run("validate", "hello.yaml", "copy.yaml", "--env", "test", "--format", "json")
    assert both.code == 1
    assert both.json["diagnostics"][0]["code"] == "name-repeated"


def refusal(status: int, code: str, message: str, **details: list[str]) -> bytes:
    return json.dumps({"code": code, "message": message, "details": details}).encode()


def test_a_refused_row_does_not_stop_the_others(ready: Any, server: Any, helpers: Any) -> None:
    body = refusal(422, "InvalidPayload", "One or more fields are malformed", **{".receiver": ["no such contact"]})
    server.decide = lambda number, request: (
        helpers.Answer(422, body) if "Person 7," in request.json["body"]["text"]["text"] else helpers.Answer()
    )
    done = send(ready)
    assert done.code == 3
    assert done.json["totals"]["accepted"] == 19
    assert done.json["totals"]["refused"] == 1
    again = send(ready)
    assert again.code == 3
    assert again.json["skipped"] == {"already-accepted": 19, "refused-before": 1}
    assert len(server.posts) == 20
    text = ready.run("status", "hello.yaml", "--env", "test", "--failed")
    assert "no such contact" in text.out


def test_429_is_waited_out_and_everything_is_sent_once(ready: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: (
        helpers.Answer(429, b"{}", {"Retry-After": "0"}) if number <= 4 else helpers.Answer()
    )
    done = send(ready)
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == 20
    assert done.json["totals"]["in_doubt"] == 0
    assert len(server.posts) == 24


def test_401_from_some_message_on_stops_the_run_and_leaves_the_rest_planned(
    project: Any, server: Any, helpers: Any
) -> None:
    fill(project, helpers, 700)
    server.decide = lambda number, request: helpers.Answer(401, b"{}") if number >= 500 else helpers.Answer()
    done = send(project)
    assert done.code == 5
    totals = done.json["totals"]
    assert totals["accepted"] == 499
    assert totals["not_sent"] == 201
    assert totals["in_doubt"] == totals["refused"] == 0
    assert len(server.posts) < 500 + 64
    server.decide = lambda number, request: helpers.Answer()
    assert send(project).json["totals"]["accepted"] == 201


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("a server error", {"status": 500, "body": b'{"code": "x", "message": "y"}'}),
        ("a connection dropped after the body", {"drop": True}),
        ("no answer at all", {"hang": True}),
        ("a foreign reference", {"body": b'{"id": "1", "status": "accepted", "reference": "another"}'}),
        ("a login page", {"status": 200, "body": b"<html>", "headers": {"Content-Type": "text/html"}}),
    ],
)
def test_an_answer_that_proves_nothing_is_in_doubt_and_never_sent_again(
    ready: Any, server: Any, helpers: Any, what: str, answer: dict[str, Any]
) -> None:
    doubtful = helpers.Answer(**answer, taken=False)
    server.decide = lambda number, request: (
        doubtful if "Person 3," in request.json["body"]["text"]["text"] else helpers.Answer()
    )
    done = send(ready)
    assert done.code == 4, done.err
    assert done.json["totals"]["in_doubt"] == 1
    assert done.json["totals"]["accepted"] == 19
    posted = len(server.posts)
    again = send(ready)
    assert again.code == 4
    assert again.json["skipped"] == {"already-accepted": 19, "in-doubt-before": 1}
    assert len(server.posts) == posted == 20


def test_a_404_that_is_the_first_answer_stops_the_run(ready: Any, server: Any, helpers: Any) -> None:
    missing = b'{"code": "NotFound", "message": "The requested resource does not exist: channel not found"}'
    server.decide = lambda number, request: helpers.Answer(404, missing)
    done = send(ready)
    assert done.code == 5
    assert done.json["totals"]["not_sent"] == 20
    assert "channel not found" in done.err


def test_a_redirect_is_not_followed_and_stops_the_run(ready: Any, server: Any, helpers: Any) -> None:
    server.decide = lambda number, request: helpers.Answer(307, b"", {"Location": server.url + "/elsewhere"})
    done = send(ready)
    assert done.code == 4
    assert {request.path.rsplit("/", 1)[1] for request in server.posts} == {"messages"}
    assert done.json["totals"]["in_doubt"] == len(server.posts)


def test_when_the_first_rows_are_all_refused_the_run_stops(project: Any, server: Any, helpers: Any) -> None:
    fill(project, helpers, 200)
    server.decide = lambda number, request: helpers.Answer(422, refusal(422, "InvalidPayload", "malformed"))
    done = send(project)
    assert done.code == 7
    assert done.json["totals"]["not_sent"] > 100


def test_a_limit_on_messages_stops_before_anything_is_claimed(ready: Any, server: Any, helpers: Any) -> None:
    ready.write("hello.yaml", helpers.SPEC + "limits: {messages: 19}\n")
    done = send(ready)
    assert done.code == 7
    assert done.json["totals"]["not_sent"] == 20
    assert server.requests == []
    assert ready.run("status", "--env", "test", "--format", "json").json["totals"]["recipients"] == 0


def test_send_without_a_ledger_is_refused_and_sends_nothing(ready: Any, server: Any) -> None:
    (ready.folder / ".sendspec/test.db").unlink()
    done = send(ready)
    assert done.code == 6
    assert "ledger" in done.err
    assert server.requests == []


def test_send_that_can_not_ask_is_refused_and_names_the_flag(ready: Any, server: Any) -> None:
    done = ready.run("send", "hello.yaml", "--env", "test")
    assert done.code == 2
    assert "--yes" in done.err
    assert server.requests == []


def test_ctrl_c_finishes_what_is_on_the_wire_and_says_who_was_reached(project: Any, server: Any, helpers: Any) -> None:
    fill(project, helpers, 5_000)

    def slow(number: int, request: Any) -> Any:
        time.sleep(0.02)
        return helpers.Answer()

    server.decide = slow
    process = project.started("send", "hello.yaml", "--env", "test", "--yes", "--format", "json")
    for _ in range(3_000):
        if len(server.posts) > 100:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    totals = json.loads(out)["totals"]
    assert totals["accepted"] == len(server.posts)
    assert totals["in_doubt"] == 0
    assert totals["accepted"] + totals["not_sent"] == 5_000


@pytest.mark.parametrize("count", all_but([45], [45, 90]))
def test_the_rate_is_never_exceeded_in_any_second(project: Any, server: Any, helpers: Any, count: int) -> None:
    fill(project, helpers, count)
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 2, rate: 30/s"))
    moments: list[float] = []

    def note(number: int, request: Any) -> Any:
        moments.append(time.monotonic())
        return helpers.Answer()

    server.decide = note
    done = send(project)
    assert done.code == 0
    assert done.json["totals"]["accepted"] == count
    assert moments[-1] - moments[0] > count / 30 - 0.1
