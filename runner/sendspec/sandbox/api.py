"""The API's state and answers, without sockets: POST a message or a batch, GET one, GET the list."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from sendspec.composing.rules import one_content
from sendspec.reading.schema.formats import is_uuid
from sendspec.reading.schema.validator import load_schema
from sendspec.sandbox.fault import SandboxFault, striking
from sendspec.sandbox.query import Wanted, read_query
from sendspec.sandbox.refusal import Details, bad_query_json, details_of, error_json, malformed_json, path
from sendspec.sandbox.response_body import batch_json, status_of, stored_json, tags_of
from sendspec.sandbox.store import Store, Stored

MAX_DEPTH = 100
"""Levels of a request's JSON. A spec can't nest deeper than 40."""

_MESSAGES = re.compile(r"/workspaces/([^/]+)/channels/([^/]+)/messages(?:/([^/]+))?")
_POSTED = re.compile(r"/workspaces/([^/]+)/channels/([^/]+)/(batch/)?messages")

Reply: TypeAlias = tuple[int, Any, dict[str, str]]
"""Status, body as JSON, further headers."""


class Sandbox:
    """What the API is to its clients. `per_second` None is no limit; beyond it a POST is answered with 429."""

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
        """Counts a POST, and says which faults strike it."""
        with self._lock:
            self._posts += 1
            return striking(self._faults, self._posts)

    def _over_the_rate(self) -> bool:
        if self._per_second is None:
            return False
        with self._lock:
            second, count = self._second
            now = int(self._clock())
            self._second = (now, 1) if now != second else (second, count + 1)
            return self._second[1] > self._per_second

    def post(self, place: str, raw: bytes) -> Reply:
        """Takes a message, or a batch as a whole; or says why not."""
        match = _POSTED.fullmatch(place)
        missing = self._missing(match)
        if missing is not None or match is None:
            return missing or (404, error_json("NotFound", "The requested resource does not exist"), {})
        if self._over_the_rate():
            return 429, error_json("TooManyRequests", "Too many requests"), {"Retry-After": "1"}
        try:
            payload = _read(raw)
        except _Unread as error:
            return 400, error_json("BadRequest", str(error)), {}
        details = _details("batch" if match[3] else "message", payload)
        if details:
            return 422, malformed_json(details), {}
        now = self._clock()
        self.store.forget(now)
        messages = [(str(uuid.uuid4()), one) for one in _messages_in(payload)]
        batch = str(uuid.uuid4()) if match[3] else None
        stored = self.store.add(match[1], match[2], messages, now, batch)
        return 202, batch_json(batch, stored) if batch else stored_json(stored[0], now), {}

    def get(self, target: str) -> Reply:
        """One message, or a page of them."""
        place, _, query = target.partition("?")
        self.store.forget(self._clock())
        if place == "/_sandbox/messages":
            now = self._clock()
            return 200, {"results": [stored_json(message, now) for message in self.store.all()]}, {}
        match = _MESSAGES.fullmatch(place)
        missing = self._missing(match)
        if missing is not None or match is None:
            return missing or (404, error_json("NotFound", "The requested resource does not exist"), {})
        if match[3]:
            stored = self.store.get(match[1], match[2], match[3])
            if stored is None:
                return 404, error_json("NotFound", "The requested resource does not exist: message not found"), {}
            return 200, stored_json(stored, self._clock()), {}
        return self._page(match[1], match[2], query)

    def _missing(self, match: re.Match[str] | None) -> Reply | None:
        if match is None:
            return None
        for what, identity in (("workspace", match[1]), ("channel", match[2])):
            if not is_uuid(identity):
                return 404, error_json("NotFound", f"The requested resource does not exist: {what} not found"), {}
        return None

    def _page(self, workspace: str, channel: str, query: str) -> Reply:
        """A page of the list, by the filters of the API's definition."""
        now = self._clock()
        wanted = read_query(query, now)
        if not isinstance(wanted, Wanted):
            return 422, bad_query_json(wanted), {}
        if wanted.direction == "incoming":
            return 200, {"results": []}, {}

        def shows(message: Stored) -> bool:
            return (
                (not wanted.receivers or not wanted.receivers.isdisjoint(message.receivers))
                and (not wanted.ids or message.id in wanted.ids)
                and (not wanted.tags or not wanted.tags.isdisjoint(tags_of(message)))
                and (not wanted.statuses or status_of(message, now) in wanted.statuses)
            )

        found = self.store.page(
            workspace, channel, after=wanted.after, since=wanted.since, until=wanted.until, limit=wanted.limit + 1,
            batch=wanted.batch, reverse=wanted.reverse, shows=shows,
        )  # fmt: skip
        body: dict[str, Any] = {"results": [stored_json(message, now) for message in found[: wanted.limit]]}
        if len(found) > wanted.limit:
            body["nextPageToken"] = f"{found[wanted.limit - 1].number:x}"
        return 200, body, {}


def _read(raw: bytes) -> Any:
    """The JSON in a request. Raises `_Unread` for what is none, half a surrogate pair in it, or a nesting beyond reason."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _Unread("The request body is not JSON") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise _Unread(f"The request body is nested deeper than {MAX_DEPTH} levels")
    return value


class _Unread(Exception):
    """A request body that is refused before it is looked at."""


def _deeper(value: Any, levels: int) -> bool:
    """Whether `value` is nested deeper than `levels`, without recursion."""
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for holder in layer
            if isinstance(holder, dict | list)
            for child in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return any(isinstance(holder, dict | list) for holder in layer)


def _details(schema_name: str, payload: Any) -> Details:
    """What is wrong with a message or a batch; what its shape allows and the API doesn't, once the shape is right."""
    schema = load_schema(schema_name)
    if not schema.accepts(payload):
        return details_of(schema.errors(payload))
    batch = schema_name == "batch"
    return {
        path((*(("messageRequests", number) if batch else ()), *fault.at)): [fault.problem]
        for number, message in enumerate(_messages_in(payload))
        for fault in one_content(message)
    }


def _messages_in(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a body that is one, or a batch."""
    return list(payload.get("messageRequests", [payload]))
