"""Small words of a report's page: moments, tones, and foreign texts cut to a length."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from sendspec.diagnostics.redaction import printable
from sendspec.operations.send_report import Concern, Verdict
from sendspec.showing.pages.coded import unbroken
from sendspec.showing.pages.element import element, joined, number

VERDICTS = {
    Verdict.OK: ("It went well", "good"),
    Verdict.ATTENTION: ("Somebody has to look at it", "warn"),
    Verdict.FAILED: ("It failed", "bad"),
    Verdict.UNFINISHED: ("It isn't finished", "doubt"),
}
"""The verdict as a heading, and its tone."""
_TONES = {
    Concern.STOPPED: "bad",
    Concern.KILLED: "bad",
    Concern.REFUSED: "bad",
    Concern.UNDELIVERED: "bad",
    Concern.GUARD: "bad",
    Concern.IN_DOUBT: "doubt",
    Concern.EARLIER_DOUBTS: "doubt",
    Concern.UNDER_WAY: "soft",
    Concern.TABLE: "soft",
    Concern.SPEC: "soft",
    Concern.PRICES: "soft",
    Concern.GIVEN_UP: "soft",
    Concern.NEVER_SENT: "soft",
    Concern.UNKNOWN_NAME: "warn",
}


def tone_of(concern: Concern) -> str:
    return _TONES.get(concern, "warn")


def date_time(seconds: float) -> str:
    """`2026-11-29 10:00:00`, in UTC."""
    return _moment(seconds).strftime("%Y-%m-%d %H:%M:%S")


def period_text(begun: float, ended: float) -> str:
    """`2026-11-29 10:00:00 to 10:04:13`: the day once if it is the same."""
    first, last = date_time(begun), date_time(ended)
    if first == last:
        return first
    return f"{first} to {last.split()[1] if last.split()[0] == first.split()[0] else last}"


def seconds_text(seconds: float) -> str:
    """`120 ms`, `2.5 s`, `40 s`."""
    if seconds < 1:
        return f"{number(round(seconds * 1_000))} ms"
    return f"{number(round(seconds, 1 if seconds < 10 else 0))} s"


def clock_times(seconds: Sequence[float]) -> list[str]:
    """The moments as an axis shows them: with the day only where there are several."""
    moments = [_moment(each) for each in seconds]
    several = len({each.date() for each in moments}) > 1
    return [each.strftime("%d, %H:%M" if several else "%H:%M:%S") for each in moments]


def clipped(text: str, most: int) -> str:
    """`text` as it can be shown, of at most so many characters."""
    shown = printable(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def with_code(text: str) -> Markup:
    """A sentence of ours whose backticks hold what is to be typed."""
    return joined([element("code", part) if at % 2 else unbroken(part) for at, part in enumerate(text.split("`"))])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
