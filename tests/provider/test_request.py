"""The bytes of a request."""

from __future__ import annotations

from sendspec import __version__
from sendspec.provider.endpoint import Endpoint
from sendspec.provider.request import batch_body, batch_key, get_request, post_request, request_head


def test_the_bodies_stand_in_the_request_byte_for_byte_and_in_their_order() -> None:
    bodies = [b'{"b": 1,  "a": "\xc3\xa9"}', b"{}", b'{"reference":"m3"}']
    assert batch_body(bodies) == b'{"messageRequests":[{"b": 1,  "a": "\xc3\xa9"},{},{"reference":"m3"}]}'
    assert batch_body(bodies[:1]) == b'{"messageRequests":[{"b": 1,  "a": "\xc3\xa9"}]}'


def test_a_request_has_the_key_of_its_messages_and_of_their_order() -> None:
    key = batch_key(["a", "b"])
    assert key == batch_key(["a", "b"])
    others = [["b", "a"], ["a"], ["b"], ["ab"], ["a", "b", "b"], ["a", "b", "c"]]
    assert key not in {batch_key(other) for other in others}
    assert len({batch_key(other) for other in others}) == len(others)
    assert len(key) == 32
    assert key.isalnum()


ENDPOINT = Endpoint(
    scheme="https", host="a", port=443, authority="a", path="/m", authorization="AccessKey canary", peer_allowed=lambda peer: True
)  # fmt: skip
COMMON = (
    "Host: a\r\nAuthorization: AccessKey canary\r\n{more}Accept: application/json\r\nAccept-Encoding: identity\r\n"
    f"User-Agent: sendspec/{__version__}\r\n"
)


def test_a_post_is_its_head_the_idempotency_key_and_the_body() -> None:
    head = "POST /m HTTP/1.1\r\n" + COMMON.format(more="Content-Type: application/json\r\n")
    request = post_request(request_head(ENDPOINT, "POST"), b'{"a": 1}', "k1")
    assert request == f'{head}Idempotency-Key: k1\r\nContent-Length: 8\r\n\r\n{{"a": 1}}'.encode()


def test_a_get_has_its_query_and_no_body() -> None:
    assert (
        get_request(ENDPOINT, "?limit=1") == ("GET /m?limit=1 HTTP/1.1\r\n" + COMMON.format(more="") + "\r\n").encode()
    )
