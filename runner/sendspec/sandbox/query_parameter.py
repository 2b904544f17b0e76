"""Parses single parameters of the list's query. Each parser raises `InvalidParameter`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.message_list import MAX_PAGE_MESSAGES
from sendspec.provider.timestamp import parse_timestamp
from sendspec.reading.schema.formats import is_uuid
from sendspec.sandbox.refusal import expected

NOT_A_UUID = 'string doesn\'t match the format "uuid"'
_NUMBER = lazy_pattern(r"[0-9]{1,4}", re.ASCII)
_TOKEN = lazy_pattern(r"[0-9a-f]{1,15}", re.ASCII)


class InvalidParameter(Exception):
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def _limit(value: str) -> int:
    if not _NUMBER.fullmatch(value) or not 1 <= int(value) <= MAX_PAGE_MESSAGES:
        raise InvalidParameter(f"value must be an integer from 1 to {MAX_PAGE_MESSAGES}")
    return int(value)


def _token(value: str) -> int:
    if not _TOKEN.fullmatch(value):
        raise InvalidParameter("this is no token of a page")
    return int(value, 16)


def _boolean(value: str) -> bool:
    if value not in ("true", "false"):
        raise InvalidParameter(expected(value, ("true", "false")))
    return value == "true"


def _direction(value: str) -> str:
    if value not in ("incoming", "outgoing"):
        raise InvalidParameter(expected(value, ("incoming", "outgoing")))
    return value


def _uuid(value: str) -> str:
    if not is_uuid(value):
        raise InvalidParameter(NOT_A_UUID)
    return value.lower()


def _timestamp(value: str) -> float:
    seconds = parse_timestamp(value)
    if seconds is None:
        raise InvalidParameter('string doesn\'t match the format "date-time"')
    return seconds


PARSER_BY_PARAMETER: dict[str, Callable[[str], Any]] = {
    "limit": _limit,
    "pageToken": _token,
    "reverse": _boolean,
    "direction": _direction,
    "batchId": _uuid,
    "startAt": _timestamp,
    "endAt": _timestamp,
}
"""The parameters that may be given once."""
