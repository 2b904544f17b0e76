"""Accepted messages whose end isn't known, as a sweep is given them."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import Route, SentMessage

MAX_SINGLES = 20
"""Messages that a sweep asks for one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """The accepted messages of a channel whose end isn't known. Times are in Unix seconds by this machine's clock.

    `recent` counts those that the list still covers, and `since` is when the oldest of them was accepted; the API's clock was
    `ahead` by so many seconds then, None if unknown. `few` are all recent ones where they are fewer than `MAX_SINGLES`, else empty.
    `stragglers` are some that the list won't show: older ones, and ones that it should have shown. With `receivers`, only messages to
    these addresses are listed.
    """

    route: Route
    recent: int = 0
    since: float = 0.0
    ahead: float | None = None
    few: tuple[SentMessage, ...] = ()
    stragglers: tuple[SentMessage, ...] = ()
    receivers: tuple[str, ...] = ()
