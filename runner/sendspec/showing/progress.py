"""The progress of a run: lines that rewrite themselves on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import TextIO

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, duration_text, grouped
from sendspec.sending.run import Pause, RecentReason, RunProgress
from sendspec.showing.diagnostics import clean
from sendspec.showing.live_lines import LiveLines, cut
from sendspec.showing.terminal_style import cells

LIVE_SECONDS, PLAIN_SECONDS = 0.1, 5.0
NAME_LENGTH = 24
"""Characters of a name that the line has room for."""
SPEED_SECONDS = 10.0
"""The shown speed is that of the last so many seconds: after a pause, the average of the run says little."""
SHORTEST_PAUSE = 0.5
"""Pauses that are over sooner are not mentioned."""
SILENT_SECONDS = 5.0
"""From then on, an API that answers nothing is mentioned."""
ERASE = "\r\x1b[K"


def animates(environ: Mapping[str, str], *, is_terminal: bool, is_ci: bool) -> bool:
    """Whether a line may rewrite itself: on a terminal that can, outside CI. No variable animates a pipe."""
    return is_terminal and not is_ci and environ.get("TERM") != "dumb"


class ProgressLine:
    """Counts outcomes, not rows read. `live` is whether it rewrites itself, with the last reasons on lines of their own below.

    `size` is the terminal's present width and height.

    `name` is the spec's, empty where no other is sent. `per_second` is the channel's limit; None without one.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        name: str = "",
        total: int,
        per_second: float | None,
        live: bool,
        size: Callable[[], tuple[int, int]],
        now: float,
    ) -> None:
        self._stream = stream
        self._name = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
        self._total = total
        self._per_second = per_second
        self._live = live
        self._lines = LiveLines(stream, size)
        self._shown = -math.inf if live else now
        self._known_at: deque[tuple[float, int]] = deque([(now, 0)])
        self._last_answer = (now, 0)

    def show(self, progress: RunProgress, now: float) -> None:
        """Shows `progress`, unless the last time was a moment ago. `now` is in monotonic seconds."""
        silent = self._silence(progress, now)
        if now - self._shown < (LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        words = progress_words(progress, self._total, self._speed(progress, now), self._per_second, silent)
        words = [f"{self._name}: {words[0]}", *words[1:]] if self._name else words
        if self._live:
            first = fitted(words, self._lines.width)
            self._lines.draw([first, *map(reason_line, progress.reasons)])
        else:
            self._stream.write("  ".join(words) + "\n")
            self._stream.flush()

    def clear(self) -> None:
        """Erases the live lines, so that further output begins on an empty one."""
        self._lines.clear()

    def _silence(self, progress: RunProgress, now: float) -> float:
        """Seconds in which no answer came, although some are awaited."""
        since, known = self._last_answer
        if known == _known(progress) and progress.in_flight and progress.pause is None:
            return now - since
        self._last_answer = (now, _known(progress))
        return 0.0

    def _speed(self, progress: RunProgress, now: float) -> float:
        """Outcomes a second, lately."""
        known = _known(progress)
        self._known_at.append((now, known))
        while len(self._known_at) > 2 and self._known_at[1][0] <= now - SPEED_SECONDS:
            self._known_at.popleft()
        since, before = self._known_at[0]
        return max(0, known - before) / max(now - since, 0.001)


def _known(progress: RunProgress) -> int:
    return progress.accepted + progress.refused + progress.in_doubt


def progress_words(
    progress: RunProgress, total: int, speed: float, per_second: float | None, silent: float = 0.0
) -> list[str]:
    """The parts of the line, in order. Those at the end can be left out where there is no room.

    `silent` are the seconds without an answer.
    """
    left = max(0, total - _known(progress) - progress.unclaimed)
    words = [f"{progress.accepted} accepted"]
    words += [f"{n} {what}" for n, what in ((progress.refused, "refused"), (progress.in_doubt, "in doubt")) if n]
    words.append(f"{left} left")
    if progress.stopping:
        return [*words, f"stopping: waiting for {counted(progress.in_flight, 'answer')}"]
    pause = _pause_words(progress.pause)
    if pause:
        return [*words, pause]
    if silent >= SILENT_SECONDS:
        return [*words, f"no answer for {duration_text(silent)}; {counted(progress.in_flight, 'message')} under way"]
    words.append(_rate(speed) + ("" if per_second is None else f" of {_rate(per_second)}"))
    return words + ([f"{duration_text(left / speed)} to go"] if speed > 0 and left else [])


def reason_line(reason: RecentReason) -> str:
    """`  12 refused: 422: the number isn't in service`: in the API's words."""
    return f"  {grouped(reason.count)} {reason.what}: {clean(reason.text)}"


def stopping_words(in_flight: int) -> str:
    """What the first Ctrl-C says."""
    return f"interrupted: waiting for {counted(in_flight, 'answer')}; Ctrl-C again leaves them in doubt"


def _rate(per_second: float) -> str:
    """`48/s`, `0.5/s`."""
    return f"{per_second:.0f}/s" if per_second >= 10 else f"{per_second:.2g}/s"


def _pause_words(pause: Pause | None) -> str:
    """`429: waiting 12 s`; empty where there is no pause to speak of."""
    if pause is None or (pause.seconds is not None and pause.seconds < SHORTEST_PAUSE):
        return ""
    why = printable(pause.why)
    return why if pause.seconds is None else f"{why}: waiting {duration_text(math.ceil(pause.seconds))}"


def fitted(words: list[str], width: int) -> str:
    """As many of the parts as there is room for, in cells; the first is cut if even that is too long."""
    line = words[0]
    for word in words[1:]:
        if cells(f"{line}  {word}") > width:
            break
        line = f"{line}  {word}"
    return cut(line, width)
