"""The progress of a run: a line that rewrites itself on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

from typing import TextIO

from sendspec.diagnostics.redaction import printable
from sendspec.sending.run import RunProgress
from sendspec.showing.sanitized_text import ControlText

LIVE_SECONDS, PLAIN_SECONDS = 0.1, 5.0
ERASE = "\r\x1b[K"


class ProgressLine:
    """Counts outcomes, not rows read. `live` only on a terminal outside CI; `rate` is the channel's limit in words."""

    def __init__(self, stream: TextIO, *, total: int, live: bool, rate: str, now: float) -> None:
        self._stream = stream
        self._total = total
        self._live = live
        self._rate = rate
        self._begun = now
        self._shown = now - (LIVE_SECONDS if live else 0.0)
        self._drawn = False

    def show(self, progress: RunProgress, now: float) -> None:
        """Shows `progress`, unless the last time was a moment ago. `now` is in monotonic seconds."""
        if now - self._shown < (LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        line = self._line(progress, now)
        self._stream.write(ControlText(ERASE + line) if self._live else line + "\n")
        self._stream.flush()
        self._drawn = True

    def clear(self) -> None:
        """Erases the live line, so that further output begins on an empty one."""
        if self._live and self._drawn:
            self._stream.write(ControlText(ERASE))
            self._stream.flush()

    def _line(self, progress: RunProgress, now: float) -> str:
        known = progress.accepted + progress.refused + progress.in_doubt
        left = self._total - known
        seconds = max(now - self._begun, 0.001)
        speed = known / seconds
        words = [f"{progress.accepted} accepted"]
        words += [f"{n} {what}" for n, what in ((progress.refused, "refused"), (progress.in_doubt, "in doubt")) if n]
        words.append(f"{left} left")
        words.append(f"{speed:.0f}/s" + (f" of {self._rate}" if self._rate else ""))
        if speed > 0 and left:
            words.append(f"{_duration(left / speed)} to go")
        if progress.waiting_seconds > 0.5:
            words.append(f"waiting {progress.waiting_seconds:.0f} s: {printable(progress.why)}")
        return "  ".join(words)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
