"""The bytes of a request: headers, idempotency key, and the body of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from sendspec import __version__
from sendspec.provider.endpoint import Endpoint

MAX_BATCH = 100
"""Messages in one request, by the API's documentation."""


def request_head(endpoint: Endpoint, method: str, query: str = "") -> bytes:
    """The request line and the headers that are the same for every message. `query` begins with ?."""
    lines = [
        f"{method} {endpoint.path}{query} HTTP/1.1",
        f"Host: {endpoint.authority}",
        f"Authorization: {endpoint.authorization}",
        *(["Content-Type: application/json"] if method == "POST" else []),
        "Accept: application/json",
        "Accept-Encoding: identity",
        f"User-Agent: sendspec/{__version__}",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def get_request(endpoint: Endpoint, query: str) -> bytes:
    return request_head(endpoint, "GET", query) + b"\r\n"


def post_request(head: bytes, body: bytes, idempotency_key: str) -> bytes:
    """A whole POST; `head` is made once for each connection."""
    return b"%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        head,
        idempotency_key.encode("ascii"),
        len(body),
        body,
    )


def batch_body(bodies: Sequence[bytes]) -> bytes:
    """The request body of a batch, from the bodies of its messages."""
    return b'{"messageRequests":[%b]}' % b",".join(bodies)


def batch_key(keys: Sequence[str]) -> str:
    """The idempotency key of a batch: the same messages in the same order have the same key."""
    return blake2b("\n".join(keys).encode("ascii"), digest_size=16).hexdigest()
