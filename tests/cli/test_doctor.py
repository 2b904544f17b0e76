"""`doctor` from inside the process: what it looks at, what it calls a problem, and that it changes nothing."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from postgres_server import server_url
from sendspec import __version__
from sendspec.cli.main import run
from sendspec.operations.doctor import IGNORED_VARIABLES


class Doctor:
    """Runs the command; `out` and `err` are what it said last."""

    def __init__(self, folder: Path, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._secret = secret
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = run(["doctor", *arguments])
        captured = self._capsys.readouterr()
        self.out, self.err = captured.out, captured.err
        assert self._secret not in self.out + self.err
        return code

    def findings(self, env: str = "test") -> dict[str, tuple[str, str, str]]:
        """What was looked at, with verdict, finding and fix."""
        code = self("--env", env, "--format", "json")
        document = json.loads(self.out)
        assert document["schema"] == "sendspec.doctor/1"
        assert document["environment"] == env
        found = {f["what"]: (f["verdict"], f["found"], f["fix"]) for f in document["findings"]}
        assert len(found) == len(document["findings"])
        assert code == (1 if any(verdict == "problem" for verdict, _, _ in found.values()) else 0)
        return found

    def change(self, before: str, after: str) -> None:
        path = self.folder / "sendspec.yaml"
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], helpers: Any) -> Doctor:
    for name in IGNORED_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_KEY", helpers.SECRET)
    return Doctor(tmp_path, helpers.SECRET, capsys)


@pytest.fixture
def doctor(bare: Doctor, server: Any, helpers: Any, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """In a project whose environment `test` has all it needs."""
    (bare.folder / "sendspec.yaml").write_text(
        f"""environments:
  test:
    api_url: {server.url}
    access_key: {{env: TEST_KEY}}
    ledger: {{file: .sendspec/test.db}}
    channels:
      sms: {{workspace: {helpers.WORKSPACE}, channel: {helpers.CHANNEL}}}
"""
    )
    assert run(["ledger", "init", "--env", "test"]) == 0
    capsys.readouterr()
    return bare


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """The files, without those that SQLite puts beside a database while it is read."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_where_there_is_nothing_the_sandbox_is_ready(bare: Doctor) -> None:
    assert bare() == 0
    assert bare.out == (
        f"ok       sendspec: {__version__}\n"
        "note     project: there is no sendspec.yaml here or above, so there is only the sandbox\n"
        "         = fix: change to the project's folder, or make one: sendspec init\n"
        "ok       environment: sandbox (built in)\n"
        "ok       access key: none needed\n"
        "note     ledger: there is none yet\n"
        "ok       api: the sandbox is started by the command that sends\n"
    )
    assert list(bare.folder.iterdir()) == []


def test_a_project_with_all_it_needs_is_well(doctor: Doctor, server: Any, helpers: Any) -> None:
    before = state_of(doctor.folder)
    assert doctor("--env", "test") == 0
    assert doctor.out == (
        f"ok       sendspec: {__version__}\n"
        "ok       project: sendspec.yaml\n"
        "ok       environment: test (from --env)\n"
        "ok       access key: from the environment variable TEST_KEY\n"
        f"ok       ledger: {doctor.folder}/.sendspec/test.db\n"
        "note     opt-outs: nothing says whether replies such as STOP count\n"
        "         = fix: add `suppress: {opt_outs: true}` to the environment, or `false`\n"
        f"ok       webhooks: none needed; to hear of statuses and replies at once, register some:\n         POST {server.url}/organizations/ORGANIZATION"
        f"/workspaces/{helpers.WORKSPACE}/webhook-subscriptions\n"
        '         {"service": "channels", "event": "sms.outbound", "url": "https://HOST/PATH", "signingKey": "KEY"}\n'
        "         and the same for sms.inbound and sms.interaction\n"
        f"ok       channel sms: {server.url.removeprefix('http://')} answers\n"
        "note     state of sms: unknown: the API's answer doesn't say it\n"
        "         = fix: look at the channel in the API's console\n"
        "ok       clock: agrees with the API's\n"
    )
    assert state_of(doctor.folder) == before
    assert {request.method for request in server.requests} == {"GET"}
    workspace = f"/workspaces/{helpers.WORKSPACE}"
    assert [request.path for request in server.requests] == [
        f"{workspace}/channels/{helpers.CHANNEL}/messages?limit=1",
        f"{workspace}/channels/{helpers.CHANNEL}",
        f"{workspace}/webhook-subscriptions",
    ]
    assert {request.headers["Authorization"] for request in server.requests} == {f"AccessKey {helpers.SECRET}"}


def answering_at(server: Any, helpers: Any, end: str, answer: Any) -> None:
    """Has the server answer requests whose path ends so with this status, or this document."""

    def listing(request: Any) -> Any:
        if not request.path.endswith(end):
            return server.page([])
        if isinstance(answer, int):
            return helpers.Answer(answer)
        return helpers.Answer(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    server.listing = listing


def mms(**more: Any) -> dict[str, Any]:
    return {"messaging": {"messaging": {"outgoing": {"mms": more, "sms": {"status": "active"}}}}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": "active"}, ("ok", "active", "")),
        ({"status": "active", "capabilities": mms(status="active")}, ("ok", "active, can send SMS and MMS", "")),
        ({"status": "active", "capabilities": mms(status="active", paused=True)}, ("ok", "active, can send SMS", "")),
        ({"status": "active", "capabilities": mms(status="who knows")}, ("ok", "active, can send SMS", "")),
        ({"status": "active", "capabilities": [mms()]}, ("ok", "active", "")),
        ({"status": "inactive"}, ("problem", "'inactive', not 'active'", "activate the channel: what is sent")),
        ({"status": "call +447700900001"}, ("note", "unknown: the API's answer doesn't say it", "look at")),
        ({"status": None}, ("note", "unknown: the API's answer doesn't say it", "look at")),
        (b"[" * 20_000, ("note", "unknown: the API's answer doesn't say it", "look at")),
        (b" " * 300_000, ("note", "unknown: the body of the answer is larger than 256 KB", "look at")),
        (403, ("note", "unknown: the API answers 403", "look at")),
    ],
)
def test_the_state_of_a_channel_is_told_as_far_as_it_is_known(
    doctor: Doctor, server: Any, helpers: Any, answer: Any, expected: tuple[str, str, str]
) -> None:
    answering_at(server, helpers, helpers.CHANNEL, answer)
    verdict, found, fix = doctor.findings()["state of sms"]
    assert (verdict, found) == expected[:2]
    assert fix.startswith(expected[2])


@pytest.mark.parametrize(
    ("identifier", "is_name"),
    [("ACME", True), ("Acme 24", True), ("+447700900001", False), ("12345", False), ("acme-notifications", False), ("Acme\n", False), (7, False)],
)  # fmt: skip
def test_a_sender_that_is_a_name_hears_no_stop(
    doctor: Doctor, server: Any, helpers: Any, identifier: Any, is_name: bool
) -> None:
    answering_at(server, helpers, helpers.CHANNEL, {"status": "active", "identifier": identifier})
    found = doctor.findings().get("sender of sms")
    assert (found is not None) is is_name
    if found is not None:
        assert (found[0], "{{ '{{optOutLink}}' }}" in found[2]) == ("note", True)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        (mms(status="active"), None),
        (mms(status="disabled"), "the channel can't send pictures and files; specs/a.yaml, specs/b.yaml has them"),
        ({}, "whether the channel can send pictures and files is unknown; specs/a.yaml, specs/b.yaml has them"),
    ],
)
def test_specs_with_pictures_need_a_channel_that_sends_them(
    doctor: Doctor, server: Any, helpers: Any, capabilities: Any, expected: str | None
) -> None:
    answering_at(server, helpers, helpers.CHANNEL, {"status": "active", "capabilities": capabilities})
    assert "MMS of sms" not in doctor.findings()
    (doctor.folder / "specs").mkdir()
    spec = "spec: 1\nname: a\nchannel: sms\nmessage:\n  body: {type: image, image: {images: []}}\n"
    for name, text in {
        "a": spec, "b": spec.replace("image", "file"), "c": spec.replace("image", "text"), "d": spec.replace("sms", "other"),
        "e": "spec: {", "f": "spec: 1\nmessage: [body]", "g": "spec: 1\nchannel: sms\nmessage: {body: image}",
    }.items():  # fmt: skip
        (doctor.folder / "specs" / f"{name}.yaml").write_text(text)
    found = doctor.findings().get("MMS of sms")
    assert (None if found is None else found[:2]) == (None if expected is None else ("note", expected))


def subscription(**more: Any) -> dict[str, Any]:
    return {"service": "channels", "event": "sms.outbound", "status": "active", "eventFilters": None, **more}


FILTERED = {"eventFilters": [{"key": "channelId", "value": "x"}]}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], None),
        ([subscription(service="numbers"), subscription(status="inactive"), "no subscription"], None),
        ([subscription(), subscription()], ("ok", "2 active webhooks for channels")),
        ([subscription(**FILTERED)], ("ok", "1 active webhook for channels")),
        ([subscription(**FILTERED), subscription()], ("note", "2 active webhooks for channels, 1 with a filter: events that a")),
    ],
)  # fmt: skip
def test_a_filtered_webhook_may_take_the_events_of_others(
    doctor: Doctor, server: Any, helpers: Any, results: list[Any], expected: tuple[str, str] | None
) -> None:
    answering_at(server, helpers, "webhook-subscriptions", {"results": results})
    found = doctor.findings().get("webhooks of sms")
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found[0] == expected[0]
        assert found[1].startswith(expected[1])


def test_what_is_behind_the_first_page_of_webhooks_is_said_to_be_there(
    doctor: Doctor, server: Any, helpers: Any
) -> None:
    answering_at(server, helpers, "webhook-subscriptions", {"results": [subscription()], "nextPageToken": "more"})
    assert doctor.findings()["webhooks of sms"][1] == "1 active webhook or more for channels"
    answering_at(server, helpers, "webhook-subscriptions", 403)
    assert "webhooks of sms" not in doctor.findings()


ADA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNw07W2nvW/oMZIzxxqPLP9eLKeUig0N8jSieEhLwG0"


def test_the_approvers_are_counted(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "approvals" not in doctor.findings()
    doctor.change("    channels:", "    approvals: {approvers: people, revoked: gone}\n    channels:")
    assert doctor.findings()["approvals"][:2] == ("problem", "there is no file 'gone'")
    (doctor.folder / "gone").write_text("nobody\n")
    (doctor.folder / "people").write_text(f"ada,ada@example.com {ADA}\n")
    assert doctor.findings()["approvals"][1].startswith("gone: line 1: 'nobody' is not a kind of key")
    (doctor.folder / "gone").write_text("")
    assert doctor.findings()["approvals"] == ("ok", "people names 1 person, 1 must approve", "")
    doctor.change("revoked: gone", "need: 2")
    assert doctor.findings()["approvals"] == (
        "problem", "people names 1 person, 2 must approve", "list more people, or lower `need`",
    )  # fmt: skip
    monkeypatch.setenv("PATH", "")
    assert doctor.findings()["approvals"][:2] == ("problem", "the program ssh-keygen is not there")


def test_where_the_environment_comes_from_is_told(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.findings()["environment"] == ("ok", "test (from --env)", "")
    monkeypatch.setenv("SENDSPEC_ENV", "test")
    assert doctor() == 0
    assert "environment: test (from SENDSPEC_ENV)" in doctor.out
    monkeypatch.delenv("SENDSPEC_ENV")
    doctor.change("environments:", "default_environment: test\nenvironments:")
    assert doctor() == 0
    assert "environment: test (the default of sendspec.yaml)" in doctor.out


@pytest.mark.parametrize(
    ("written", "origin"),
    [("{file: key.txt}", "from the file key.txt"), (f"{{command: [{sys.executable}, print.py]}}", f"from the command {sys.executable}")],
)  # fmt: skip
def test_where_the_key_comes_from_is_told_and_never_the_key(
    doctor: Doctor, helpers: Any, written: str, origin: str
) -> None:
    key = doctor.folder / "key.txt"
    key.write_text(helpers.SECRET)
    key.chmod(0o600)
    (doctor.folder / "print.py").write_text("print(open('key.txt').read())")
    doctor.change("{env: TEST_KEY}", written)
    assert doctor.findings()["access key"] == ("ok", origin, "")


def test_without_a_key_nobody_is_asked(doctor: Doctor, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    found = doctor.findings()
    assert found["access key"] == (
        "problem",
        "the environment variable TEST_KEY is not set",
        "set TEST_KEY to the access key",
    )
    assert "channel sms" not in found
    assert found["ledger"][0] == "ok"
    assert server.requests == []


def test_a_ledger_that_was_never_made_says_how(doctor: Doctor) -> None:
    (doctor.folder / "sendspec.lock").unlink()
    (doctor.folder / ".sendspec" / "test.db").unlink()
    assert doctor.findings()["ledger"] == (
        "problem", "there is none yet", "make it once: sendspec ledger init --env test",
    )  # fmt: skip


def test_a_ledger_that_is_gone_or_damaged_or_on_ci_is_a_problem(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = doctor.folder / ".sendspec" / "test.db"
    (doctor.folder / ".git").mkdir()
    monkeypatch.setenv("CI", "true")
    assert doctor.findings()["ledger"][0] == "problem"
    doctor.change("{file: .sendspec/test.db}", "{file: .sendspec/test.db, durable: true}")
    assert doctor.findings()["ledger"][0] == "ok"
    ledger.write_bytes(b"no ledger at all" * 1_000)
    assert doctor.findings()["ledger"][0] == "problem"
    ledger.unlink()
    verdict, _, fix = doctor.findings()["ledger"]
    assert verdict == "problem"
    assert fix


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404, 500])
def test_an_api_that_answers_otherwise_is_a_problem_and_is_asked_once(
    doctor: Doctor, server: Any, helpers: Any, status: int
) -> None:
    server.listing = lambda request: helpers.Answer(status, b"{}", {"Location": server.url + "/elsewhere"})
    assert doctor.findings()["channel sms"] == (
        "problem", f"the API answers {status}", "check key, workspace and channel",
    )  # fmt: skip
    assert len(server.requests) == 1


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that answers every connection with these bytes, whatever they are."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 banana\r\n\r\n", b"\x00" * 100])
def test_what_is_no_http_is_a_problem_and_no_crash(doctor: Doctor, server: Any, answer: bytes) -> None:
    with answering(answer) as url:
        doctor.change(server.url, url)
        verdict, found, fix = doctor.findings()["channel sms"]
    assert verdict == "problem"
    assert "can't be reached" in found
    assert found.isprintable()
    assert fix == "check api_url and the network"


def test_nobody_there_is_a_problem(doctor: Doctor, server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = listening.getsockname()[1]
    doctor.change(server.url, f"http://127.0.0.1:{free}")
    verdict, found, _ = doctor.findings()["channel sms"]
    assert verdict == "problem"
    assert f"127.0.0.1:{free} can't be reached" in found


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (-3_600, "note"), (86_400, "note")])
def test_a_clock_that_is_apart_from_the_apis_is_noted(doctor: Doctor, server: Any, seconds: int, verdict: str) -> None:
    date = formatdate(time.time() + seconds, usegmt=True)
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nDate: {date}\r\n\r\n{{}}"
    with answering(answer.encode()) as url:
        doctor.change(server.url, url)
        found = doctor.findings()
    assert found["channel sms"][0] == "ok"
    assert found["clock"][0] == verdict
    if seconds:
        apart = int(found["clock"][1].split(" are ")[1].split()[0])
        assert abs(apart - abs(seconds)) < 30


@pytest.mark.parametrize("date", ["", "Date: yesterday\r\n", "Date: Thu, 99 Foo 2026 25:00:00 GMT\r\n"])
def test_without_the_apis_time_nothing_is_said_of_the_clock(doctor: Doctor, server: Any, date: str) -> None:
    with answering(f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{date}\r\n{{}}".encode()) as url:
        doctor.change(server.url, url)
        found = doctor.findings()
    assert found["channel sms"][0] == "ok"
    assert "clock" not in found


def test_variables_that_others_follow_are_named_and_not_followed(
    doctor: Doctor, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    found = doctor.findings()
    assert found["proxy and certificate variables"] == (
        "note", "HTTP_PROXY, REQUESTS_CA_BUNDLE set, and ignored when sending", "",
    )  # fmt: skip
    assert found["channel sms"][0] == "ok"
    assert len(server.requests) == 3


def test_a_project_file_that_can_not_be_read_is_the_result(doctor: Doctor, server: Any) -> None:
    doctor.change("access_key:", "acces_key:")
    assert doctor("--env", "test", "--format", "json") == 1
    document = json.loads(doctor.out)
    assert document["schema"] == "sendspec.diagnostics/1"
    assert document["diagnostics"][0]["path"] == "sendspec.yaml"
    assert server.requests == []


@pytest.fixture
def on_server(bare: Doctor, server: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doctor]:
    """In a project whose environment `test` has its ledger on the tests' PostgreSQL server, where none is made yet."""
    schema = f"test_{uuid4().hex}"
    (bare.folder / "sendspec.yaml").write_text(
        f"""environments:
  test:
    api_url: {server.url}
    access_key: {{env: TEST_KEY}}
    ledger: {{url: {{env: LEDGER_URL}}, schema: {schema}}}
    channels:
      sms: {{workspace: {helpers.WORKSPACE}, channel: {helpers.CHANNEL}}}
"""
    )
    monkeypatch.setenv("LEDGER_URL", server_url())
    yield bare
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def test_a_ledger_on_a_server_is_looked_at_with_its_server(
    on_server: Doctor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = on_server.findings()
    assert found["ledger"][:2] == ("problem", "there is none yet")
    assert found["role"][:2] == ("ok", "may make the ledger")
    assert run(["ledger", "init", "--env", "test"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("CI", "true")
    found = on_server.findings()
    assert found["ledger"] == ("ok", "the ledger at LEDGER_URL", "")
    assert found["role"][0] == "note"
    assert found["history"] == ("ok", "no run yet", "")
    assert {verdict for verdict, _, _ in found.values()} == {"ok", "note"}
    monkeypatch.setenv("LEDGER_URL", server_url().replace("/postgres", "/nowhere"))
    found = on_server.findings()
    assert found["ledger"][0] == "problem"
    assert "role" not in found
