"""Collects the accepted messages worth a look, as a sweep needs them: by channel, in a memory that doesn't grow.

Those whose end isn't known, and those that failed: networks report some as delivered afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import partial

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Delivery, Fate
from sendspec.ledger.record import Route, SentMessage
from sendspec.provider.message_list import MAX_WINDOW_DAYS
from sendspec.sending.undecided import MAX_SINGLES, Undecided

LISTED_FOR = MAX_WINDOW_DAYS * 86_400 - 3_600.0
"""Seconds for which the list surely shows a message, with room for clocks that differ."""
LISTED_AFTER = 600.0
"""Seconds after which a list that doesn't show an accepted message is worth a question about that message."""


class _Sample:
    """At most `MAX_SINGLES` messages, each of those seen being as likely in it."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._seen = 0
        self.messages: list[SentMessage] = []

    def add(self, message: SentMessage) -> None:
        self._seen += 1
        if len(self.messages) < MAX_SINGLES:
            self.messages.append(message)
        elif (at := int(self._random() * self._seen)) < MAX_SINGLES:
            self.messages[at] = message


@dataclass(slots=True)
class _Channel:
    old: _Sample
    old_failed: _Sample
    unseen: _Sample
    recent: int = 0
    oldest: SentMessage | None = None
    few: list[SentMessage] = field(default_factory=list)


class UndecidedMessages:
    """`now` is in Unix seconds by this machine's clock. `random` gives a number from 0 up to, not including, 1. Failed messages are left
    out unless `with_failed`.
    """

    def __init__(self, now: float, random: Callable[[], float], *, with_failed: bool = False) -> None:
        self._now = now
        self._random = random
        self._with_failed = with_failed
        self._by_route: dict[Route, _Channel] = {}
        self.unrouted = 0
        """Messages whose channel an earlier version's ledger did not note: nobody can ask about them."""
        self.last_scheduled: int | None = None
        """When the API is to send the last of them (Unix seconds); None if none is scheduled."""

    def add(self, message: SentMessage, known: Delivery | None) -> None:
        """Notes an accepted message, unless nothing more can be learnt of it."""
        is_final = known is not None and known.report.is_final
        if is_final and not (self._with_failed and _has_failed(known)):
            return
        if message.scheduled_for is not None and not is_final:
            self.last_scheduled = max(message.scheduled_for, self.last_scheduled or 0)
        if message.route is None:
            self.unrouted += not is_final
            return
        channel, sample = self._by_route.get(message.route), partial(_Sample, self._random)
        if channel is None:
            channel = self._by_route[message.route] = _Channel(old=sample(), old_failed=sample(), unseen=sample())
        if message.accepted_at < self._now - LISTED_FOR:
            (channel.old_failed if is_final else channel.old).add(message)
            return
        channel.recent += 1
        if channel.oldest is None or message.accepted_at < channel.oldest.accepted_at:
            channel.oldest = message
        if channel.recent < MAX_SINGLES:
            channel.few.append(message)
        if known is None and message.accepted_at < self._now - LISTED_AFTER:
            channel.unseen.add(message)

    def channels(self) -> list[Undecided]:
        return [_undecided(route, channel) for route, channel in self._by_route.items()]


def _has_failed(known: Delivery | None) -> bool:
    return known is not None and known.report.fate is Fate.UNDELIVERED


def _undecided(route: Route, channel: _Channel) -> Undecided:
    has_few = channel.recent < MAX_SINGLES
    unseen = [] if has_few else channel.unseen.messages
    stragglers = [*unseen, *channel.old.messages, *channel.old_failed.messages]
    return Undecided(
        route=route,
        recent=channel.recent,
        since=0.0 if channel.oldest is None else channel.oldest.accepted_at,
        ahead=None if channel.oldest is None else channel.oldest.clock_offset,
        few=tuple(channel.few) if has_few else (),
        stragglers=tuple(stragglers),
    )
