"""The query of the API's list: the filters that the sandbox has, and why it refuses any other or a value that is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from sendspec.reading.schema.formats import is_date_time, is_uuid
from sendspec.sandbox.refusal import Details, expected
from sendspec.sandbox.response_body import STATUSES

LIMIT_USUAL, MAX_LIMIT = 10, 1_000
MAX_WINDOW_DAYS = 7
LISTS = frozenset({"status", "id", "to", "tag"})
"""These may be repeated, and written with `[]` behind: public clients write them so."""
NOT_HERE = frozenset(
    [
        "platform", "navigatorId", "messageType", "from", "failureCode", "failureSourceCode", "failureSourceName", "countryCode",
        "emailSubject",
    ]
)  # fmt: skip
"""The API documents these; a sandbox that let them pass would answer with messages that they exclude."""
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_TOKEN = re.compile(r"[0-9a-f]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page of the list. `since` and `until` are Unix seconds, `after` the number of the last message of the page before.

    Empty filters let everything pass; ids and tags are in lower case.
    """

    limit: int = LIMIT_USUAL
    after: int | None = None
    reverse: bool = False
    direction: str | None = None
    batch: str | None = None
    since: float | None = None
    until: float | None = None
    statuses: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    receivers: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


def read_query(text: str, now: float) -> Wanted | Details:
    """What `text`, the part behind `?`, asks for; or everything that is wrong with it."""
    given: dict[str, list[str]] = {}
    details: Details = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        bare = name.removesuffix("[]")
        if bare in LISTS:
            given.setdefault(bare, []).append(value)
        elif name in ONCE:
            given.setdefault(name, []).append(value)
        else:
            details[f".{name}"] = [
                "this filter of the API is not built into the sandbox"
                if bare in NOT_HERE
                else f'query parameter "{name[:60]}" is unsupported'
            ]
    found: dict[str, Any] = {}
    for name, values in given.items():
        if name in LISTS:
            found[name] = _list(name, values, details)
        elif len(values) > 1:
            details[f".{name}"] = ["the parameter stands twice"]
        else:
            _one(name, values[0], found, details)
    _check_window(found, now, details)
    return details or _wanted(found)


def _one(name: str, value: str, found: dict[str, Any], details: Details) -> None:
    try:
        found[name] = ONCE[name](value)
    except _NoValue as fault:
        details[f".{name}"] = [fault.problem]


def _list(name: str, values: Sequence[str], details: Details) -> frozenset[str]:
    for index, value in enumerate(values):
        if name == "status" and value not in STATUSES:
            details[f".status[{index}]"] = [expected(value, sorted(STATUSES))]
        elif name == "id" and not is_uuid(value):
            details[f".id[{index}]"] = [NO_UUID]
    return frozenset(value.lower() if name in ("id", "tag") else value for value in values)


def _check_window(found: Mapping[str, Any], now: float, details: Details) -> None:
    since, until = found.get("startAt"), found.get("endAt", now)
    if since is None or ".endAt" in details:
        return
    if since > until:
        details[".startAt"] = ["Invalid time range to filter: it begins after its end"]
    elif until - since > MAX_WINDOW_DAYS * 86_400:
        details[".startAt"] = [f"Invalid time range to filter: {MAX_WINDOW_DAYS} days are the most"]


def _wanted(found: Mapping[str, Any]) -> Wanted:
    return Wanted(
        limit=found.get("limit", LIMIT_USUAL),
        after=found.get("pageToken"),
        reverse=found.get("reverse", False),
        direction=found.get("direction"),
        batch=found.get("batchId"),
        since=found.get("startAt"),
        until=found.get("endAt"),
        statuses=found.get("status", frozenset()),
        ids=found.get("id", frozenset()),
        receivers=found.get("to", frozenset()),
        tags=found.get("tag", frozenset()),
    )


# ── single values ────────────────────────────────────────────────────────────────────────────────────────────────────

NO_UUID = 'string doesn\'t match the format "uuid"'


class _NoValue(Exception):
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def _limit(value: str) -> int:
    if not _NUMBER.fullmatch(value) or not 1 <= int(value) <= MAX_LIMIT:
        raise _NoValue(f"value must be an integer from 1 to {MAX_LIMIT}")
    return int(value)


def _token(value: str) -> int:
    if not _TOKEN.fullmatch(value):
        raise _NoValue("this is no token of a page")
    return int(value, 16)


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise _NoValue(expected(value, ("true", "false")))
    return value == "true"


def _direction(value: str) -> str:
    if value not in ("incoming", "outgoing"):
        raise _NoValue(expected(value, ("incoming", "outgoing")))
    return value


def _uuid(value: str) -> str:
    if not is_uuid(value):
        raise _NoValue(NO_UUID)
    return value.lower()


def _moment(value: str) -> float:
    fault = _NoValue('string doesn\'t match the format "date-time"')
    if not is_date_time(value):
        raise fault
    try:
        return datetime.fromisoformat(value.upper()).timestamp()
    except (ValueError, OverflowError):  # a leap second, or a zone that leads out of the calendar
        raise fault from None


ONCE: dict[str, Callable[[str], Any]] = {
    "limit": _limit,
    "pageToken": _token,
    "reverse": _truth,
    "direction": _direction,
    "batchId": _uuid,
    "startAt": _moment,
    "endAt": _moment,
}
"""How each of the other parameters is read."""
