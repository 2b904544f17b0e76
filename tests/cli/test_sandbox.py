"""`sandbox` as a command: it says where it is, serves other commands, shows faults on request, and goes when asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sendspec.cli.main import run
from sendspec.provider.webhook_signature import Signed, verify
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.server import serving
from sendspec.sandbox.store import Store
from webhook_receiver import receiving

Start = Callable[..., "Served"]


class Served:
    """A sandbox in a process of its own."""

    def __init__(self, project_dir: Any, *arguments: str) -> None:
        self.process = subprocess.Popen(
            project_dir.command("sandbox", "--port", "0", *arguments), cwd=project_dir.folder, env={**os.environ, **project_dir.environ},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.page = self.process.stdout.readline().strip()

    def messages(self) -> list[dict[str, Any]]:
        """What it has accepted."""
        request = urllib.request.Request(self.url + "/_sandbox/messages", headers={"Authorization": "AccessKey any"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            results: list[dict[str, Any]] = json.load(answer)["results"]
        return results

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Its exit code, and what it said after the address."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def start(project_dir: Any, helpers: Any) -> Iterator[Start]:
    """Starts sandboxes for a spec with 10 recipients."""
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(10))
    running: list[Served] = []

    def started(*arguments: str) -> Served:
        served = Served(project_dir, *arguments)
        running.append(served)
        project_dir.environ["SENDSPEC_SANDBOX_URL"] = served.url
        return served

    yield started
    for served in running:
        served.stop()


def send(project_dir: Any) -> Any:
    return project_dir.run("send", "hello.yaml", "--yes", "--format", "json")


def test_a_send_goes_to_the_sandbox_that_is_named_and_stays_there(project_dir: Any, start: Start) -> None:
    served = start()
    assert served.url.startswith("http://127.0.0.1:")
    done = send(project_dir)
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == 10
    taken = served.messages()
    assert len({message["reference"] for message in taken}) == len(taken) == 10
    code, out, err = served.stop(signal.SIGINT)
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        f"the sandbox listens; use it with: export SENDSPEC_SANDBOX_URL={served.url}",
        "the second address opens its page, for whoever has it: what arrives, and faults to switch on",
    ]
    again = start()
    assert {message["reference"] for message in again.messages()} == {message["reference"] for message in taken}
    assert send(project_dir).json["skipped"] == {"already-accepted": 10}
    assert again.stop(signal.SIGTERM)[0] == 0


def test_its_page_shows_what_the_projects_ledger_planned(project_dir: Any, start: Start) -> None:
    served = start("--fault", "drop-before:from=4,to=4")
    assert send(project_dir).json["totals"] == {
        "recipients": 10, "accepted": 9, "refused": 0, "in_doubt": 1, "not_sent": 0, "skipped": 0
    }  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(served.page, timeout=10) as answer:
        assert "9 messages in 9 conversations · " in answer.read().decode()
        assert "token" not in answer.url
        base = answer.url
    with opener.open(f"{base}planned", timeout=10) as answer:
        page = answer.read().decode()
    assert "<strong>1 planned and not arrived</strong>" in page
    assert "<td>in doubt</td>" in page
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{served.url}/_sandbox/", timeout=10)


def test_faults_strike_the_posts_that_were_named(project_dir: Any, start: Start) -> None:
    served = start("--fault", "422:from=2,to=4", "--fault", "drop-after:from=6,to=6", "--fault", "slow:ms=1")
    done = send(project_dir)
    assert done.code == 4, done.err
    totals = done.json["totals"]
    assert (totals["accepted"], totals["refused"], totals["in_doubt"]) == (6, 3, 1)
    assert len(served.messages()) == 7
    assert project_dir.run("reconcile").code == 0
    assert project_dir.run("status", "--format", "json").json["totals"]["accepted"] == 7


def test_it_posts_signed_events_of_what_it_accepts(project_dir: Any, start: Start) -> None:
    project_dir.environ["EVENTS_KEY"] = "a key of mine"
    with receiving() as (receiver, address):
        url = f"{address}/events"
        served = start("--webhook", url, "--signing-key-env", "EVENTS_KEY", "--pace", "0.01")
        assert send(project_dir).json["totals"]["accepted"] == 10
        for _ in range(1_000):
            if len(receiver.received) == 40:
                break
            time.sleep(0.02)
        code, _, err = served.stop()
    assert (code, len(receiver.received)) == (0, 40)
    assert {received.said for received in receiver.received} == {
        f"sms.outbound {status}" for status in ("accepted", "processing", "sent", "delivered")
    }  # fmt: skip
    for received in receiver.received:
        assert isinstance(verify(["a key of mine"], url, received.headers, received.body), Signed)
    assert f"events are posted to {url}\n" in err
    assert "events: 40 delivered, 0 failed attempts, 0 given up\n" in err
    assert "a key of mine" not in err


def test_it_says_the_key_that_it_signs_with_by_default(project_dir: Any, start: Start) -> None:
    served = start("--webhook", "http://127.0.0.1:1/events")
    _, _, err = served.stop()
    assert "events are posted to http://127.0.0.1:1/events, signed with sandbox-signing-key\n" in err
    assert "events: 0 delivered" in err


def test_beyond_its_rate_it_asks_to_wait_and_everything_arrives(project_dir: Any, start: Start) -> None:
    served = start("--rate", "6")
    done = send(project_dir)
    assert done.code == 0, done.err
    assert done.json["totals"]["accepted"] == 10
    assert done.json["requests"] > 10
    assert len(served.messages()) == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "drop-aftr"), "did you mean 'drop-after'?"),
        (("--fault", "429:every=0"), "every=0 strikes nothing"),
        (("--fault", "429:often"), "'often' is not an option of a fault"),
        (("--port", "65536"), "65536"),
        (("--rate", "0"), "0"),
        (("--pace", "0"), "0"),
        (("--webhook", "https://example.com/"), "an http address on this machine"),
        (("--webhook", "http://127.0.0.1:1/", "--signing-key", ""), "the signing key is empty"),
        (("--webhook", "http://127.0.0.1:1/", "--signing-key-env", "NOT_SET"), "the variable NOT_SET"),
        (("--webhook", "http://127.0.0.1:1/", "--signing-key", "a", "--signing-key-env", "PATH"), "not both"),
        (("--signing-key", "a"), "--signing-key needs --webhook URL"),
        (("--signing-key-env", "PATH"), "--signing-key-env needs --webhook URL"),
        (("--fault", "429", "--fault", "webhook-twice"), "webhook-twice needs --webhook URL"),
    ],
)
def test_what_can_not_be_asked_of_it_is_wrong_usage(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_a_port_that_is_taken_is_wrong_usage(project_dir: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = project_dir.run("sandbox", "--port", str(port))
    assert done.code == 2
    assert f"port {port} can't be used" in done.err


@pytest.mark.parametrize(
    "url", ["https://api.bird.com", "http://192.0.2.1:8080", "127.0.0.1:8080", "http://user@127.0.0.1:1"]
)
def test_a_sandbox_elsewhere_is_wrong_usage_and_nothing_is_sent(
    project_dir: Any, helpers: Any, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project_dir.write("hello.yaml", helpers.SPEC)
    project_dir.write("people.csv", helpers.numbers(1))
    monkeypatch.chdir(project_dir.folder)
    monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
    assert run(["send", "hello.yaml", "--yes"]) == 2
    assert "SENDSPEC_SANDBOX_URL has to be an http address on this machine" in capsys.readouterr().err
    assert run(["status", "--not-sent", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["not_sent"] == 1


def test_projects_that_share_a_sandbox_do_not_see_each_others_messages(
    tmp_path: Path, helpers: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(None)
    with serving(Sandbox(store, time.time)) as url:
        monkeypatch.setenv("SENDSPEC_SANDBOX_URL", url)
        for name in ("one", "two", "one"):
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "hello.yaml").write_text(helpers.SPEC, encoding="utf-8")
            (folder / "people.csv").write_text(helpers.numbers(2), encoding="utf-8")
            monkeypatch.chdir(folder)
            assert run(["send", "hello.yaml", "--yes"]) == 0
    assert len(store.all()) == 4
    store.close()
    assert "2 already accepted" in capsys.readouterr().out
