"""Interrupts: Ctrl-C outside of a run, and the signals that ask a run to stop.

Outside of a run, Ctrl-C is noted as well as raised: a library that calls us back can swallow an exception.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from socket import socket

    from sendspec.sending.run import Stop

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Those that ask a run to stop. A SIGHUP that was ignored when it began stays ignored: nohup wants that."""
_is_asked = False
_is_ending = False
_is_preparing = False
_stopped_by: int | None = None


def note_interrupts() -> None:
    """From now on, every Ctrl-C outside of a run is noted for `refuse_when_interrupted`."""
    global _is_asked, _is_ending, _is_preparing, _stopped_by
    _is_asked = _is_ending = _is_preparing = False
    _stopped_by = None
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _unraisable


def refuse_when_interrupted() -> None:
    """Raises `KeyboardInterrupt` if there was a Ctrl-C: called before anything that can't be undone."""
    if _is_asked:
        raise KeyboardInterrupt


def end_undisturbed() -> None:
    """From now on Ctrl-C raises nothing: the command is ending and reports how."""
    global _is_ending
    _is_ending = True


def prepare_to_send() -> None:
    """Until `begin_to_send`, SIGTERM and SIGHUP stop the command as Ctrl-C does. A second one ends the process at once."""
    global _is_preparing
    _is_preparing = True
    if threading.current_thread() is threading.main_thread():
        for number in _heard():
            if number != signal.SIGINT:
                signal.signal(number, _stopped)


def begin_to_send() -> None:
    """From now on an interruption may come after something was sent."""
    global _is_preparing
    _is_preparing = False


def interruption() -> tuple[str, int | None]:
    """How an interrupted command ended, in words, and the signal that did it; None: the person who was asked went away."""
    name = f" by {signal.Signals(_stopped_by).name}" if _is_preparing and _stopped_by else ""
    ending = ": stopped before anything was sent" if _is_preparing else "; nothing more was done"
    return f"interrupted{name}{ending}", _stopped_by


def ends_for_others() -> bool:
    """Whether a signal stops the command that no person gives at the keyboard."""
    return _stopped_by not in (None, signal.SIGINT)


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """While the block runs, a signal asks the run to stop instead of ending the process.

    After the first one, further signals are ignored even after the block: the command still has to report the run.
    """
    before = {number: signal.signal(number, lambda number, frame: stop.ask(number)) for number in _heard()}
    try:
        yield
    finally:
        is_asked = stop.signal is not None
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if is_asked else handler)


def _heard() -> list[signal.Signals]:
    is_hang_up_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [each for each in STOP_SIGNALS if not (each is signal.SIGHUP and is_hang_up_ignored)]


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """While the block runs, the first signal raises `Signalled` in it, and later ones are ignored: the command reports how it ended."""
    from sendspec.operations.waited import Signalled  # only a wait is interrupted so

    def raise_once(number: int, frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Signalled(number)

    before = {number: signal.signal(number, raise_once) for number in _heard()}
    try:
        yield
    finally:
        if signal.getsignal(STOP_SIGNALS[0]) is not signal.SIG_IGN:
            for number, handler in before.items():
                signal.signal(number, handler)


class EndRequest:
    """Asked for by a signal, or by any thread."""

    def __init__(self, ours: socket, theirs: socket) -> None:
        self._ours, self._theirs = ours, theirs

    def set(self) -> None:
        with suppress(OSError):  # full of requests, or over already
            self._theirs.send(b"\0")

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the end was asked for, within so many seconds. Called by the main thread."""
        from socket import MSG_PEEK  # as below

        self._ours.settimeout(seconds)
        try:
            return bool(self._ours.recv(1, MSG_PEEK))
        except (TimeoutError, BlockingIOError):
            return False


@contextmanager
def end_on_signals() -> Iterator[EndRequest]:
    """While the block runs, Ctrl-C and SIGTERM ask for the end, once or more often; they stay without effect after it.

    The main thread waits for bytes, not for a lock: a thread that starts another takes a signal that is on its way to the main thread,
    which is not woken then. Python writes a byte whichever thread has taken it.
    """
    from socket import socketpair  # takes 2 ms, and only servers and watches wait like this

    ours, theirs = socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: None)
        try:
            yield EndRequest(ours, theirs)
        finally:
            signal.set_wakeup_fd(before)


def _interrupted(number: int, frame: FrameType | None) -> None:
    global _is_asked, _stopped_by
    _is_asked = True
    _stopped_by = number
    if not _is_ending:
        raise KeyboardInterrupt


def _stopped(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    if not _is_preparing:
        os.kill(os.getpid(), number)
        return
    _interrupted(number, frame)


def _unraisable(found: Any, usual: Callable[[Any], None] = sys.__unraisablehook__) -> None:
    """`usual` is bound here: when the interpreter ends, the names of this module are gone before the last objects."""
    if not isinstance(found.exc_value, KeyboardInterrupt):  # it is noted, and raised at the next check
        usual(found)
