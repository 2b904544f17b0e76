"""The sandbox answers in the documented form whatever it is asked: each filter works or is refused, and no page of the web reads it."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from project_dir import SPEC, ProjectDir, numbers
from sendspec.reading.schema.validator import load_schema

WORKSPACE, CHANNEL = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01", "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"
PATH = f"/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"
UUID = "123e4567-e89b-12d3-a456-426614174000"
WEEK = 7 * 86_400
PYTHON_WORDS = re.compile(
    r"invalid literal|base 1[06]|isoformat|Traceback|Error\b|codec|not in tuple|out of range for|None|<html|<!DOCTYPE", re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """An answer: its status, its headers by small names, its JSON."""

    status: int
    headers: dict[str, str]
    json: Any


class Served:
    """`sendspec sandbox` in a process of its own, asked byte by byte."""

    def __init__(self, project_dir: ProjectDir, *arguments: str) -> None:
        self.process = subprocess.Popen(
            project_dir.command("sandbox", "--port", "0", *arguments), cwd=project_dir.folder, env={**os.environ, **project_dir.environ},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2])

    def send(self, raw: bytes) -> Said:
        """What is answered to these bytes; nothing at all fails."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while block := connection.recv(65_536):
                received += block
        assert received.startswith(b"HTTP/1.1 "), received[:200]
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert int(headers["content-length"]) >= len(body)
        return Said(int(status.split()[1]), headers, json.loads(body) if body else None)

    def ask(self, method: str, target: str, body: bytes = b"", host: str | None = None, headers: str = "") -> Said:
        words = [
            f"{method} {target} HTTP/1.1",
            f"Host: {f'127.0.0.1:{self.port}' if host is None else host}",
            "Authorization: AccessKey any",
            "Connection: close",
            *([f"Content-Length: {len(body)}"] if body or method == "POST" else ()),
            *([headers] if headers else ()),
        ]
        return self.send("\r\n".join([*words, "", ""]).encode() + body)

    def post(self, payload: Any, target: str = PATH) -> Said:
        return self.ask("POST", target, payload if isinstance(payload, bytes) else json.dumps(payload).encode())

    def list(self, *words: tuple[str, str]) -> Said:
        return self.ask("GET", f"{PATH}?{urlencode(words)}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


def is_refused(said: Said, *statuses: int) -> None:
    """In the documented form, in plain words."""
    assert said.status in statuses, said
    assert load_schema("error").problems(said.json) == []
    assert said.headers["content-type"] == "application/json"
    assert not PYTHON_WORDS.search(json.dumps(said.json)), said.json


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(ProjectDir(tmp_path_factory.mktemp("sandbox")))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def four(served: Served) -> list[dict[str, Any]]:
    """Messages m0 to m3 of a channel, in the order they were posted; the last two came as a batch."""
    taken = [served.post(payload(n)).json for n in (0, 1)]
    batch = served.post({"messageRequests": [payload(2), payload(3)]}, PATH.replace("/messages", "/batch/messages"))
    taken += [{**message, "batch": batch.json["id"]} for message in batch.json["messages"]]
    return taken


def payload(n: int) -> dict[str, Any]:
    contacts = [{"identifierKey": "phonenumber", "identifierValue": f"+4477009{n:05d}"}]
    body = {"type": "text", "text": {"text": "Hi"}}
    return {"receiver": {"contacts": contacts}, "body": body, "reference": f"m{n}", "tags": [f"Tag {n}", "all"]}


def shown(said: Said) -> list[str]:
    assert said.status == 200, said
    for message in said.json["results"]:
        assert load_schema("response").problems(message) == []
    return [message["reference"] for message in said.json["results"]]


FILTERS = [
    ([("to", "+447700900001"), ("to", "+447700900003")], ["m3", "m1"]),
    ([("to[]", "+447700900001"), ("to", "+447700900003")], ["m3", "m1"]),
    ([("to", "+447700900099")], []),
    ([("tag", "tag 2")], ["m2"]),
    ([("tag[]", "Tag 2"), ("tag[]", "tag 0")], ["m2", "m0"]),
    ([("tag", "tag")], []),
    ([("direction", "incoming")], []),
    ([("direction", "outgoing")], ["m3", "m2", "m1", "m0"]),
    ([("reverse", "true"), ("limit", "2")], ["m0", "m1"]),
    ([("status", "rejected")], []),
    ([("status[]", "scheduled"), ("status[]", "deleted")], []),
    ([("batchId", UUID)], []),
    ([("id", UUID)], []),
    ([("startAt", "2020-01-01T00:00:00Z"), ("endAt", "2020-01-02T00:00:00Z")], []),
    ([("endAt", "2020-01-02T00:00:00Z")], []),
    ([("endAt", "2999-01-02T00:00:00+02:00")], ["m3", "m2", "m1", "m0"]),
]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(("words", "references"), FILTERS, ids=[urlencode(words) for words, _ in FILTERS])
def test_each_filter_narrows_the_list(served: Served, words: list[tuple[str, str]], references: list[str]) -> None:
    assert shown(served.list(*words)) == references


@pytest.mark.parametrize("name", ["id", "id[]"])
def test_messages_are_listed_by_id_and_a_batch_by_its(served: Served, four: list[dict[str, Any]], name: str) -> None:
    assert shown(served.list((name, four[2]["id"]), (name, four[0]["id"].upper()))) == ["m2", "m0"]
    assert shown(served.list(("batchId", four[3]["batch"]))) == ["m3", "m2"]
    assert shown(served.list(("batchId", four[3]["batch"]), (name, four[2]["id"]), ("to", "+447700900002"))) == ["m2"]
    assert shown(served.list(("batchId", four[3]["batch"]), (name, four[0]["id"]))) == []


@pytest.mark.usefixtures("four")
def test_pages_go_on_where_the_last_one_ended(served: Served) -> None:
    first = served.list(("limit", "3"), ("tag", "all"))
    assert shown(first) == ["m3", "m2", "m1"]
    last = served.list(("limit", "3"), ("tag", "all"), ("pageToken", first.json["nextPageToken"]))
    assert shown(last) == ["m0"]
    assert "nextPageToken" not in last.json


@pytest.mark.parametrize(
    "name",
    ["platform", "navigatorId", "messageType", "messageType[]", "from", "from[]", "failureCode", "failureSourceCode",
     "failureSourceName", "countryCode", "emailSubject", "channelId", "reference", "phonenumber", "Limit", "limit[]",
     "batchId[]", "", "to[0]", "details.x"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["", "en"])
def test_a_filter_that_it_does_not_have_is_refused_not_ignored(served: Served, name: str, value: str) -> None:
    said = served.list((name, value))
    is_refused(said, 422)
    assert len(said.json["details"]) == 1
    assert repr(name).strip("'") in json.dumps(said.json["details"])


WRONG_VALUES = [
    "limit=0", "limit=1001", "limit=x", "limit=", "limit=1_0", "limit=%201", "limit=1.0", "limit=-1", "limit=%D9%A1",
    "limit=" + "9" * 5_000, "limit=1&limit=2", "limit", "pageToken=zz", "pageToken=", "pageToken=-1", "pageToken=0x1",
    "pageToken=1_0", "pageToken=" + "f" * 16, "pageToken=" + "1" * 8_001, "reverse=1", "reverse=True", "reverse=",
    "direction=both", "direction=", "direction=incoming&direction=outgoing", "status=seen", "status=", "status[]=Sent",
    "status=sent&status[]=seen", "id=5", "id[]=", f"id={UUID}&id[]=x", "batchId=5", "batchId=", "startAt=yesterday",
    "startAt=2026-01-01", "startAt=2026-01-01T00:00:00", "startAt=2026-01-01T00:00:00+00:00", "startAt=",
    "startAt=2016-12-31T23:59:60Z", "startAt=0001-01-01T00:00:00%2B14:00",
    "endAt=%ff", "startAt=2026-02-30T00:00:00Z", "startAt=2020-01-01T00:00:00Z",
    "startAt=2026-01-02T00:00:00Z&endAt=2026-01-01T00:00:00Z", "startAt=2026-01-01T00:00:00Z&endAt=2026-01-08T00:00:01Z",
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG_VALUES, ids=[query[:60] for query in WRONG_VALUES])
def test_a_value_that_is_none_is_refused_in_plain_words(served: Served, query: str) -> None:
    said = served.ask("GET", f"{PATH}?{query}")
    is_refused(said, 422)
    name = query.partition("=")[0].removesuffix("[]")
    assert all(key.startswith(f".{name}") for key in said.json["details"]), said.json
    assert all(reasons and all(reasons) for reasons in said.json["details"].values())


def test_all_that_is_wrong_with_a_query_is_said_at_once(served: Served) -> None:
    said = served.ask("GET", f"{PATH}?limit=x&platform=sms&status=seen&reverse=maybe")
    is_refused(said, 422)
    assert set(said.json["details"]) == {".limit", ".platform", ".status[0]", ".reverse"}


def test_one_message_is_shown_and_others_are_not_there(served: Served, four: list[dict[str, Any]]) -> None:
    said = served.ask("GET", f"{PATH}/{four[0]['id']}")
    assert said.status == 200
    assert load_schema("response").problems(said.json) == []
    assert said.json["reference"] == "m0"
    for other in (
        UUID,
        "nothing",
        "%00",
        "..",
        four[0]["id"] + "/interaction",
        UUID + "/interactions",
        four[0]["id"] + "/interactions/x",
    ):
        is_refused(served.ask("GET", f"{PATH}/{other}"), 404)
    is_refused(served.ask("GET", f"{PATH.replace(CHANNEL, UUID)}/{four[0]['id']}"), 404)


CONTACT = payload(0)["receiver"]["contacts"][0]
REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"receiver": {"contacts": [{**CONTACT, "listId": "x"}]}}, ".receiver.contacts[0]", 'property "listId" is unsupported'),
    ({"receiver": {"contacts": {}}}, ".receiver.contacts", "value must be an array"),
    ({"body": {"type": "interactive"}}, ".body.type", 'Invalid value: "interactive", expected one of: "text", "html"'),
    ({"body": {"type": "text"}}, ".body.text", 'property "text" is missing'),
    ({"zzz": 1}, ".", 'property "zzz" is unsupported'),
    ({"tags": ["a"] * 11}, ".tags", "maximum number of items is 10"),
    ({"tags": [""]}, ".tags[0]", "minimum string length is 1"),
    ({"tags": ["x" * 51]}, ".tags[0]", "maximum string length is 50"),
    ({"tags": ["a!"]}, ".tags[0]", "string doesn't match the regular expression"),
    ({"validity": -1}, ".validity", "number must be at least 0"),
    ({"validity": "1"}, ".validity", "value must be an integer"),
    ({"scheduledFor": "soon"}, ".scheduledFor", 'string doesn\'t match the format "date-time"'),
    ({"meta": {"email": {"headers": {"X-A": 1}}}}, '.meta.email.headers["X-A"]', "value must be a string"),
    ({"template": {"name": "t"}}, ".template", "a body and a template"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place", "words"), REFUSALS, ids=[f"{place} {words}" for _, place, words in REFUSALS]
)
def test_a_wrong_message_is_refused_as_the_api_does(
    served: Served, change: dict[str, Any], place: str, words: str
) -> None:
    said = served.post({**payload(9), **change})
    is_refused(said, 422)
    assert said.json["code"] == "InvalidPayload"
    assert list(said.json["details"]) == [place]
    assert any(words in reason for reason in said.json["details"][place])


DEEP = 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "no UTF-8": (b'{"a": "\xff"}', 400),
    "half a surrogate pair": (b'{"reference": "\\ud800"}', 400),
    "half a pair as a key": (b'{"\\udfff": 1}', 400),
    "deep lists": (b"[" * DEEP, 400),
    "deep lists, closed": (b"[" * DEEP + b"]" * DEEP, 400),
    "deep mappings": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 400),
    "as deep as orjson goes": (json.dumps(payload(1))[:-1].encode() + b', "meta": {"extraInformation": {"a": '
                               + b"[" * 900 + b"]" * 900 + b"}}}", 400),
    "as deep as jsonschema does not go": (b"[" * 300 + b"]" * 300, 400),
    "no number": (b'{"validity": NaN}', 400),
    "a number without end": (b'{"validity": ' + b"9" * 5_000 + b"}", 400),
    "a number of 25 digits": (json.dumps({**payload(1), "validity": 0}).replace('"validity": 0', '"validity": -' + "9" * 25)
                              .encode(), 422),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a text": (b'"Hi"', 422),
    "NUL in a text": (b'{"reference": "\\u0000"}', 422),
}  # fmt: skip


@pytest.mark.parametrize("path", [PATH, PATH.replace("/messages", "/batch/messages")], ids=["message", "batch"])
@pytest.mark.parametrize("what", BODIES)
def test_whatever_is_posted_is_answered(served: Served, what: str, path: str) -> None:
    body, status = BODIES[what]
    is_refused(served.ask("POST", path, body), status)


def test_what_is_deep_but_readable_is_taken(served: Served) -> None:
    deep: Any = "end"
    for _ in range(40):
        deep = {"in": [deep]}
    said = served.post({**payload(5), "meta": {"extraInformation": deep}})
    assert said.status == 202
    assert said.json["meta"]["extraInformation"] == deep


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "QUERY", "x"])
def test_other_methods_are_405_in_json(served: Served, method: str) -> None:
    said = served.ask(method, PATH)
    assert said.status == 405
    assert said.headers["allow"] == "GET, POST"
    if method != "HEAD":
        is_refused(said, 405)
    is_refused(served.ask("PUT", PATH, b"{}"), 405)


RAW: dict[str, tuple[bytes, int]] = {
    "no request": (b"hello\r\n\r\n", 400),
    "another version": (b"GET / HTTP/7.0\r\n\r\n", 505),
    "a target without end": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    "a header without end": (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 421),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil.example\r\n\r\n", 421),
    "no key": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 401),
    "a target with a host": (b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 421),
    "no length": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: AccessKey a\r\n\r\n", 411),
    "chunks": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: AccessKey a\r\nContent-Length: 2\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "a length of one digit that isn't ASCII": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: \xb2\r\n\r\n{}", 411),
    "a length of 5,000 digits": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 413),
    "a length of 14 digits": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 99999999999999\r\n\r\n", 413),
    "a length of 0 in 5,000 digits": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: " + b"0" * 5_000 + b"\r\n\r\n", 401),
    "a length below 0": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: -1\r\n\r\n", 411),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 411),
    "a large length": (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 1000001\r\n\r\n{}", 413),
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_whatever_bytes_arrive_are_answered(served: Served, what: str) -> None:
    raw, status = RAW[what]
    is_refused(served.send(raw.replace(b"PORT", str(served.port).encode())), status)


def test_a_body_too_large_is_answered_before_the_connection_goes(served: Served) -> None:
    is_refused(served.ask("POST", PATH, b"x" * 1_000_001), 413)
    is_refused(served.ask("PUT", PATH, b"x" * 900_000), 405)


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil.example:{port}",
     "localhost.evil.example:{port}", "localhost.:{port}", "0.0.0.0:{port}", "user@127.0.0.1:{port}", "127.0.0.1:{port}:1", "",
     "127.0.0.1:0{port}", "[::1]", "[::]:{port}", "127.1:{port}"],
)  # fmt: skip
@pytest.mark.parametrize("target", ["/_sandbox/messages", PATH, "/"])
def test_a_page_of_the_web_that_calls_itself_this_machine_reads_nothing(served: Served, host: str, target: str) -> None:
    said = served.ask("GET", target, host=host.format(port=served.port))
    is_refused(said, 421)
    assert "+4477" not in json.dumps(said.json)
    posted = served.ask("POST", PATH, json.dumps(payload(8)).encode(), host=host.format(port=served.port))
    is_refused(posted, 421)
    assert shown(served.list(("to", "+447700900008"))) == []


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_this_machines_names_are_let_in(served: Served, host: str) -> None:
    assert served.ask("GET", PATH, host=host.format(port=served.port)).status == 200


def sent(project_dir: ProjectDir, count: int) -> Path:
    """The file of the sandbox's messages after a send to `count` people."""
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", numbers(count))
    done = project_dir.run("send", "hello.yaml", "--yes", "--format", "json")
    assert done.code == 0, done.err
    return project_dir.folder / ".sendspec" / "sandbox-api.db"


def test_peoples_numbers_are_for_this_user_only_and_not_in_git(project_dir: ProjectDir) -> None:
    old = os.umask(0o022)
    try:
        kept = sent(project_dir, 3)
    finally:
        os.umask(old)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (kept.parent / ".gitignore").read_text() == "*\n"
    subprocess.run(["git", "init", "--quiet", str(project_dir.folder)], check=True)
    status = subprocess.run(
        ["git", "-C", str(project_dir.folder), "status", "--porcelain", "--untracked-files=all"], check=True, capture_output=True, text=True
    )  # fmt: skip
    assert ".sendspec" not in status.stdout


def test_a_file_that_others_could_read_is_closed_to_them(project_dir: ProjectDir) -> None:
    kept = sent(project_dir, 3)
    kept.chmod(0o644)
    sent(project_dir, 4)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_only_the_newest_ten_thousand_are_kept(project_dir: ProjectDir) -> None:
    kept = sent(project_dir, 3)
    with sqlite3.connect(kept) as store:
        workspace, channel, body = store.execute("SELECT workspace, channel, payload FROM message").fetchone()
        store.executemany(
            "INSERT INTO message (id, workspace, channel, payload, created_at) VALUES (?, ?, ?, ?, ?)",
            [(f"old-{n}", workspace, channel, body, time.time() - 60) for n in range(10_005)],
        )
    store.close()
    sent(project_dir, 5)
    with sqlite3.connect(kept) as store:
        left = [row[0] for row in store.execute("SELECT id FROM message ORDER BY number")]
    store.close()
    assert len(left) == 10_000
    assert left[0] == "old-7"
    assert sum(not name.startswith("old-") for name in left) == 2


def test_nothing_is_kept_longer_than_seven_days(project_dir: ProjectDir) -> None:
    kept = sent(project_dir, 3)
    with sqlite3.connect(kept) as store:
        store.execute("UPDATE message SET created_at = ? WHERE number < 3", (time.time() - WEEK - 60,))
        numbers = [payload for (payload,) in store.execute("SELECT payload FROM message ORDER BY number")]
    store.close()
    old, *_, new = [json.loads(payload)["receiver"]["contacts"][0]["identifierValue"] for payload in numbers]
    sent(project_dir, 4)
    with sqlite3.connect(kept) as store:
        assert store.execute("SELECT count(*) FROM message").fetchone() == (2,)
    store.close()
    left = b"".join(path.read_bytes() for path in kept.parent.glob("sandbox-api.db*"))
    assert old.encode() not in left
    assert new.encode() in left


TABLE = (
    "CREATE TABLE message (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, workspace TEXT NOT NULL,"
    " channel TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL, batch TEXT)"
)
PLANTED = {
    "a view": "CREATE VIEW message AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT n AS number, n AS id,"
              " n AS workspace, n AS channel, n AS payload, n AS created_at, n AS batch FROM r",
    "a trigger": f"{TABLE}; CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM message; END",
    "another table": f"{TABLE}; CREATE TABLE other (a)",
    "an index of an expression": f"{TABLE}; CREATE INDEX i ON message (abs(created_at))",
}  # fmt: skip


@pytest.mark.parametrize("what", ["a link", "a second name", "a FIFO", "a link for the log", *PLANTED])
def test_something_planted_in_its_place_is_neither_written_nor_asked(project_dir: ProjectDir, what: str) -> None:
    place = project_dir.folder / ".sendspec" / "sandbox-api.db"
    precious = project_dir.write("precious.db", b"")
    place.parent.mkdir()
    if what == "a link":
        place.symlink_to(precious)
    elif what == "a second name":
        os.link(precious, place)
    elif what == "a link for the log":
        place.with_name("sandbox-api.db-wal").symlink_to(precious)
    elif what == "a FIFO":
        os.mkfifo(place)
    else:
        with sqlite3.connect(place) as planted:
            planted.executescript(PLANTED[what])
        planted.close()
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", numbers(3))
    done = project_dir.run("send", "hello.yaml", "--yes", "--format", "json", timeout=30)
    assert done.code == 6, done.out
    assert done.json["error"]["code"] == "sandbox-unwritable"
    assert precious.read_bytes() == b""
