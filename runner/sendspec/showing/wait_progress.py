"""The progress of a wait: a line that rewrites itself on a terminal, a plain line for each change elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TextIO

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import duration_text
from sendspec.operations.waited import WaitProgress
from sendspec.showing.delivery import tally_line
from sendspec.showing.progress import ERASE, PLAIN_SECONDS, fitted
from sendspec.showing.sanitized_text import ControlText
from sendspec.showing.wait import terms


class WaitLine:
    """`live` is whether the line rewrites itself; `columns` is the terminal's present width. Times are in monotonic seconds."""

    def __init__(self, stream: TextIO, *, live: bool, columns: Callable[[], int]) -> None:
        self._stream = stream
        self._live = live
        self._columns = columns
        self._shown_at = -math.inf
        self._shown = ""
        self._is_drawn = False

    def show(self, progress: WaitProgress, now: float) -> None:
        """Shows `progress`; in plain lines only what is new, and not too often."""
        words = progress_words(progress)
        if self._live:
            self._stream.write(ControlText(ERASE + fitted(words, self._columns() - 1)))
            self._is_drawn = True
        else:
            line = "  ".join(words[:-2])
            if line == self._shown or now - self._shown_at < PLAIN_SECONDS:
                return
            self._shown, self._shown_at = line, now
            self._stream.write(line + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Erases the live line, so that further output begins on an empty one."""
        if self._is_drawn:
            self._stream.write(ControlText(ERASE))
            self._stream.flush()
            self._is_drawn = False


def progress_words(progress: WaitProgress) -> list[str]:
    """The parts of the line, those that change by themselves last: the next look, and the time that is left."""
    trouble = [f"the last look failed: {printable(progress.trouble)}"] if progress.trouble else []
    needed = [] if progress.gate is None else [terms(progress.gate)]
    return [
        tally_line(progress.account.tally),
        *trouble,
        *needed,
        f"next look in {duration_text(progress.pause)}",
        f"{duration_text(max(0.0, progress.left))} left",
    ]
