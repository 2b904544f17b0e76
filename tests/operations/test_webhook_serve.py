"""`webhook serve` loses no event that it answered with 200: not when it is killed, not when nothing can be stored for a while."""

from __future__ import annotations

import http.client
import itertools
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from json_documents import only
from long_rows import all_but
from processes import until
from project_dir import ProjectDir
from sendspec.ledger.delivery.opt_out import SignalKind
from warm_process import StartedCommand
from webhook_requests import KEY, URL, Kept, captured, event, reply_event, signature_headers

OPTIONS = ("webhook", "serve", "--listen", "127.0.0.1:0", "--url", URL, "--key-env", "HOOK_KEY", "--env", "test")
SPOOL, ASIDE = ".sendspec/webhooks-test.jsonl", ".sendspec/webhooks-test.aside.jsonl"
SECONDS = 30.0

Start = Callable[..., "Serving"]


class Serving:
    """A receiver in a process of its own."""

    def __init__(self, project: ProjectDir, *options: str) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # `close` closes it
        self.process: StartedCommand = project.started(*OPTIONS, *options, stderr=self._said.fileno())
        until(lambda: ":" in self.process.output() or self.process.poll() is not None)
        self.port = int(self.process.output().splitlines()[0].rpartition(":")[2]) if self.process.poll() is None else 0

    def post(self, body: bytes, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            now = time.time()
            connection.request("POST", "/bird?env=test", body, {**signature_headers(body, timestamp=now), **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what it said."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS), self.said

    def close(self) -> None:
        if not self._said.closed:
            self.process.kill()
            self.process.wait(SECONDS)
            self._said.close()

    @property
    def said(self) -> str:
        return os.pread(self._said.fileno(), 1 << 20, 0).decode()


@pytest.fixture
def start(project: ProjectDir) -> Iterator[Start]:
    project.environ["HOOK_KEY"] = KEY
    running: list[Serving] = []

    def started(*options: str) -> Serving:
        running.append(Serving(project, *options))
        return running[-1]

    yield started
    for serving in running:
        serving.close()


def stop_event(number: int) -> bytes:
    return reply_event(f"+4477{number:08d}", "STOP", f"reply-{number}")


def opted_out(root: Path) -> set[str]:
    return {one.evidence for one in Kept(root).signals if one.kind is SignalKind.OUT}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_received_is_stored_at_once_and_the_spool_is_empty(
    project: ProjectDir, start: Start, number: signal.Signals
) -> None:
    serving = start()
    assert [serving.post(stop_event(one)) for one in (1, 2, 1)] == [200, 200, 200]
    assert serving.post(stop_event(3), **{"MessageBird-Signature": "forged"}) == 401
    until(lambda: opted_out(project.folder) == {"reply-1", "reply-2"})
    until(lambda: (project.folder / SPOOL).stat().st_size == 0)
    second = project.run(*OPTIONS)
    assert (second.code, "another `webhook serve`" in second.err, "[receiver-busy]" in second.err) == (75, True, True)
    assert f"receiving for test at http://127.0.0.1:{serving.port}/bird?…; Ctrl-C ends it" in serving.said
    code, said = serving.stop(number)
    assert code == 0
    assert "a request was refused: none of the named keys signed this URL and this body [signature_wrong]" in said
    assert "3 requests received; refused: 1 signature_wrong\n  2 stored · 1 known" in said
    assert KEY not in said
    assert not (project.folder / ASIDE).exists()


def test_with_json_it_says_where_it_listens(project: ProjectDir) -> None:
    project.environ["HOOK_KEY"] = KEY
    process = project.started(*OPTIONS, "--format", "json")
    until(lambda: "}" in process.output())
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=SECONDS)
    document = only(out, "webhook-serve")
    assert document["environment"] == "test"
    assert document["listen"].startswith("127.0.0.1:")
    assert "0 requests received" in said


def test_what_can_not_be_stored_stays_until_it_can(project: ProjectDir, start: Start) -> None:
    ledger, away = project.folder / ".sendspec/test.db", project.folder / "away.db"
    serving = start()
    ledger.rename(away)
    assert [serving.post(stop_event(one)) for one in range(3)] == [200] * 3
    until(lambda: "stays in" in serving.said)
    assert (project.folder / SPOOL).stat().st_size > 0
    away.rename(ledger)
    assert serving.post(stop_event(3)) == 200
    until(lambda: len(opted_out(project.folder)) == 4)
    code, said = serving.stop()
    assert code == 0
    assert said.count("stays in webhooks-test.jsonl") == 1
    assert (project.folder / SPOOL).read_bytes() == b""


def test_its_end_does_not_wait_for_a_store_that_is_busy(project: ProjectDir, start: Start) -> None:
    serving = start()
    assert serving.post(stop_event(1)) == 200
    until(lambda: opted_out(project.folder) == {"reply-1"})
    with sqlite3.connect(project.folder / ".sendspec/test.db.delivery", isolation_level=None) as held:
        held.execute("BEGIN EXCLUSIVE")
        assert serving.post(stop_event(2)) == 200
        begin = time.monotonic()
        code, said = serving.stop()
        assert (code, time.monotonic() - begin < 14) == (0, True)  # writing waits 15 s where nothing hurries it
        assert "1 request is left in" in said
        held.execute("ROLLBACK")
    held.close()
    assert start().stop()[0] == 0
    assert opted_out(project.folder) == {"reply-1", "reply-2"}


def test_where_opt_outs_were_lost_more_of_them_are_still_taken(project: ProjectDir, start: Start) -> None:
    ingest = ("webhook", "ingest", "-", "--key-env", "HOOK_KEY", "--env", "test", "--format", "json")
    first = captured(stop_event(1))
    assert project.run(*ingest, stdin=first).json["opt_outs"] == 1
    for path in (project.folder / ".sendspec").glob("test.db.delivery*"):
        path.unlink()
    lost = project.run(*ingest, stdin=first)
    assert (lost.code, lost.json["error"]["code"]) == (6, "opt-outs-lost")
    serving = start()
    assert serving.post(stop_event(2)) == 200
    until(lambda: "stays in" in serving.said)
    code, said = serving.stop()
    assert code == 0
    assert "1 request received\n  0 stored · 0 known · 0 elsewhere · 0 other · 0 unreadable · 1 not stored yet" in said
    assert f"1 request is left in {SPOOL}, and stored when `webhook serve` runs again" in said
    assert len((project.folder / SPOOL).read_bytes().splitlines()) == 1


def test_the_spool_can_be_ingested_where_nobody_serves(project: ProjectDir, start: Start) -> None:
    ledger, away = project.folder / ".sendspec/test.db", project.folder / "away.db"
    serving = start()
    ledger.rename(away)
    assert serving.post(stop_event(1)) == 200
    serving.process.kill()
    serving.process.wait(SECONDS)
    away.rename(ledger)
    with (project.folder / SPOOL).open("ab") as spool:
        spool.write(b'{"url": "https://torn')
    ingest = ("webhook", "ingest", SPOOL, "--key-env", "HOOK_KEY", "--env", "test", "--format", "json")
    done = project.run(*ingest)
    assert (done.code, done.json["stored"], done.json["refused"]) == (1, 1, {"line_json": 1})
    assert opted_out(project.folder) == {"reply-1"}
    code, said = start().stop()
    assert (code, "0 stored · 1 known · 0 elsewhere · 0 other · 1 unreadable" in said) == (0, True)
    assert (project.folder / SPOOL).read_bytes() == b""
    assert not (project.folder / ASIDE).exists()


def test_what_a_person_has_to_look_at_is_put_aside_and_not_lost(project: ProjectDir, start: Start) -> None:
    unread = event("sms.inbound", {"id": "x"})
    (project.folder / SPOOL).write_text(
        captured(stop_event(1), "the old key") + captured(stop_event(2)) + captured(unread)
    )
    (project.folder / ASIDE).write_text('{"torn')
    (project.folder / ASIDE).chmod(0o644)
    serving = start()
    until(lambda: opted_out(project.folder) == {"reply-2"})
    assert serving.post(unread) == 200
    code, said = serving.stop()
    assert code == 0
    assert f"2 requests put aside into {ASIDE}: 1 × it is signed, but its payload" in said
    aside = project.folder / ASIDE
    assert (aside.stat().st_mode & 0o777, len(aside.read_bytes().splitlines())) == (0o600, 4)
    project.environ["OLD_KEY"] = "the old key"
    ingest = ("webhook", "ingest", ASIDE, "--key-env", "OLD_KEY", "--env", "test", "--format", "json")
    assert project.run(*ingest).json["stored"] == 1
    assert opted_out(project.folder) == {"reply-1", "reply-2"}


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_where_nothing_can_be_put_aside_it_stays_in_the_spool(
    project: ProjectDir, start: Start, link: Callable[[Path, Path], None]
) -> None:
    line = captured(stop_event(1), "the old key")
    (project.folder / SPOOL).write_text(line)
    precious = project.write("precious", "precious")
    link(project.folder / ASIDE, precious)
    code, said = start().stop()
    assert (code, "stays in webhooks-test.jsonl" in said) == (0, True)
    assert f"1 request has to be put aside into {ASIDE}, which can't be written: it is a link; move it away" in said
    assert precious.read_text() == "precious"
    assert (project.folder / SPOOL).read_text() == line


def test_a_spool_that_is_removed_ends_it_and_nothing_is_answered_with_200(project: ProjectDir, start: Start) -> None:
    serving = start()
    (project.folder / SPOOL).unlink()
    assert serving.post(stop_event(1)) == 503
    assert serving.process.wait(SECONDS) == 6
    assert "was removed or replaced" in serving.said


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"--listen": "example.com:80"}, 2, "is no address"),
        ({"--listen": "127.0.0.1:70000"}, 2, "is no address"),
        ({"--listen": "192.0.2.1:0"}, 2, "can't be listened on"),
        ({"--url": "http://example.com/bird"}, 2, "begins with https"),
        ({"--key-env": "NO_KEY"}, 1, "NO_KEY is not set"),
        ({"--env": "nowhere"}, 2, "there is no environment"),
    ],
)
def test_what_can_not_be_served_is_told(project: ProjectDir, change: dict[str, str], code: int, words: str) -> None:
    project.environ["HOOK_KEY"] = KEY
    pairs = {**dict(zip(OPTIONS[2::2], OPTIONS[3::2], strict=True)), **change}
    done = project.run("webhook", "serve", *(word for pair in pairs.items() for word in pair))
    assert done.code == code, done.err
    assert words in done.err


def test_without_a_ledger_nothing_is_received(project: ProjectDir) -> None:
    project.environ["HOOK_KEY"] = KEY
    (project.folder / "sendspec.lock").unlink()
    (project.folder / ".sendspec/test.db").unlink()
    assert project.run(*OPTIONS).code == 6
    assert not (project.folder / SPOOL).exists()


def posting(
    serving: Serving, is_over: threading.Event, answered: list[int], numbers: Iterator[int]
) -> list[threading.Thread]:
    """Threads that post to it, each reply with a number of its own, until it is over. Those answered with 200 are noted."""

    def post() -> None:
        while not is_over.is_set():
            number = next(numbers)
            with suppress(OSError, http.client.HTTPException):
                if serving.post(stop_event(number)) == 200:
                    answered.append(number)

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("signals", all_but([4], [4, 60]))
def test_the_first_signal_ends_it_while_events_arrive(project: ProjectDir, start: Start, signals: int) -> None:
    answered: list[int] = []
    numbers = itertools.count()
    for count in range(signals):
        serving, is_over = start(), threading.Event()
        goal = len(answered) + 20
        threads = posting(serving, is_over, answered, numbers)
        until(lambda: len(answered) >= goal)  # noqa: B023  # called at once
        code, said = serving.stop(signal.SIGINT if count % 2 else signal.SIGTERM)
        is_over.set()
        for thread in threads:
            thread.join(SECONDS)
        assert code == 0, said
        serving.close()
    assert {f"reply-{number}" for number in answered} <= opted_out(project.folder)
    assert (project.folder / SPOOL).read_bytes() == b""


@pytest.mark.parametrize("kills", all_but([4], [4, 60]))
def test_a_receiver_that_is_killed_at_random_loses_nothing_that_it_answered(
    project: ProjectDir, start: Start, kills: int
) -> None:
    chosen = random.Random(kills)
    answered: list[int] = []
    numbers = itertools.count()
    for _ in range(kills):
        serving, is_over = start(), threading.Event()
        goal = len(answered) + chosen.randint(1, 60)
        threads = posting(serving, is_over, answered, numbers)
        until(lambda: len(answered) >= goal)  # noqa: B023  # called at once
        time.sleep(chosen.random() * 0.02)
        serving.process.kill()
        is_over.set()
        for thread in threads:
            thread.join(SECONDS)
        serving.process.wait(SECONDS)
    code, said = start().stop()
    assert code == 0, said
    assert {f"reply-{number}" for number in answered} <= opted_out(project.folder)
    assert (project.folder / SPOOL).read_bytes() == b""
    assert not (project.folder / ASIDE).exists()
    assert Kept(project.folder).pending == []
