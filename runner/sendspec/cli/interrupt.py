"""Ctrl-C outside of a run: noted as well as raised, since a library that calls us back can swallow what is raised."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

_is_asked = False
_is_ending = False


def note_interrupts() -> None:
    """From now on `refuse_when_interrupted` knows of every Ctrl-C that no run of its own hears."""
    global _is_asked, _is_ending
    _is_asked = _is_ending = False
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _unraisable


def refuse_when_interrupted() -> None:
    """Raises `KeyboardInterrupt` where one was asked for: called before anything is done that can't be undone."""
    if _is_asked:
        raise KeyboardInterrupt


def end_undisturbed() -> None:
    """From now on a further Ctrl-C raises nothing: the command is ending, and says how."""
    global _is_ending
    _is_ending = True


def _interrupted(number: int, frame: FrameType | None) -> None:
    global _is_asked
    _is_asked = True
    if not _is_ending:
        raise KeyboardInterrupt


def _unraisable(found: Any) -> None:
    if not isinstance(found.exc_value, KeyboardInterrupt):  # that one is noted, and heard at the next look
        sys.__unraisablehook__(found)
