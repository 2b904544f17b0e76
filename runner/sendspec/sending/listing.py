"""The API's list of a channel's outgoing messages, read page by page within bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import urlencode

from sendspec.diagnostics.clock import Clock
from sendspec.provider.answer import Answer, AnswerTooLarge, UnreadableAnswer
from sendspec.provider.answer_redaction import NOTHING_SENT, Redaction
from sendspec.provider.classify import MAX_ID, REFUSING_THE_RUN, refusal_text, unique
from sendspec.provider.outcome import RefusedAsAWhole
from sendspec.provider.retry_after import retry_after_seconds, skew_seconds
from sendspec.reading.schema.formats import is_date_time
from sendspec.sending.connection import Connection, Unreached
from sendspec.sending.pace import back_off

PAGE_MESSAGES = (1_000, 100, 10)
"""Messages asked for at once; the next smaller number where a page is too large."""
MAX_PAGE_BYTES = 16 * 1024 * 1024
TRIES = 3
MAX_WAIT = 30.0
NAP = 0.5
"""Seconds between two looks at whether anybody still waits for the answer."""
TRIED_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBounds:
    """How much of a list is read at most."""

    pages: int
    seconds: float


StandIn = Callable[[str], str]

BOUNDS_OF_A_LOOK = ListBounds(pages=2_000, seconds=300.0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message as the API lists it. `reference` is empty where it has none.

    `receivers` are the identifiers of its contacts. `rejected`: the API didn't take it. `created_at` is in Unix seconds
    by the API's clock, None where the list doesn't say.
    """

    remote_id: str
    reference: str
    receivers: frozenset[str]
    rejected: bool
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`skipped` counts the entries that can't be read, `unread` are the references that some of them have all the same; `token`
    leads to the next page, None at the end."""

    sightings: list[Sighting]
    skipped: int
    token: str | None
    unread: frozenset[str] = frozenset()


class ListUnread(Exception):
    """The list was not read to its end. `refusal` is set where the API refuses us as a whole."""

    def __init__(self, reason: str, refusal: RefusedAsAWhole | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refusal = refusal


class ListTooLong(ListUnread):
    """Pages arrived up to the bounds of the look, and there are more."""


class ListAbandoned(ListUnread):
    """A signal asked the command to stop while the list was read."""


class Listing:
    """Asks through one connection of its own. `stopped` says that nobody waits for the answer any more.

    `stand_in` makes another id of one that can't be kept, always the same one.
    """

    def __init__(
        self,
        line: Connection,
        clock: Clock,
        timeout: float,
        stopped: Callable[[], bool],
        bounds: ListBounds = BOUNDS_OF_A_LOOK,
        stand_in: StandIn | None = None,
    ) -> None:
        self._line = line
        self._redaction = Redaction(line.authorization)
        self._stand_in = stand_in
        self._clock = clock
        self._timeout = timeout
        self._stopped = stopped
        self._bounds = bounds
        self._sizes = list(PAGE_MESSAGES)
        self._pages_left = bounds.pages
        self._until = clock.monotonic() + bounds.seconds
        self.skew: float | None = None
        """By how many seconds the API's clock is ahead of ours, by its last answer."""
        self.skipped = 0
        """How many entries could not be read, in all pages."""
        self.unread: set[str] = set()
        """The references of those."""

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        """Every page of the messages created in that time (Unix seconds, the API's clock), in the API's order.

        `receivers`: only messages to these identifiers; what such a list leaves out proves nothing. Raises `ListUnread`.
        """
        token: str | None = None
        tokens: set[str] = set()
        while True:
            if self._stopped():
                raise ListAbandoned("the API's list of messages was not read to its end: a signal asked to stop")
            if self._pages_left <= 0 or self._clock.monotonic() > self._until:
                raise ListTooLong(
                    f"the API's list of messages goes on after {self._bounds.pages - self._pages_left} pages;"
                    " the rest was not read"
                )
            self._pages_left -= 1
            try:
                page = self._page(_query(since, until, token, receivers, self._sizes[0]), receivers)
            except AnswerTooLarge as error:
                if len(self._sizes) == 1:
                    raise ListUnread(f"the API's list of messages can't be read: {error.evidence}") from None
                del self._sizes[0]
                token, tokens = None, set()  # a token may belong to pages of the size it was given for
                continue
            self.skipped += page.skipped
            self.unread |= page.unread
            yield page.sightings
            token = page.token
            if token is None:
                return
            if token in tokens:
                raise ListUnread("the API's list of messages leads round in a circle")
            tokens.add(token)

    def close(self) -> None:
        self._line.hang_up()

    def _page(self, query: str, receivers: Sequence[str]) -> Page:
        """One page; asked for again where that can help. Raises `ListUnread`, and `AnswerTooLarge` where less has to be asked for."""
        reason = ""
        for tried in range(TRIES):
            wait = back_off(tried, self._clock.random())
            try:
                self._line.stand()
                answer = self._line.ask(query, self._clock.monotonic() + self._timeout, body_most=MAX_PAGE_BYTES)
            except AnswerTooLarge:
                raise
            except Unreached as error:
                reason = error.reason
                if error.lasting:
                    break
            except UnreadableAnswer as error:
                reason = error.evidence
            else:
                self.skew = skew_seconds(answer.headers.get("date"), self._clock.wall())
                if answer.status == 200:
                    page = read_page(answer, self._redaction, self._stand_in)
                    if page is not None:
                        return page
                    reason = "it is not the documented JSON"
                else:
                    said = refusal_text(answer, self._redaction.of(receivers))
                    reason = f"the API answers {said}"
                    if answer.status in REFUSING_THE_RUN or answer.status == 404:
                        raise ListUnread(reason, RefusedAsAWhole(answer.status, said))
                    if answer.status not in TRIED_AGAIN:
                        break
                asked = retry_after_seconds(answer.headers.get("retry-after"), answer.headers.get("date"))
                wait = max(wait, asked or 0.0)
            if self._stopped() or wait > MAX_WAIT:
                break
            if tried + 1 < TRIES:
                self._wait(wait)
        raise ListUnread(f"the API's list of messages can't be read: {reason}")

    def _wait(self, seconds: float) -> None:
        while seconds > 0 and not self._stopped():
            self._clock.sleep(min(seconds, NAP))
            seconds -= NAP


def _query(since: float, until: float, token: str | None, receivers: Sequence[str], limit: int) -> str:
    """`reference/channels-reading.openapi.json`: a range of 7 days at most, times as RFC 3339 writes them, lists as repeated names."""
    words = [
        ("direction", "outgoing"),
        ("limit", str(limit)),
        ("startAt", _moment(since)),
        ("endAt", _moment(until)),
        *(("to", receiver) for receiver in receivers),
        *(() if token is None else (("pageToken", token),)),
    ]
    return "?" + urlencode(words)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_page(answer: Answer, redaction: Redaction = NOTHING_SENT, stand_in: StandIn | None = None) -> Page | None:
    """A page of the list; None where it is not the documented JSON.

    An id that repeats the key or a number, or that no terminal can show, is none, but its message is one: it goes by the id that `stand_in` makes, or else the
    entry counts as one that can't be read.
    """
    page = _json(answer.body)
    if not isinstance(page, dict):
        return None
    results, token = page.get("results"), page.get("nextPageToken")
    if not isinstance(results, list) or not isinstance(token, str | None) or not _is_text(token or ""):
        return None
    read = [(entry, _sighting(entry, redaction, stand_in)) for entry in results]
    sightings = [sighting for _, sighting in read if sighting is not None]
    unread = [entry.get("reference") for entry, sighting in read if sighting is None and isinstance(entry, dict)]
    references = frozenset(reference for reference in unread if _is_text(reference))
    return Page(sightings, len(results) - len(sightings), token or None, references)


def _json(body: bytes) -> Any:
    """The page's value, with half surrogate pairs as they stand; None for what is no JSON, or has a key twice in one object."""
    try:
        return json.loads(body.decode("utf-8", "replace"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def _sighting(entry: Any, redaction: Redaction, stand_in: StandIn | None) -> Sighting | None:
    """None for an entry that can't be read."""
    if not isinstance(entry, dict):
        return None
    remote_id, reference, created_at = entry.get("id"), entry.get("reference"), entry.get("createdAt")
    receivers = _receivers(entry.get("receiver"))
    if not _is_text(remote_id) or not 0 < len(remote_id) <= MAX_ID or receivers is None:
        return None
    if reference is not None and not _is_text(reference):
        return None
    if not remote_id.isprintable() or redaction.of(receivers).repeats((remote_id,)):
        if stand_in is None:
            return None
        remote_id = stand_in(remote_id)
    created = _seconds(created_at) if isinstance(created_at, str) else None
    return Sighting(remote_id, reference or "", receivers, entry.get("status") == "rejected", created)


def _receivers(receiver: Any) -> frozenset[str] | None:
    """The identifiers of the contacts; None where they can't be read."""
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else receiver
    if contacts is None:
        return frozenset()
    if not isinstance(contacts, list) or not all(isinstance(contact, dict) for contact in contacts):
        return None
    names = [
        name for contact in contacts for key in ("identifierValue", "id") if (name := contact.get(key)) is not None
    ]
    return frozenset(names) if all(_is_text(name) for name in names) else None


def _is_text(value: Any) -> TypeGuard[str]:
    """Whether it is a text that UTF-8 can carry: JSON can hold half a surrogate pair."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.upper()).timestamp() if is_date_time(text) else None
    except (ValueError, OverflowError):  # a leap second, or a zone that leads out of the calendar
        return None
