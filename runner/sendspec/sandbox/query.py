"""The query of the API's list: the filters that the sandbox has, and why it refuses others and invalid values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.message_list import MAX_WINDOW_DAYS
from sendspec.provider.message_status import MESSAGE_STATUSES
from sendspec.reading.schema.formats import is_uuid
from sendspec.sandbox.query_parameter import NOT_A_UUID, PARSER_BY_PARAMETER, InvalidParameter
from sendspec.sandbox.refusal import Details, expected

DEFAULT_LIMIT = 10
REPEATABLE = frozenset({"status", "id", "to", "tag"})
"""May be repeated, and written with `[]` at the end, as public clients do."""
UNSUPPORTED = frozenset(
    [
        "platform", "navigatorId", "messageType", "from", "failureCode", "failureSourceCode", "failureSourceName", "countryCode",
        "emailSubject",
    ]
)  # fmt: skip
"""Filters that the API documents. Ignoring them would return messages that they exclude, so they are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A page of the list. `since` and `until` are Unix seconds, `after` the number of the previous page's last message.

    Empty filters match everything; ids and tags are in lower case.
    """

    limit: int = DEFAULT_LIMIT
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


def read_query(text: str, now: float) -> ListQuery | Details:
    """Parses `text`, the part after the ?; returns every fault where there is one."""
    details: Details = {}
    values_by_name = _parameters(text, details)
    found: dict[str, Any] = {}
    for name, values in values_by_name.items():
        if name in REPEATABLE:
            found[name] = _list(name, values, details)
        elif len(values) > 1:
            details[f".{name}"] = ["the parameter stands twice"]
        else:
            _parse(name, values[0], found, details)
    _check_window(found, now, details)
    return details or _query(found)


def _parameters(text: str, details: Details) -> dict[str, list[str]]:
    """The values of each known parameter."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        bare = name.removesuffix("[]")
        if bare in REPEATABLE:
            found.setdefault(bare, []).append(value)
        elif name in PARSER_BY_PARAMETER:
            found.setdefault(name, []).append(value)
        else:
            details[f".{name}"] = [
                "this filter of the API is not built into the sandbox"
                if bare in UNSUPPORTED
                else f'query parameter "{name[:60]}" is unsupported'
            ]
    return found


def _parse(name: str, value: str, found: dict[str, Any], details: Details) -> None:
    try:
        found[name] = PARSER_BY_PARAMETER[name](value)
    except InvalidParameter as fault:
        details[f".{name}"] = [fault.problem]


def _list(name: str, values: Sequence[str], details: Details) -> frozenset[str]:
    for index, value in enumerate(values):
        if name == "status" and value not in MESSAGE_STATUSES:
            details[f".status[{index}]"] = [expected(value, sorted(MESSAGE_STATUSES))]
        elif name == "id" and not is_uuid(value):
            details[f".id[{index}]"] = [NOT_A_UUID]
    return frozenset(value.lower() if name in ("id", "tag") else value for value in values)


def _check_window(found: Mapping[str, Any], now: float, details: Details) -> None:
    since, until = found.get("startAt"), found.get("endAt", now)
    if since is None or ".endAt" in details:
        return
    if since > until:
        details[".startAt"] = ["Invalid time range to filter: it begins after its end"]
    elif until - since > MAX_WINDOW_DAYS * 86_400:
        details[".startAt"] = [f"Invalid time range to filter: {MAX_WINDOW_DAYS} days are the most"]


def _query(found: Mapping[str, Any]) -> ListQuery:
    return ListQuery(
        limit=found.get("limit", DEFAULT_LIMIT),
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
