"""The API without sockets: accepts a message or a batch, returns one message or a page of the list."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import orjson

from sendspec.composing.common_rules import body_or_template
from sendspec.provider.path import BATCH_PATH, INTERACTIONS_PATH, MESSAGE_PATH, MESSAGES_PATH, path_pattern
from sendspec.provider.timestamp import format_timestamp
from sendspec.reading.documents.nesting import is_deeper
from sendspec.reading.schema.formats import is_uuid
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.answer_by_number import ThrottledOnce, is_doubt, refused_numbers
from sendspec.sandbox.arrived import wanted_in
from sendspec.sandbox.fault import SandboxFault
from sendspec.sandbox.fault_switch import Counted, FaultSwitch, switch_of
from sendspec.sandbox.incoming import incoming_json, interaction_json, interactions_with, page_of_incoming
from sendspec.sandbox.life import DEFAULT_PACE, reached_by, status_of
from sendspec.sandbox.platforms import NO_PLATFORMS, platform_of
from sendspec.sandbox.query import ListQuery, read_query
from sendspec.sandbox.receive import RECEIVE_PATH, NewText, read_text, receive, received_json
from sendspec.sandbox.refusal import Details, bad_query_json, details_of, error_json, jq_path, malformed_json
from sendspec.sandbox.response_body import batch_json, stored_json, tags_of
from sendspec.sandbox.store import Store, Stored

MAX_DEPTH = 100
"""Levels of nesting in a request's JSON. A spec can't nest deeper than 40."""
EVERY_MESSAGE_PATH = "/_sandbox/messages"
LOST = "lostAt"
"""In the answer there: when the file with the messages was removed or replaced, if it was."""
"""Lists the messages of all channels, or those that its query wants (`arrived.py`); the API has no such path."""

_MESSAGES, _MESSAGE, _BATCH, _INTERACTIONS = map(
    path_pattern, (MESSAGES_PATH, MESSAGE_PATH, BATCH_PATH, INTERACTIONS_PATH)
)

Reply: TypeAlias = tuple[int, Any, dict[str, str]]
"""Status, JSON body, extra headers."""


class Sandbox:
    """The API as its clients see it. Above `per_second`, a POST gets a 429; None is no limit.

    `pace`: seconds a step in the lives of messages. `platforms`: the platform of each channel that isn't for SMS, by its id.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        *,
        per_second: int | None = None,
        faults: FaultSwitch | Sequence[SandboxFault] = (),
        pace: float = DEFAULT_PACE,
        platforms: Mapping[str, str] = NO_PLATFORMS,
    ) -> None:
        self.store = store
        self.pace = pace
        self._clock = clock
        self.per_second = per_second
        self.faults = switch_of(faults)
        self._platforms = platforms
        self._throttled = ThrottledOnce()
        self._lock = threading.Lock()
        self._second = (0, 0)

    def next_post(self) -> list[SandboxFault]:
        """Counts a POST and returns the faults for it."""
        return self.faults.next(Counted.POSTS)

    def _over_the_rate(self) -> bool:
        if self.per_second is None:
            return False
        with self._lock:
            second, count = self._second
            now = int(self._clock())
            self._second = (now, 1) if now != second else (second, count + 1)
            return self._second[1] > self.per_second

    def post(self, path: str, raw: bytes) -> Reply:
        """Accepts a message, or a batch as a whole; or refuses it. At a path of its own, takes a text from a person."""
        if path == RECEIVE_PATH:
            return self._received(raw)
        batch = _BATCH.fullmatch(path)
        match = batch or _MESSAGES.fullmatch(path)
        if match is None or (unknown := _unknown_part(match)):
            return _not_found("" if match is None else unknown)
        if self._over_the_rate():
            return 429, error_json("TooManyRequests", "Too many requests"), {"Retry-After": "1"}
        try:
            payload = _read(raw)
        except _Unread as error:
            return 400, error_json("BadRequest", str(error)), {}
        kind = "batch" if batch else "message"
        details = _details(kind, payload) or refused_numbers(_messages_in(payload), batch=batch is not None)
        if details:
            return 422, malformed_json(details), {}
        if self._throttled.strikes(path, _messages_in(payload)):
            return 429, error_json("TooManyRequests", "Too many requests"), {}
        return self._accepted(match, _messages_in(payload), batch=batch is not None)

    def _received(self, raw: bytes) -> Reply:
        try:
            text = read_text(_read(raw))
        except _Unread as error:
            return 400, error_json("BadRequest", str(error)), {}
        if not isinstance(text, NewText):
            return 422, malformed_json(text), {}
        received = receive(self.store, text, self._clock())
        return _not_found("message") if received is None else (202, received_json(received), {})

    def _accepted(self, match: re.Match[str], payloads: Sequence[dict[str, Any]], *, batch: bool) -> Reply:
        now = self._clock()
        self.store.forget(now)
        messages = [(str(uuid.uuid4()), payload) for payload in payloads]
        batch_id = str(uuid.uuid4()) if batch else None
        stored = self.store.add(match["workspace"], match["channel"], messages, now, batch_id)
        if is_doubt(payloads):
            return 500, error_json("InternalError", "The sandbox accepted this, and answers 500 for its number"), {}
        return 202, batch_json(batch_id, stored) if batch_id else self._json(stored[0], now), {}

    def _json(self, message: Stored, now: float) -> dict[str, Any]:
        return stored_json(message, reached_by(message, now, self.pace))

    def get(self, target: str) -> Reply:
        """One message, or a page of them."""
        path, _, query = target.partition("?")
        now = self._clock()
        self.store.forget(now)
        if path == EVERY_MESSAGE_PATH:
            wanted = wanted_in(query)
            every, lost_at = self.store.all(), self.store.lost_at
            listed = [self._json(each, now) for each in every if wanted.matches(each.payload)]
            return 200, {"results": listed, **({} if lost_at is None else {LOST: format_timestamp(lost_at)})}, {}
        match = next((found for it in (_MESSAGES, _MESSAGE, _INTERACTIONS) if (found := it.fullmatch(path))), None)
        if match is None or (unknown := _unknown_part(match)):
            return _not_found("" if match is None else unknown)
        if match.re is _MESSAGES:
            return self._page(match["workspace"], match["channel"], query)
        stored = self.store.get(match["workspace"], match["channel"], match["message"])
        if stored is None:
            return _not_found("message")
        return (200, self._json(stored, now), {}) if match.re is _MESSAGE else self._interactions(stored, now)

    def _interactions(self, message: Stored, now: float) -> Reply:
        platform = platform_of(message, self._platforms)
        found = interactions_with(message, self.store.answers_to(message.id), self.pace)
        return 200, {"results": [interaction_json(it, platform) for it in found if it.at <= now]}, {}

    def _page(self, workspace: str, channel: str, query: str) -> Reply:
        """A page of the list, filtered as the API defines. Without a direction, it is of messages to people.

        A late list is that of an earlier moment: it lacks the newest messages, and the newest statuses of others.
        """
        faults = self.faults.next(Counted.LISTS)
        if any(fault.kind == "list-5xx" for fault in faults):
            return 502, error_json("BadGateway", "The sandbox was asked for this"), {}
        late = sum(fault.milliseconds for fault in faults) / 1_000
        now = self._clock() - late
        wanted = read_query(query, self._clock())
        if not isinstance(wanted, ListQuery):
            return 422, bad_query_json(wanted), {}
        if wanted.direction == "incoming":
            texts, token = page_of_incoming(self.store, workspace, channel, wanted, now, self.pace)
            return 200, _page_json([incoming_json(text) for text in texts], token), {}
        if late:
            wanted = replace(wanted, until=now if wanted.until is None else min(now, wanted.until))
        found, token = self._outgoing(workspace, channel, wanted, now)
        return 200, _page_json([self._json(message, now) for message in found], token), {}

    def _outgoing(self, workspace: str, channel: str, wanted: ListQuery, now: float) -> tuple[list[Stored], int | None]:
        """A page of messages to people, and the number that the next one begins after."""

        def matches(message: Stored) -> bool:
            return (
                (not wanted.receivers or not wanted.receivers.isdisjoint(message.receivers))
                and (not wanted.ids or message.id in wanted.ids)
                and (not wanted.tags or not wanted.tags.isdisjoint(tags_of(message)))
                and (not wanted.statuses or status_of(message, now, self.pace) in wanted.statuses)
            )

        found = self.store.page(
            workspace, channel, after=wanted.after, since=wanted.since, until=wanted.until, limit=wanted.limit + 1, batch=wanted.batch, reverse=wanted.reverse, matches=matches,
        )  # fmt: skip
        page = found[: wanted.limit]
        return page, page[-1].number if len(found) > len(page) else None


def _page_json(results: list[dict[str, Any]], token: int | None) -> dict[str, Any]:
    return {"results": results} if token is None else {"results": results, "nextPageToken": f"{token:x}"}


def _unknown_part(match: re.Match[str]) -> str:
    """Which part of the path the API would not find; empty where it finds all of it."""
    return next((part for part in ("workspace", "channel") if not is_uuid(match[part])), "")


def _not_found(part: str) -> Reply:
    reason = f": {part} not found" if part else ""
    return 404, error_json("NotFound", f"The requested resource does not exist{reason}"), {}


def _read(raw: bytes) -> Any:
    """The JSON in a request. Raises `_Unread` for invalid JSON, a lone surrogate, or nesting deeper than `MAX_DEPTH`."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _Unread("The request body is not JSON") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise _Unread(f"The request body is nested deeper than {MAX_DEPTH} levels")
    return value


class _Unread(Exception):
    """A request body that is refused before validation."""


def _details(schema_name: str, payload: Any) -> Details:
    """What is wrong with a message or a batch: first its shape, then what the shape allows and the API does not."""
    schema = load_schema(schema_name)
    if not schema.accepts(payload):
        return details_of(schema.errors(payload))
    batch = schema_name == "batch"
    return {
        jq_path((*(("messageRequests", number) if batch else ()), *fault.at)): [fault.problem]
        for number, message in enumerate(_messages_in(payload))
        for fault in body_or_template(message)
    }


def _messages_in(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a request body, single or a batch."""
    return list(payload.get("messageRequests", [payload]))
