"""One sweep over the API for what became of accepted messages: by the channel's list, and singly for a few.

A million messages are a thousand requests by the list. Nothing that a sweep sees moves a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Source
from sendspec.ledger.record import Route, SentMessage
from sendspec.provider.http_response import HttpResponse, ResponseTooLarge, UnreadableResponse
from sendspec.provider.message_list import Sighting, StandIn
from sendspec.provider.outcome import RunRefused
from sendspec.provider.refusal_text import list_refusal_text
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.single_message import MAX_BODY, message_query, read_message
from sendspec.sending.connection import Connection, ConnectionFailed
from sendspec.sending.list_reader import RETRIED_STATUSES, ListBounds, ListReader, ListUnread
from sendspec.sending.list_window import MARGIN, MAX_WINDOW, RECEIVERS_PER_QUERY, in_api_time, pages_in_api_time
from sendspec.sending.report_match import Matched, ReportMatch
from sendspec.sending.request_pace import RequestPace
from sendspec.sending.undecided import MAX_SINGLES, Undecided

REQUEST_SECONDS = 15.0
"""Deadline of one request."""
MAX_PAGES = 5_000
CREATED_BEFORE = 1_200.0
"""Seconds by which a message may have been created before it was accepted, as the ledger has it."""
REFUSED_STATUSES = (401, 402, 403)
Keep = Callable[[Sequence[Matched]], object]
Observe = Callable[[Route, Sequence[Matched]], object]
"""Keeps what was seen on a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did. `unread` is why a list was not read to its end, empty if all were; `refusal`: the API refuses us as a whole.

    `retry_after`: how many seconds the API asks to wait. `observed` counts reports of our messages, `elsewhere` those under our
    references or ids that are about another recipient or submission, `unreadable` entries that can't be read.
    """

    requests: int = 0
    observed: int = 0
    elsewhere: int = 0
    unreadable: int = 0
    unread: str = ""
    refusal: RunRefused | None = None
    retry_after: float = 0.0

    @property
    def is_whole(self) -> bool:
        return not self.unread and self.refusal is None


class DeliverySweep:
    """Sweeps some channels once. `connect` makes a connection to a channel's list; the caller's `observe` keeps what was seen."""

    def __init__(
        self,
        match: ReportMatch,
        connect: Callable[[Route], Connection],
        clock: Clock,
        *,
        seconds: float,
        stand_in: StandIn | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._match = match
        self._connect = connect
        self._clock = clock
        self._until = clock.monotonic() + seconds
        self._stand_in = stand_in
        self._stopped = stopped
        self._pace = RequestPace(clock)
        self._singles_left = MAX_SINGLES
        self._stragglers: set[bytes] = set()
        self._observed = 0
        self._skipped = 0

    def run(self, channels: Sequence[Undecided], observe: Observe) -> Swept:
        """Looks at each channel; a list that can't be read doesn't keep the others from being read."""
        unread: list[str] = []
        refusal: RunRefused | None = None
        retry_after = 0.0
        for channel in channels:
            try:
                self._look_at(channel, partial(observe, channel.route))
            except ListUnread as error:
                unread.append(error.reason)
                retry_after = max(retry_after, error.retry_after)
                if error.refusal is not None:
                    refusal = error.refusal
                    break
        return Swept(
            requests=self._pace.requests,
            observed=self._observed,
            elsewhere=self._match.elsewhere,
            unreadable=self._match.unreadable + self._skipped,
            unread="; ".join(dict.fromkeys(unread)),
            refusal=refusal,
            retry_after=retry_after,
        )

    def _look_at(self, channel: Undecided, keep: Keep) -> None:
        connection = self._connect(channel.route)
        try:
            singly = 0 < len(channel.few) <= self._singles_left
            answered = self._answered(connection, channel.few if singly else (), keep)
            self._stragglers = {message.id for message in channel.stragglers}
            if channel.recent > answered:
                self._read_list(connection, channel, keep)
            left = [message for message in channel.stragglers if message.id in self._stragglers]
            self._answered(connection, left[: self._singles_left], keep)
        finally:
            connection.close()

    def _answered(self, connection: Connection, messages: Sequence[SentMessage], keep: Keep) -> int:
        """How many of these messages the API has told about, asked for one by one. The first failure ends it: the list may tell more."""
        redaction = Redaction(connection.authorization)
        count = 0
        for message in messages:
            query = None if message.remote_id is None else message_query(message.remote_id)
            if query is None:
                continue
            self._singles_left -= 1
            response = self._fetched(connection, query)
            if response is None or response.status in RETRIED_STATUSES:
                break
            if response.status in REFUSED_STATUSES:
                text = list_refusal_text(response, redaction)
                raise ListUnread(f"the API answers {text}", RunRefused(response.status, text))
            sighting = read_message(response, redaction, self._stand_in) if response.status == 200 else None
            if sighting is not None and sighting.remote_id == message.remote_id:
                count += self._keep([sighting], Source.GET, keep)
        return count

    def _fetched(self, connection: Connection, query: str) -> HttpResponse | None:
        self._pace()
        seconds = min(REQUEST_SECONDS, self._until - self._clock.monotonic())
        try:
            connection.ensure()
            return connection.get(query, self._clock.monotonic() + seconds, max_body=MAX_BODY)
        except (ConnectionFailed, UnreadableResponse, ResponseTooLarge):
            return None

    def _read_list(self, connection: Connection, channel: Undecided, keep: Keep) -> None:
        bounds = ListBounds(pages=MAX_PAGES, seconds=self._until - self._clock.monotonic(), is_hard=True)
        reader = ListReader(
            connection, self._clock, REQUEST_SECONDS, self._stopped, bounds, self._stand_in, before_request=self._pace
        )
        try:
            for page in self._pages(reader, channel):
                self._keep(page, Source.LIST, keep)
        finally:
            self._skipped += reader.skipped

    def _pages(self, reader: ListReader, channel: Undecided) -> Iterator[list[Sighting]]:
        now = self._clock.wall()

        def window(skew: float) -> tuple[float, float]:
            until = max(now, now + skew) + MARGIN
            ahead = skew if channel.ahead is None else channel.ahead
            since = min(channel.since, now) + ahead - CREATED_BEFORE
            return max(since, until - MAX_WINDOW), until

        if not channel.receivers:
            yield from pages_in_api_time(reader, window)
        for start in range(0, len(channel.receivers), RECEIVERS_PER_QUERY):
            asked = channel.receivers[start : start + RECEIVERS_PER_QUERY]
            yield from in_api_time(reader, partial(reader.pages, receivers=asked), window)

    def _keep(self, page: Sequence[Sighting], source: Source, keep: Keep) -> int:
        found = self._match.matched(page, source, self._clock.wall())
        if found:
            keep(found)
        self._stragglers.difference_update(each.observation.message for each in found)
        self._observed += len(found)
        return len(found)
