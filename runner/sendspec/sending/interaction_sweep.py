"""Asks the API for the interactions with some messages, one by one: a link that was followed to opt out shows nowhere else in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sendspec.diagnostics.clock import Clock
from sendspec.provider.classification import REFUSING_THE_RUN
from sendspec.provider.http_response import HttpResponse, UnreadableResponse
from sendspec.provider.interaction_entry import InteractionEntry
from sendspec.provider.interaction_list import InteractionPage, interactions_query, read_interactions
from sendspec.provider.outcome import RunRefused
from sendspec.provider.refusal_text import list_refusal_text
from sendspec.provider.response_redaction import Redaction
from sendspec.sending.connection import Connection, ConnectionFailed
from sendspec.sending.list_reader import ListAbandoned, ListUnread
from sendspec.sending.request_pace import RequestPace

REQUEST_SECONDS = 15.0
"""Deadline of one request."""
MAX_BODY = 4 * 1024 * 1024
MAX_PAGES = 20
"""Pages of one message's interactions that are read."""
GONE = 404
"""The API no longer has the message, or knows of no interactions with it."""
_WHAT = "the interactions with a message"


class InteractionSweep:
    """Asks through one connection to a channel, at most ten times a second together. `skipped` counts entries that can't be read."""

    def __init__(self, connection: Connection, clock: Clock, pace: RequestPace, stopped: Callable[[], bool]) -> None:
        self._connection = connection
        self._clock = clock
        self._pace = pace
        self._stopped = stopped
        self._redaction = Redaction(connection.authorization)
        self.skipped = 0

    def interactions_with(self, remote_id: str) -> Iterator[Sequence[InteractionEntry]]:
        """Page by page; none for an id that can't be asked for. Raises `ListUnread`."""
        token: str | None = None
        for _ in range(MAX_PAGES):
            query = interactions_query(remote_id, token)
            page = None if query is None else self._page(query, remote_id)
            if page is None:
                return
            self.skipped += page.skipped
            yield page.entries
            token = page.token
            if token is None:
                return

    def _page(self, query: str, remote_id: str) -> InteractionPage | None:
        response = self._fetched(query)
        if response.status == GONE:
            return None
        if response.status != 200:
            text = list_refusal_text(response, self._redaction)
            refusal = RunRefused(response.status, text) if response.status in REFUSING_THE_RUN else None
            raise ListUnread(f"{_WHAT} can't be read: the API answers {text}", refusal)
        page = read_interactions(response, remote_id)
        if page is None:
            raise ListUnread(f"{_WHAT} can't be read: they are not the documented JSON")
        return page

    def _fetched(self, query: str) -> HttpResponse:
        if self._stopped():
            raise ListAbandoned(f"{_WHAT} were not read: a signal asked to stop")
        self._pace()
        try:
            self._connection.ensure()
            return self._connection.get(query, self._clock.monotonic() + REQUEST_SECONDS, max_body=MAX_BODY)
        except ConnectionFailed as error:
            raise ListUnread(f"{_WHAT} can't be read: {error.reason}") from None
        except UnreadableResponse as error:
            raise ListUnread(f"{_WHAT} can't be read: {error.evidence}") from None
