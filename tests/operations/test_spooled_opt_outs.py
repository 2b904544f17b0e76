"""Who said stop in a request that a receiver has answered and not stored: it counts from there, and what can't be read is refused."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from project_dir import CHANNEL, SPEC, ProjectDir, numbers
from sendspec.composing.identity import suppression_hash
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import SpoolUnread
from sendspec.ledger.delivery.opt_out import SignalKind
from sendspec.operations.opt_out_list import opt_out_list, read_opt_outs
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.spooled_opt_outs import SMALL, SpooledOptOuts
from sendspec.operations.system import real_system
from sendspec.reading.suppress_setting import OptOutScope
from webhook_requests import captured, event, interaction_event, reply_event, status_event

ANN, BOB = "+447700900001", "+447700900002"
MESSAGE = {
    "id": "x",
    "reference": "y",
    "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": BOB}]},
}


class Spooled:
    """A project's spool, and a clock that sleeps no time but the one that it notes."""

    def __init__(self, folder: Path) -> None:
        context = open_context((), "test", Problems(), real_system("test"))
        assert context is not None
        self.slept = 0.0
        self.while_asleep: Callable[[], object] = lambda: None
        clock = dataclasses.replace(context.system.clock, monotonic=lambda: self.slept, sleep=self._sleep)
        self.context: ProjectContext = dataclasses.replace(
            context, system=dataclasses.replace(context.system, clock=clock)
        )
        self.path = folder / ".sendspec/webhooks-test.jsonl"
        self.looking = SpooledOptOuts(self.context)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.while_asleep()

    def has(self, *lines: str) -> None:
        self.path.write_text("".join(lines))
        self.path.chmod(0o600)

    def kinds(self) -> list[tuple[bytes, SignalKind]]:
        return [(one.receiver, one.kind) for one in self.looking.look()]

    def hash(self, address: str) -> bytes:
        return suppression_hash(self.context.salt, address)


@pytest.fixture
def spooled(project: ProjectDir, monkeypatch: pytest.MonkeyPatch) -> Spooled:
    monkeypatch.chdir(project.folder)
    project.write("hello.yaml", SPEC)
    project.write("people.csv", numbers(3))
    return Spooled(project.folder)


def test_replies_and_links_count_and_nothing_else(spooled: Spooled) -> None:
    assert spooled.kinds() == []
    stop, link = captured(reply_event(ANN, "STOP")), captured(interaction_event(MESSAGE, "unsubscribe-request"))
    start = captured(reply_event(ANN, "START", "reply-2", 90))
    spooled.has(
        stop,
        '{"url": "https://torn\n',
        captured(status_event(MESSAGE, "delivered")),
        captured(event("sms.outbound", {})),
        captured(event("sms.other", {})),
        captured(reply_event(ANN, "please don't stop", "reply-3")),
        captured(reply_event(BOB, "STOP", "reply-4", channel=CHANNEL[:-1] + "f")),
        link,
        start,
        captured(reply_event(BOB, "START", "reply-5", 900)).rstrip("\n"),
    )
    ann, bob = spooled.hash(ANN), spooled.hash(BOB)
    assert spooled.kinds() == [(ann, SignalKind.OUT), (bob, SignalKind.OUT), (ann, SignalKind.IN)]
    assert spooled.slept == 0


def test_a_list_weighs_them_with_what_is_kept_and_looks_again(spooled: Spooled) -> None:
    channel = spooled.context.environment.channels["sms"]
    found = opt_out_list(spooled.context, channel, OptOutScope.ENVIRONMENT)
    read_opt_outs([found], spooled.context)
    assert ANN not in found
    spooled.has(captured(reply_event(ANN, "STOP")))
    assert ANN not in found
    found.refresh(lambda: 0.0)
    assert (ANN in found, BOB in found, len(found.snapshot)) == (True, False, 0)
    spooled.has(captured(reply_event(ANN, "STOP")), captured(reply_event(ANN, "START", "reply-2", 90)))
    found.refresh(lambda: 10.0)
    assert ANN not in found
    later = opt_out_list(spooled.context, channel, OptOutScope.CHANNEL)
    spooled.has(captured(reply_event(ANN, "STOP")))
    read_opt_outs([later], spooled.context)
    assert (ANN in later, len(later.snapshot)) == (True, 1)


UNREADABLE = [
    captured(event("sms.inbound", {"id": "x"})),
    captured(event("sms.interaction", {})),
    captured(b"[]"),
    captured(reply_event("nobody", "STOP")),
    '{"url": "https://a.example", "headers": {}, "body": ""}\n',
    '{"url": "https://a.example", "headers": {}, "body_base64": "e30"}\n',
]


@pytest.mark.parametrize("line", UNREADABLE)
def test_what_may_be_a_stop_and_can_not_be_read_is_refused_unless_a_receiver_puts_it_aside(
    spooled: Spooled, line: str
) -> None:
    spooled.has(line)
    with pytest.raises(
        SpoolUnread, match=r"webhooks-test\.jsonl, which can't be read: 1 request in it can't be understood"
    ):
        spooled.looking.look()
    assert spooled.slept > 1
    spooled.while_asleep = lambda: spooled.has()
    assert spooled.kinds() == []


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("harm", "why"), [(_link, "it is a link"), (_pipe, "it is no regular file"), (lambda path: path.chmod(0o620), "others can write to it")]
)  # fmt: skip
def test_a_file_that_is_not_the_receivers_own_is_refused(
    spooled: Spooled, harm: Callable[[Path], None], why: str
) -> None:
    spooled.has(captured(reply_event(ANN, "STOP")))
    harm(spooled.path)
    with pytest.raises(SpoolUnread, match=why):
        spooled.looking.look()
    assert spooled.slept == 0


def test_a_large_spool_is_read_again_only_if_it_changed(spooled: Spooled) -> None:
    spooled.has(captured(reply_event(ANN, "STOP")), f"{'x' * SMALL}\n")
    assert spooled.kinds() == [(spooled.hash(ANN), SignalKind.OUT)]
    state = spooled.path.stat()
    content = spooled.path.read_text()
    with spooled.path.open("r+") as file:
        file.write("y")
    os.utime(spooled.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert spooled.kinds() == [(spooled.hash(ANN), SignalKind.OUT)]
    spooled.has(content, captured(reply_event(BOB, "STOP", "reply-2")))
    assert [receiver for receiver, _ in spooled.kinds()] == [spooled.hash(ANN), spooled.hash(BOB)]


@pytest.mark.process
def test_while_lines_are_moved_it_waits(spooled: Spooled) -> None:
    spooled.has(captured(reply_event(ANN, "STOP")))
    ready, told = os.pipe()
    child = os.fork()
    if not child:  # a lock is a process's
        with spooled.path.open("rb+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            os.write(told, b"x")
            signal.pause()
    os.read(ready, 1)
    try:
        with pytest.raises(SpoolUnread, match="a receiver is at work on it"):
            spooled.looking.look()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert len(spooled.kinds()) == 1
