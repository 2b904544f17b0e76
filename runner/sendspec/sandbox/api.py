"""The API without sockets: accepts a message or a batch, returns one message or a page of the list."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from sendspec.composing.common_rules import body_or_template
from sendspec.provider.path import BATCH_PATH, MESSAGE_PATH, MESSAGES_PATH, path_pattern
from sendspec.reading.documents.nesting import is_deeper
from sendspec.reading.schema.formats import is_uuid
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.fault import SandboxFault, faults_for
from sendspec.sandbox.query import ListQuery, read_query
from sendspec.sandbox.refusal import Details, bad_query_json, details_of, error_json, jq_path, malformed_json
from sendspec.sandbox.response_body import batch_json, status_of, stored_json, tags_of
from sendspec.sandbox.store import Store, Stored

MAX_DEPTH = 100
"""Levels of nesting in a request's JSON. A spec can't nest deeper than 40."""
EVERY_MESSAGE_PATH = "/_sandbox/messages"
"""Lists the messages of all channels; the API has no such path."""

_MESSAGES, _MESSAGE, _BATCH = map(path_pattern, (MESSAGES_PATH, MESSAGE_PATH, BATCH_PATH))

Reply: TypeAlias = tuple[int, Any, dict[str, str]]
"""Status, JSON body, extra headers."""


class Sandbox:
    """The API as its clients see it. Above `per_second`, a POST gets a 429; None is no limit."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        *,
        per_second: int | None = None,
        faults: Sequence[SandboxFault] = (),
    ) -> None:
        self.store = store
        self._clock = clock
        self._per_second = per_second
        self._faults = faults
        self._lock = threading.Lock()
        self._posts = 0
        self._second = (0, 0)

    def next_post(self) -> list[SandboxFault]:
        """Counts a POST and returns the faults for it."""
        with self._lock:
            self._posts += 1
            return faults_for(self._faults, self._posts)

    def _over_the_rate(self) -> bool:
        if self._per_second is None:
            return False
        with self._lock:
            second, count = self._second
            now = int(self._clock())
            self._second = (now, 1) if now != second else (second, count + 1)
            return self._second[1] > self._per_second

    def post(self, path: str, raw: bytes) -> Reply:
        """Accepts a message, or a batch as a whole; or refuses it."""
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
        details = _details("batch" if batch else "message", payload)
        if details:
            return 422, malformed_json(details), {}
        now = self._clock()
        self.store.forget(now)
        messages = [(str(uuid.uuid4()), one) for one in _messages_in(payload)]
        batch_id = str(uuid.uuid4()) if batch else None
        stored = self.store.add(match["workspace"], match["channel"], messages, now, batch_id)
        return 202, batch_json(batch_id, stored) if batch_id else stored_json(stored[0], now), {}

    def get(self, target: str) -> Reply:
        """One message, or a page of them."""
        path, _, query = target.partition("?")
        now = self._clock()
        self.store.forget(now)
        if path == EVERY_MESSAGE_PATH:
            return 200, {"results": [stored_json(message, now) for message in self.store.all()]}, {}
        one = _MESSAGE.fullmatch(path)
        match = one or _MESSAGES.fullmatch(path)
        if match is None or (unknown := _unknown_part(match)):
            return _not_found("" if match is None else unknown)
        if one is None:
            return self._page(match["workspace"], match["channel"], query)
        stored = self.store.get(match["workspace"], match["channel"], one["message"])
        return _not_found("message") if stored is None else (200, stored_json(stored, now), {})

    def _page(self, workspace: str, channel: str, query: str) -> Reply:
        """A page of the list, filtered as the API defines."""
        now = self._clock()
        wanted = read_query(query, now)
        if not isinstance(wanted, ListQuery):
            return 422, bad_query_json(wanted), {}
        if wanted.direction == "incoming":
            return 200, {"results": []}, {}

        def matches(message: Stored) -> bool:
            return (
                (not wanted.receivers or not wanted.receivers.isdisjoint(message.receivers))
                and (not wanted.ids or message.id in wanted.ids)
                and (not wanted.tags or not wanted.tags.isdisjoint(tags_of(message)))
                and (not wanted.statuses or status_of(message, now) in wanted.statuses)
            )

        found = self.store.page(
            workspace, channel, after=wanted.after, since=wanted.since, until=wanted.until, limit=wanted.limit + 1,
            batch=wanted.batch, reverse=wanted.reverse, matches=matches,
        )  # fmt: skip
        body: dict[str, Any] = {"results": [stored_json(message, now) for message in found[: wanted.limit]]}
        if len(found) > wanted.limit:
            body["nextPageToken"] = f"{found[wanted.limit - 1].number:x}"
        return 200, body, {}


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
