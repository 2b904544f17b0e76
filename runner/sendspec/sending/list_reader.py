"""Reads the API's list page by page, with retries and within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.classification import REFUSING_THE_RUN
from sendspec.provider.http_response import HttpResponse, ResponseTooLarge, UnreadableResponse
from sendspec.provider.incoming_list import IncomingPage, incoming_query, read_incoming_page
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.provider.message_list import (
    MAX_PAGE_BYTES,
    MAX_PAGE_MESSAGES,
    Page,
    Sighting,
    StandIn,
    list_query,
    read_page,
)
from sendspec.provider.outcome import RunRefused
from sendspec.provider.refusal_text import list_refusal_text
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.sent_texts import SentTexts
from sendspec.provider.time_headers import clock_skew_seconds, retry_after_seconds
from sendspec.sending.connection import Connection, ConnectionFailed
from sendspec.sending.pace import back_off

PAGE_SIZES = (MAX_PAGE_MESSAGES, 100, 10)
"""Messages requested at once; the next smaller size where a page is too large."""
MAX_TRIES = 3
MAX_WAIT_SECONDS = 30.0
NAP = 0.5
"""Seconds between two checks whether the run was stopped."""
_AnyPage = TypeVar("_AnyPage", Page, IncomingPage)
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBounds:
    """How much of a list is read at most. `is_hard`: neither a request nor a wait outlasts `seconds`."""

    pages: int
    seconds: float
    is_hard: bool = False


RECONCILE_BOUNDS = ListBounds(pages=2_000, seconds=300.0)


class ListUnread(Exception):
    """The list was not read to its end. `refusal` is set where the API refuses the run.

    `retry_after` is how many seconds the API asks to wait before another try.
    """

    def __init__(self, reason: str, refusal: RunRefused | None = None, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refusal = refusal
        self.retry_after = retry_after


class ListTooLong(ListUnread):
    """Pages arrived up to the bounds, and there are more."""


class ListAbandoned(ListUnread):
    """A signal stopped the command while the list was read."""


class _PageFailed(Exception):
    """A page could not be read. `wait` is how many seconds the API asks to wait; None where another try won't help."""

    def __init__(self, reason: str, wait: float | None = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class ListReader:
    """Reads through a connection of its own. `stopped` says whether the run was stopped; `before_request` may wait for a turn."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        timeout: float,
        stopped: Callable[[], bool],
        bounds: ListBounds = RECONCILE_BOUNDS,
        stand_in: StandIn | None = None,
        sent_texts: SentTexts | None = None,
        before_request: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._redaction = Redaction(connection.authorization, sent_texts)
        self._stand_in = stand_in
        self._clock = clock
        self._timeout = timeout
        self._stopped = stopped
        self._bounds = bounds
        self._before_request = before_request
        self._sizes = list(PAGE_SIZES)
        self._pages_left = bounds.pages
        self._until = clock.monotonic() + bounds.seconds
        self.skew: float | None = None
        """By how many seconds the API's clock is ahead of ours, by its last response."""
        self.skipped = 0
        """How many entries could not be read, over all pages."""
        self.unread: set[str] = set()
        """The references of those entries."""

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        """Every page of the messages created in that time (Unix seconds, the API's clock), in the API's order.

        With `receivers`, only messages to these identifiers: absence from such a list proves nothing. Raises `ListUnread`.
        """

        def query(token: str | None, limit: int) -> str:
            return list_query(since, until, token, receivers, limit)

        for page in self._paged(query, self._read_page, receivers):
            self.unread |= page.unread
            yield page.sightings

    def incoming_pages(self, since: float, until: float) -> Iterator[list[IncomingMessage]]:
        """The same, of the messages that people sent to the channel."""
        for page in self._paged(lambda token, limit: incoming_query(since, until, token, limit), read_incoming_page):
            yield page.messages

    def _read_page(self, response: HttpResponse) -> Page | None:
        return read_page(response, self._redaction, self._stand_in)

    def _paged(
        self,
        query: Callable[[str | None, int], str],
        read: Callable[[HttpResponse], _AnyPage | None],
        receivers: Sequence[str] = (),
    ) -> Iterator[_AnyPage]:
        """Every page. `query` takes a page's token and the most messages on it."""
        token: str | None = None
        tokens: set[str] = set()
        while True:
            self._check_bounds()
            self._pages_left -= 1
            try:
                page = self._page(query(token, self._sizes[0]), read, receivers)
            except ResponseTooLarge as error:
                if len(self._sizes) == 1:
                    raise ListUnread(f"the API's list of messages can't be read: {error.evidence}") from None
                del self._sizes[0]
                token, tokens = None, set()  # a token may be valid for one page size only
                continue
            self.skipped += page.skipped
            yield page
            token = page.token
            if token is None:
                return
            if token in tokens:
                raise ListUnread("the API's list of messages leads round in a circle")
            tokens.add(token)

    def close(self) -> None:
        self._connection.close()

    def _check_bounds(self) -> None:
        if self._stopped():
            raise ListAbandoned("the API's list of messages was not read to its end: a signal asked to stop")
        if self._pages_left <= 0 or self._clock.monotonic() > self._until:
            raise ListTooLong(
                f"the API's list of messages goes on after {self._bounds.pages - self._pages_left} pages;"
                " the rest was not read"
            )

    def _page(self, query: str, read: Callable[[HttpResponse], _AnyPage | None], receivers: Sequence[str]) -> _AnyPage:
        """One page, retried where that can help. Raises `ListUnread`, and `ResponseTooLarge` where a smaller page may succeed."""
        reason, asked = "", 0.0
        for tried in range(MAX_TRIES):
            wait = back_off(tried, self._clock.random())
            try:
                return self._fetched(query, read, receivers)
            except _PageFailed as error:
                reason = error.reason
                asked = error.wait or 0.0
                if error.wait is None:
                    break
                wait = max(wait, error.wait)
            if self._stopped() or wait > min(MAX_WAIT_SECONDS, self._seconds_left()):
                break
            if tried + 1 < MAX_TRIES:
                self._wait(wait)
        raise ListUnread(f"the API's list of messages can't be read: {reason}", retry_after=asked)

    def _seconds_left(self) -> float:
        """For how long it may still wait; without end where the bounds aren't hard."""
        return self._until - self._clock.monotonic() if self._bounds.is_hard else math.inf

    def _fetched(
        self, query: str, read: Callable[[HttpResponse], _AnyPage | None], receivers: Sequence[str]
    ) -> _AnyPage:
        """One page from one request. Raises `_PageFailed`, `ListUnread` and `ResponseTooLarge`."""
        self._before_request()
        try:
            self._connection.ensure()
            seconds = min(self._timeout, self._seconds_left())
            response = self._connection.get(query, self._clock.monotonic() + seconds, max_body=MAX_PAGE_BYTES)
        except ResponseTooLarge:
            raise
        except ConnectionFailed as error:
            raise _PageFailed(error.reason, None if error.permanent else 0.0) from None
        except UnreadableResponse as error:
            raise _PageFailed(error.evidence) from None
        self.skew = clock_skew_seconds(response.headers.get("date"), self._clock.wall())
        asked = retry_after_seconds(response.headers.get("retry-after"), response.headers.get("date")) or 0.0
        if response.status != 200:
            raise self._refused(response, receivers, asked)
        page = read(response)
        if page is None:
            raise _PageFailed("it is not the documented JSON", asked)
        return page

    def _refused(self, response: HttpResponse, receivers: Sequence[str], asked: float) -> _PageFailed | ListUnread:
        text = list_refusal_text(response, self._redaction.of(receivers))
        reason = f"the API answers {text}"
        if response.status in REFUSING_THE_RUN or response.status == 404:
            return ListUnread(reason, RunRefused(response.status, text))
        return _PageFailed(reason, asked if response.status in RETRIED_STATUSES else None)

    def _wait(self, seconds: float) -> None:
        while seconds > 0 and not self._stopped():
            self._clock.sleep(min(seconds, NAP))
            seconds -= NAP
