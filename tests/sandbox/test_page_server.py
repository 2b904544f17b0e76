"""The sandbox's page over HTTP: who may see it, who may change something, and that the API is as it was."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from sandbox_client import PATH, payload
from sandbox_page import BASE, TOKEN, PageClient, paged
from sendspec.sandbox.fault import parse_fault
from sendspec.sandbox.page import MAX_FORM
from sendspec.sandbox.page_feed import MAX_STREAMS
from sendspec.sandbox.server import MAX_CONNECTIONS

ORIGIN = "http://page.example"


@pytest.fixture
def client() -> Iterator[PageClient]:
    with paged() as found:
        found.put(payload(1, body={"type": "text", "text": {"text": "a secret"}}))
        yield found


def test_the_link_opens_the_page_and_leaves_a_cookie(client: PageClient) -> None:
    place = client.link.removeprefix(f"{client.url}/_sandbox/")
    assert TOKEN in place
    entered = client.get(f"latest{place}&q=secret", cookie=False)
    assert (entered.status, entered.headers["Location"]) == (303, f"{BASE}latest?q=secret")
    assert entered.headers["Set-Cookie"] == f"{client.cookie}; Path={BASE}; HttpOnly; SameSite=Strict"
    other = client.get(f"latest{place}&q=%22x%22", cookie=False, headers={"Sec-Fetch-Site": "cross-site"})
    assert (other.status, other.headers["Set-Cookie"]) == (200, entered.headers["Set-Cookie"])
    assert f'content="0; url={BASE}latest?q=%22x%22"'.encode() in other.data
    assert b"secret" not in other.data
    assert client.get("latest?q=secret").headers["Location"].startswith(f"{BASE}with/")
    page = client.get("")
    assert page.status == 200
    assert "a secret" in page.data.decode()
    policy = page.headers["Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; img-src data:; base-uri 'none'; form-action 'self';"
        r" connect-src 'self'; frame-ancestors 'none'", policy,
    )  # fmt: skip
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_what_a_server_at_another_port_can_know_opens_nothing(client: PageClient) -> None:
    """Browsers send it the cookies of the paths that it asks for, and keep those that it sets for ours."""
    assert client.get("", base="/_sandbox/").status == 401
    assert client.get("", base="/_sandbox/x/").status == 401
    tossed = {"Cookie": f"{client.cookie}; {client.cookie.partition('=')[0]}=tossed"}
    assert client.get("", cookie=False, headers=tossed).status == 200
    assert (
        client.get("latest", cookie=False, headers={"Authorization": f"Bearer {TOKEN}"}, base="/_sandbox/").status
        == 303
    )


@pytest.mark.parametrize(
    "place", ["", "latest", "with/x", "message/m1", "planned", "faults", "numbers", "events", "nowhere"]
)
def test_without_it_nothing_is_told(client: PageClient, place: str) -> None:
    others = {"Cookie": "sendspec-1=" + TOKEN, "Authorization": "AccessKey x"}
    for headers in ({}, others, {"Authorization": "Bearer x"}):
        refused = client.get(place, cookie=False, headers=headers)
        assert refused.status == 401
        assert b"secret" not in refused.data
        assert "Set-Cookie" not in refused.headers
    assert client.get(place, headers={"Host": "page.example"}).status == 421
    assert client.get(place, headers={"Sec-Fetch-Site": "cross-site"}).status == 403


def test_only_the_page_itself_changes_something(client: PageClient) -> None:
    fault, said = {"kind": "503"}, {"from": "+447700900001", "text": "STOP"}
    for place, fields in (("faults/add", fault), ("faults/clear", {}), ("text", said)):
        assert client.post(place, fields, cookie=False).status == 401
        assert client.post(place, fields, origin=ORIGIN).status == 403
        assert client.post(place, fields, origin=None).status == 403
        assert client.post(place, fields, headers={"Sec-Fetch-Site": "same-site"}).status == 403
        assert client.get(f"{place}?kind=503").status == 404
    assert client.sandbox.faults.state().faults == ()
    assert client.sandbox.store.incoming_after(0) == []
    assert client.post("faults/add", fault).headers["Location"] == f"{BASE}faults"
    assert client.post("text", said, headers={"Sec-Fetch-Site": "same-origin"}).status == 303
    assert len(client.sandbox.store.incoming_after(0)) == 1
    assert client.post("text", {"text": "x" * MAX_FORM}).status == 413


def test_the_apis_paths_are_as_they_were(client: PageClient) -> None:
    client.sandbox.faults.add(parse_fault("503:from=2"))
    key = {"Authorization": "AccessKey x"}
    assert len(client.get("messages", cookie=False, headers=key, base="/_sandbox/").json()["results"]) == 1
    assert client.get("messages", base="/_sandbox/").status == 401
    assert client.post("incoming", {}, cookie=False, origin=None, base="/_sandbox/").status == 401
    asked = client._pool.request("GET", client.url + PATH, headers=key)
    assert (asked.status, "Set-Cookie" in asked.headers) == (200, False)
    with paged() as other:
        assert other.page.owns("/_sandbox/")
        assert not other.page.owns("/_sandbox")


def listening(client: PageClient, stack: ExitStack) -> socket.socket:
    """A reader of the stream that tells of changes."""
    host, port = client.url.removeprefix("http://").split(":")
    reader = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
    reader.sendall(f"GET {BASE}events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {client.cookie}\r\n\r\n".encode())
    return reader


def read_until(reader: socket.socket, words: bytes) -> bytes:
    found, deadline = b"", time.monotonic() + 30
    while words not in found and time.monotonic() < deadline:
        block = reader.recv(65_536)
        assert block, found
        found += block
    assert words in found
    return found


def test_a_reader_is_told_of_each_change_and_of_the_end() -> None:
    with ExitStack() as stack:
        with paged() as client:
            reader = listening(client, stack)
            begun = read_until(reader, b"event: changed")
            assert begun.startswith(b"HTTP/1.1 200 ")
            assert b"Content-Type: text/event-stream; charset=utf-8\r\n" in begun
            read_until(reader, b": still here")
            client.put(payload(1))
            read_until(reader, b"event: changed")
        read_until(reader, b"event: ended")


@pytest.mark.parametrize("raw", [b"", b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 9\r\n\r\n"])
def test_idle_connections_keep_nobody_out(client: PageClient, raw: bytes) -> None:
    host, port = client.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        reader = listening(client, stack)
        read_until(reader, b"event: changed")
        idle = []
        for _ in range(MAX_CONNECTIONS + 20):
            idle.append(stack.enter_context(socket.create_connection((host, int(port)), timeout=20)))
            idle[-1].sendall(raw.replace(b"PORT", port.encode()))
        assert client.get("").status == 200
        for connection in idle[:10]:
            with suppress(ConnectionError):
                assert connection.recv(1) == b""
        client.put(payload(2))
        read_until(reader, b"event: changed")


def test_so_many_may_listen_and_one_that_never_reads_stops_nobody(client: PageClient) -> None:
    with ExitStack() as stack:
        readers = [listening(client, stack) for _ in range(MAX_STREAMS)]
        for reader in readers:
            read_until(reader, b"event: changed")
        refused = listening(client, stack)
        assert read_until(refused, b"event: full\ndata: full\n\n").startswith(b"HTTP/1.1 200 ")
        assert refused.recv(1) == b""
        assert client.get("").status == 200
        readers[0].close()
        for _ in range(400):
            with suppress(AssertionError):
                read_until(listening(client, stack), b"event: changed")
                break
            time.sleep(0.02)
        else:
            pytest.fail("its place was never free")
