"""A webhook's request as one line of JSON: `{"url", "headers", "body_base64"}`, as any function or queue can write it.

The body is in base64 because the signature covers its bytes, which a copy as text would change.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import orjson

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.webhook_verify import MAX_BODY
from sendspec.provider.strict_json import strict_json
from sendspec.provider.timestamp import format_timestamp
from sendspec.provider.webhook_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER

MAX_LINE = 2 * 1024 * 1024
"""Bytes: a body of `MAX_BODY` in base64, its URL and its headers."""
MAX_HEADERS = 200
KEPT_HEADERS = frozenset({SIGNATURE_HEADER.lower(), TIMESTAMP_HEADER.lower(), "content-type"})
"""All others may name people, machines or secrets of a proxy."""

Headers = Sequence[tuple[str, str]]


class LineFault(StrEnum):
    """Why a line is no captured request."""

    LINE_LENGTH = "line_length"
    LINE_JSON = "line_json"
    LINE_SHAPE = "line_shape"
    LINE_BASE64 = "line_base64"
    BODY_LENGTH = "body_length"


@dataclass(frozen=True, slots=True, repr=False)
class CapturedRequest:
    """`url` is the one that the webhook was registered with. Holds a person's number and text."""

    url: str
    headers: Headers
    body: bytes


def request_line(request: CapturedRequest, received_at: float) -> bytes:
    """The line of a request, with its end and the headers that are needed. `received_at` is in Unix seconds."""
    kept = {name: value for name, value in request.headers if name.lower() in KEPT_HEADERS}
    words = {
        "url": request.url,
        "headers": kept,
        "body_base64": base64.b64encode(request.body).decode("ascii"),
        "received_at": format_timestamp(received_at),
    }
    return orjson.dumps(words, option=orjson.OPT_APPEND_NEWLINE)


def read_request(line: bytes) -> CapturedRequest | LineFault:
    """The request in a line. Other keys than the three pass; the signature proves what is in these."""
    if len(line) > MAX_LINE:
        return LineFault.LINE_LENGTH
    found = strict_json(line)
    if found is None:
        return LineFault.LINE_JSON
    if not isinstance(found, dict):
        return LineFault.LINE_SHAPE
    url, headers, encoded = found.get("url"), _headers(found.get("headers")), found.get("body_base64")
    if not isinstance(url, str) or not url or not url.isprintable() or headers is None or not isinstance(encoded, str):
        return LineFault.LINE_SHAPE
    try:
        body = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return LineFault.LINE_BASE64
    return LineFault.BODY_LENGTH if len(body) > MAX_BODY else CapturedRequest(url, headers, body)


def _headers(written: Any) -> list[tuple[str, str]] | None:
    """A mapping from names to a text, or to a list of texts where the server that captured them gives lists."""
    if not isinstance(written, dict):
        return None
    pairs = [
        (name, value)
        for name, values in written.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return pairs if len(pairs) <= MAX_HEADERS and all(isinstance(value, str) for _, value in pairs) else None
