"""Interrupts: Ctrl-C outside of a run, and the signals that ask a run to stop.

Outside of a run, Ctrl-C is noted as well as raised: a library that calls us back can swallow an exception.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sendspec.sending.run import Stop

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_is_asked = False
_is_ending = False


def note_interrupts() -> None:
    """From now on, every Ctrl-C outside of a run is noted for `refuse_when_interrupted`."""
    global _is_asked, _is_ending
    _is_asked = _is_ending = False
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


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """While the block runs, a signal asks the run to stop instead of ending the process.

    After the first one, further signals are ignored even after the block: the command still has to report the run.
    """
    before = {number: signal.signal(number, lambda number, frame: stop.ask(number)) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        is_asked = stop.signal is not None
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if is_asked else handler)


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """While the block runs, the first signal raises `Signalled` in it, and later ones are ignored: the command reports how it ended."""
    from sendspec.operations.waited import Signalled  # only a wait is interrupted so

    def raise_once(number: int, frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Signalled(number)

    before = {number: signal.signal(number, raise_once) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        if signal.getsignal(STOP_SIGNALS[0]) is not signal.SIG_IGN:
            for number, handler in before.items():
                signal.signal(number, handler)


def _interrupted(number: int, frame: FrameType | None) -> None:
    global _is_asked
    _is_asked = True
    if not _is_ending:
        raise KeyboardInterrupt


def _unraisable(found: Any, usual: Callable[[Any], None] = sys.__unraisablehook__) -> None:
    """`usual` is bound here: when the interpreter ends, the names of this module are gone before the last objects."""
    if not isinstance(found.exc_value, KeyboardInterrupt):  # it is noted, and raised at the next check
        usual(found)
