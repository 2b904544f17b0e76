"""The API's list of a channel's outgoing messages: read page by page, and never taken for more than it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from runner.sending.answer import Answer, Unclear
from runner.sending.classify import REFUSING_THE_RUN, refusal_text
from runner.sending.outcome import RefusedAsAWhole
from runner.sending.pace import back_off
from runner.sending.retry_after import retry_after_seconds, skew_seconds
from runner.sending.run import Clock
from runner.sending.wire import Line, Unreached

PAGE_MESSAGES = 1_000
PAGE_BYTES_MOST = 16 * 1024 * 1024
TRIES = 3
WAIT_MOST = 30.0
TRIED_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message as the API lists it. `receivers` are what its contacts are known by; `rejected` that it was never taken."""

    remote_id: str
    reference: str
    receivers: frozenset[str]
    rejected: bool


class ListUnread(Exception):
    """The list could not be read to its end. `refusal` is there where the API refuses us as a whole."""

    def __init__(self, reason: str, refusal: RefusedAsAWhole | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refusal = refusal


class Listing:
    """Asks through one connection of its own. `stopped` says that nobody waits for the answer any more."""

    def __init__(self, line: Line, clock: Clock, timeout: float, stopped: Callable[[], bool]) -> None:
        self._line = line
        self._clock = clock
        self._timeout = timeout
        self._stopped = stopped
        self.skew: float | None = None
        """By how many seconds the API's clock is ahead of ours, as its last answer shows it."""

    def pages(self, since: float, until: float) -> Iterator[list[Sighting]]:
        """Every page of the messages made in that time (Unix seconds), as the API orders them. Raises `ListUnread`."""
        token: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._page(_query(since, until, token))
            sightings, token = read_page(answer)
            yield sightings
            if token is None:
                return
            if token in seen:
                raise ListUnread("the API's list of messages leads round in a circle")
            seen.add(token)

    def close(self) -> None:
        self._line.hang_up()

    def _page(self, query: str) -> Answer:
        """The answer 200 to one question; asked again where that can help."""
        reason = ""
        for tried in range(TRIES):
            wait = back_off(tried, self._clock.random())
            try:
                self._line.stand()
                answer = self._line.ask(query, self._clock.monotonic() + self._timeout, body_most=PAGE_BYTES_MOST)
            except Unreached as error:
                reason = error.reason
                if error.lasting:
                    break
            except Unclear as error:
                reason = error.evidence
            else:
                self.skew = skew_seconds(answer.headers.get("date"), self._clock.wall())
                if answer.status == 200:
                    return answer
                reason = f"the API answers {refusal_text(answer)}"
                if answer.status in REFUSING_THE_RUN or answer.status == 404:
                    raise ListUnread(reason, RefusedAsAWhole(answer.status, refusal_text(answer)))
                if answer.status not in TRIED_AGAIN:
                    break
                asked = retry_after_seconds(answer.headers.get("retry-after"), answer.headers.get("date"))
                wait = max(wait, asked or 0.0)
            if self._stopped() or wait > WAIT_MOST:
                break
            self._clock.sleep(wait)
        raise ListUnread(f"the API's list of messages can't be read: {reason}")


def _query(since: float, until: float, token: str | None) -> str:
    """`reference/api.md`, section 8: a range of 7 days at most, the times as RFC 3339 writes them."""
    words = {
        "direction": "outgoing",
        "limit": str(PAGE_MESSAGES),
        "startAt": _moment(since),
        "endAt": _moment(until),
        **({} if token is None else {"pageToken": token}),
    }
    return "?" + urlencode(words)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_page(answer: Answer) -> tuple[list[Sighting], str | None]:
    """What a page shows, and the next one's token where there is one. Raises `ListUnread`."""
    try:
        page = orjson.loads(answer.body)
        results, token = page["results"], page.get("nextPageToken")
        if not isinstance(results, list) or not isinstance(token, str | None):
            raise TypeError("results")
        sightings = [sighting for message in results if (sighting := _sighting(message)) is not None]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ListUnread("the API's list of messages is not the documented JSON") from None
    return sightings, token or None


def _sighting(message: dict[str, Any]) -> Sighting | None:
    """None for a message without a reference: it is none of ours."""
    remote_id, reference = message["id"], message.get("reference")
    if not isinstance(remote_id, str):
        raise TypeError("id")
    if not isinstance(reference, str):
        return None
    receiver = message.get("receiver") or {}
    contacts = receiver.get("contacts") or []
    names = (contact.get(name) for contact in contacts for name in ("identifierValue", "id"))
    receivers = frozenset(name for name in names if isinstance(name, str))
    return Sighting(remote_id, reference, receivers, message.get("status") == "rejected")
