"""Captured requests become statuses, interactions and opt-outs of this ledger's messages, whatever their order and however often."""

from __future__ import annotations

import json

import pytest
from json_documents import only
from processes import holding, started, until
from project_dir import SPEC as SPEC_TEXT
from project_dir import Answer, CountingServer, Done, ProjectDir, listed, numbers
from sendspec.composing.identity import id_in
from sendspec.ledger.delivery.opt_out import Ground, SignalKind
from webhook_requests import (
    KEY,
    Kept,
    captured,
    event,
    interaction_event,
    reply_event,
    status_event,
)

OTHER = {
    "id": "9d4c2f6e-0000-4000-8000-000000000001", "reference": "m" + "0" * 32, "createdAt": "2026-11-29T10:00:00Z",
    "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+447700999999"}]},
}  # fmt: skip


@pytest.fixture
def sent(project: ProjectDir) -> ProjectDir:
    """A project that has sent three messages."""
    project.write("hello.yaml", SPEC_TEXT)
    project.write("people.csv", numbers(3))
    done = project.run("send", "hello.yaml", "--yes", "--env", "test")
    assert done.code == 0, done.err
    project.environ["HOOK_KEY"] = KEY
    return project


def ingest(project: ProjectDir, text: str, *options: str) -> Done:
    return project.run(
        "webhook", "ingest", "-", "--key-env", "HOOK_KEY", "--env", "test", "--format", "json", *options, stdin=text
    )


def counts(done: Done) -> tuple[int, ...]:
    document = only(done.out, "webhook-ingest")
    found = [document[name] for name in ("stored", "known", "elsewhere")]
    found += [sum(document[name].values()) for name in ("other", "refused")]
    assert sum(found) == document["lines"]
    return tuple(found)


def ids(server: CountingServer) -> list[bytes]:
    found = [id_in(message["reference"]) for message in server.taken]
    assert None not in found
    return found  # type: ignore[return-value]  # the line before


def test_what_is_reported_is_kept_once_and_without_numbers_and_texts(sent: ProjectDir, server: CountingServer) -> None:
    first, second, third = server.taken
    number = third["receiver"]["contacts"][0]["identifierValue"]
    lines = [
        captured(status_event(first, "sent")),
        captured(status_event(first, "delivered", 3)),
        captured(
            status_event(second, "delivery_failed", 4, details="unknown_subscriber", reason=f"no such number {number}")
        ),
        captured(reply_event(number, "Stop!")),
        captured(interaction_event(third, "unsubscribe-request")),
        captured(interaction_event(first, "clicked", "interaction-2", metadata={"prefetched": True})),
        captured(reply_event(number, "where is it?", "reply-2")),
        captured(reply_event("+447700900123", "please don't stop", "reply-3")),
        captured(event("sms.canary-event", {"text": "canary"})),
        captured(event(f"sms.tel_{number[1:]}", {}, f"tel-{number[1:]}")),
        captured(status_event(third, f"tel_{number[1:]}", 5)),
        captured(status_event(OTHER, "delivered")),
    ]
    done = ingest(sent, "".join(lines))
    assert (done.code, counts(done)) == (0, (8, 0, 1, 3, 0))
    document = done.json
    assert document["other"] == {"inbound": 1, "sms.canary-event": 1, "tel-•••••• sms.tel_••••••": 1}
    assert document["opt_outs"] == 3
    kept = Kept(sent.folder)
    assert kept.statuses(ids(server)) == ["delivered", "delivery_failed", "unreadable"]
    assert sorted((one.kind, one.ground) for one in kept.signals) == [
        (SignalKind.MAYBE, Ground.KEYWORD), (SignalKind.OUT, Ground.KEYWORD), (SignalKind.OUT, Ground.LINK),
    ]  # fmt: skip
    assert len({one.receiver for one in kept.signals if one.kind is SignalKind.OUT}) == 1
    assert sorted(one.kind for one in kept.interactions(ids(server))) == ["clicked", "unsubscribe-request"]
    again = ingest(sent, "".join(reversed(lines)))
    assert (again.code, counts(again)) == (0, (0, 8, 1, 3, 0))
    assert Kept(sent.folder).signals == kept.signals
    written = [path.read_bytes() for path in sent.folder.rglob("*") if path.is_file() and ".delivery" in path.name]
    assert written
    for canary in (number, number[1:], "don't stop", "where is it", "canary"):
        assert not any(canary.encode() in content for content in written)


LINES: list[tuple[str, str]] = [
    ("not json\n", "line_json"),
    ('{"url": "x"\n', "line_json"),
    ('{"url": "https://a.example", "url": "https://b.example", "headers": {}, "body_base64": ""}\n', "line_json"),
    ("[]\n", "line_shape"),
    ("{}\n", "line_shape"),
    ('{"url": "https://a.example", "headers": {}, "body": "{}"}\n', "line_shape"),
    ('{"url": "https://a.example", "headers": [], "body_base64": ""}\n', "line_shape"),
    ('{"url": "https://a.example", "headers": {"A": 1}, "body_base64": ""}\n', "line_shape"),
    ('{"url": "https://a.example", "headers": null, "body_base64": ""}\n', "line_shape"),
    (
        json.dumps({"url": "https://a.example", "headers": {str(n): "" for n in range(201)}, "body_base64": ""}),
        "line_shape",
    ),
    ('{"url": "", "headers": {}, "body_base64": ""}\n', "line_shape"),
    ('{"url": "https://a\\nb", "headers": {}, "body_base64": ""}\n', "line_shape"),
    ('{"url": "https://a.example", "headers": {}, "body_base64": "e30"}\n', "line_base64"),
    ('{"url": "https://a.example", "headers": {}, "body_base64": "e30=\\n"}\n', "line_base64"),
    ('{"url": "https://a.example", "headers": {}, "body_base64": "é"}\n', "line_base64"),
    ('{"url": "https://a.example", "headers": {}, "body_base64": "%s"}\n' % ("A" * 1_500_000), "body_length"),
    ("x" * (2 * 1024 * 1024 + 100) + "\n", "line_length"),
    ('{"url": "https://a.example", "headers": {}, "body_base64": "e30="}\n', "signature_missing"),
    (captured(b"{}", "another key"), "signature_wrong"),
    (captured(b"{}", headers={"MessageBird-Signature": ["a", "b"]}), "signature_repeated"),
    (captured(b"{}"), "body"),
    (captured(event("sms.outbound", {"id": "x"})), "payload"),
    (captured(interaction_event({**OTHER, "receiver": None}, "unsubscribe-request")), "address"),
]


def test_each_line_that_is_refused_is_named_with_its_reason_and_the_others_are_stored(
    sent: ProjectDir, server: CountingServer
) -> None:
    good = captured(status_event(server.taken[0], "delivered"), more="unknown keys pass")
    text = "\ufeff" + "\n".join(
        ["\n", good, *(line.rstrip("\n") for line, _ in LINES), "  ", captured(status_event(server.taken[1], "sent"))]
    )
    done = ingest(sent, text.removesuffix("\n"))
    assert (done.code, counts(done)) == (1, (2, 0, 0, 0, len(LINES)))
    first = 5
    assert done.json["problems"] == [{"line": first + at, "reason": reason} for at, (_, reason) in enumerate(LINES)]
    assert Kept(sent.folder).statuses(ids(server)) == ["delivered", "sent", None]
    shown = sent.run("webhook", "ingest", "-", "--key-env", "HOOK_KEY", "--env", "test", stdin=text).out
    assert "25 requests = 0 stored + 2 known + 0 elsewhere + 0 other + 23 refused" in shown
    assert "line 5: it is no JSON [line_json]" in shown
    assert "and 3 more refused" in shown


def test_headers_are_taken_as_servers_give_them_and_either_key_fits(sent: ProjectDir, server: CountingServer) -> None:
    line = json.loads(captured(status_event(server.taken[0], "delivered")))
    listed = {name.lower(): [value] for name, value in line["headers"].items()}
    sent.environ["OLD_KEY"], sent.environ["HOOK_KEY"] = KEY, "the new key"
    text = json.dumps({**line, "headers": {**listed, "host": ["internal"], "x-many": ["1", "2"]}}) + "\n"
    assert counts(ingest(sent, text)) == (0, 0, 0, 0, 1)
    done = ingest(sent, text, "--key-env", "OLD_KEY")
    assert (done.code, counts(done)) == (0, (1, 0, 0, 0, 0))


def test_an_event_of_our_message_to_somebody_else_is_not_ours(sent: ProjectDir, server: CountingServer) -> None:
    stranger = OTHER["receiver"]
    mine = server.taken[0]
    lines = [
        captured(status_event({**mine, "receiver": stranger}, "delivered")),
        captured(status_event({**mine, "id": OTHER["id"]}, "delivered")),  # another message under our reference
        captured(interaction_event({**mine, "receiver": stranger}, "clicked")),
        captured(interaction_event({**mine, "reference": "theirs", "id": OTHER["id"]}, "clicked")),
        captured(reply_event("+447700900000", "STOP", channel="00000000-0000-4000-8000-00000000000f")),
    ]
    done = ingest(sent, "".join(lines))
    assert (done.code, counts(done)) == (0, (0, 0, 5, 0, 0))
    assert Kept(sent.folder).signals == []
    assert Kept(sent.folder).statuses(ids(server)) == [None, None, None]


def test_somebody_who_never_got_a_message_can_opt_out_by_reply_or_link(sent: ProjectDir) -> None:
    done = ingest(
        sent, captured(reply_event("+447700988888", "stop")) + captured(interaction_event(OTHER, "unsubscribe-request"))
    )
    assert counts(done) == (2, 0, 0, 0, 0)
    assert [one.kind for one in Kept(sent.folder).signals] == [SignalKind.OUT, SignalKind.OUT]


def test_events_are_stored_while_a_send_holds_the_ledger(project: ProjectDir, server: CountingServer) -> None:
    project.environ["HOOK_KEY"] = KEY
    project.write("hello.yaml", SPEC_TEXT)
    project.write("people.csv", numbers(1))
    server.decide = holding(server, 0)
    sending = started(project)
    until(lambda: len(server.posts) == 1)
    message = listed(server.posts[0])
    lines = captured(status_event(message, "sent")) + captured(reply_event("+447700900000", "STOP"))
    assert counts(ingest(project, lines)) == (2, 0, 0, 0, 0)
    assert [one.remote_id for one in Kept(project.folder).pending] == [message["id"]]
    server.released.set()
    assert sending.wait(30) == 0


def test_a_ledger_on_a_server_takes_the_same(shared: ProjectDir, server: CountingServer) -> None:
    shared.environ["HOOK_KEY"] = KEY
    assert shared.run("send", "hello.yaml", "--yes", "--env", "test").code == 0
    lines = [captured(status_event(message, status)) for message in server.taken for status in ("sent", "delivered")]
    lines += [captured(reply_event("+447700900000", "STOP")), captured(interaction_event(server.taken[1], "clicked"))]
    assert counts(ingest(shared, "".join(lines))) == (82, 0, 0, 0, 0)
    assert counts(ingest(shared, "".join(reversed(lines)))) == (0, 82, 0, 0, 0)
    assert shared.run("opt-outs", "list", "--env", "test", "--format", "json").json["signals"] == 1


def test_the_file_of_the_projects_own_gets_the_addresses(sent: ProjectDir) -> None:
    settings = (sent.folder / "sendspec.yaml").read_text()
    sent.write("sendspec.yaml", settings + "    suppress: {opt_outs: {append: data/opted-out.csv}}\n")
    (sent.folder / "data").mkdir()
    lines = captured(reply_event("+447700988888", "stop")) + captured(interaction_event(OTHER, "unsubscribe-request"))
    assert counts(ingest(sent, lines)) == (2, 0, 0, 0, 0)
    assert [row.partition(",")[0] for row in (sent.folder / "data/opted-out.csv").read_text().splitlines()] == [
        "phone", "+447700988888", "+447700999999",
    ]  # fmt: skip


@pytest.mark.parametrize("reference", ["", '\n  reference: "order-{{ order_id }}"'])
def test_an_event_that_is_faster_than_the_answer_waits_for_it(
    project: ProjectDir, server: CountingServer, reference: str
) -> None:
    project.environ["HOOK_KEY"] = KEY
    project.write("hello.yaml", SPEC_TEXT.rstrip("\n") + reference + "\n")
    project.write("people.csv", numbers(1))
    server.decide = lambda number, request: Answer(drop=True, taken=True)
    assert project.run("send", "hello.yaml", "--yes", "--env", "test").code == 4
    message = server.taken[0]
    early = captured(status_event(message, "delivered"))
    other = captured(status_event({**message, "receiver": OTHER["receiver"]}, "delivered"))
    assert counts(ingest(project, early + early + other)) == (1, 1, 1, 0, 0)
    assert counts(ingest(project, early)) == (0, 1, 0, 0, 0)
    assert [one.remote_id for one in Kept(project.folder).pending] == [message["id"]]
    assert project.run("reconcile", "--env", "test").code == 0
    done = ingest(project, "")
    assert (done.json["settled"], done.json["lines"]) == (1, 0)
    kept = Kept(project.folder)
    status = json.loads(project.run("ledger", "export", "--env", "test").out)
    assert kept.statuses([bytes.fromhex(status["id"][1:])]) == ["delivered"]
    assert kept.pending == []


@pytest.mark.parametrize(("file", "words"), [("missing.jsonl", "can't be read: no such file"), (".", "is no file")])
def test_a_file_that_can_not_be_read_is_told(project: ProjectDir, file: str, words: str) -> None:
    project.environ["HOOK_KEY"] = KEY
    done = project.run("webhook", "ingest", file, "--key-env", "HOOK_KEY", "--env", "test")
    assert done.code == 1
    assert words in done.err


def test_a_file_is_read_like_standard_input(sent: ProjectDir, server: CountingServer) -> None:
    sent.write("captured.jsonl", captured(status_event(server.taken[0], "delivered")))
    done = sent.run("webhook", "ingest", "captured.jsonl", "--key-env", "HOOK_KEY", "--env", "test")
    assert (done.code, done.out) == (0, "test: 1 request = 1 stored + 0 known + 0 elsewhere + 0 other + 0 refused\n")


def test_without_a_ledger_nothing_is_stored(project: ProjectDir) -> None:
    project.environ["HOOK_KEY"] = KEY
    (project.folder / ".sendspec/test.db").unlink()
    done = ingest(project, captured(reply_event("+447700988888", "stop")))
    assert done.code == 6
    assert "error" in only(done.out, "webhook-ingest")


def test_a_key_that_is_not_there_is_told_before_anything_is_read(project: ProjectDir) -> None:
    done = project.run("webhook", "ingest", "-", "--key-env", "NO_KEY", "--env", "test", stdin="x\n")
    assert done.code == 1
    assert "NO_KEY is not set" in done.err
