"""Reading a response: it is whole and unambiguous, or it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.http_response import MAX_BODY, MAX_HEADERS, HttpResponse, UnreadableResponse, read_response


def answer(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, reusable=True)


BODY = b'{"id": "1", "reference": "m1"}'


WHOLE = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def read(data: bytes, size: int = 7, most: int = MAX_BODY) -> HttpResponse:
    chunks = iter([data[at : at + size] for at in range(0, len(data), size)])
    return read_response(lambda: next(chunks, b""), max_body=most)


@given(st.integers(1, 200))
def test_an_answer_reads_the_same_however_it_is_cut_into_packets(size: int) -> None:
    assert read(WHOLE, size).body == BODY


@given(st.integers(0, len(WHOLE) - 1))
def test_no_part_of_an_acceptance_is_taken_for_one(length: int) -> None:
    with pytest.raises(UnreadableResponse):
        read(WHOLE[:length])


PIECES = st.lists(
    st.sampled_from(
        [b"HTTP/1.1 ", b"202", b" OK", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"2", b"Transfer-Encoding: chunked", b"0",
         b"{}", b": ", b"\x00", b"\xff", b"100", b"a", b" ", b"429"]
    ),
    max_size=30,
)  # fmt: skip


@given(PIECES)
def test_whatever_arrives_it_is_an_answer_or_unclear(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    try:
        found = read(data, 16)
    except UnreadableResponse:
        return
    assert found.status >= 200
    assert data.startswith(b"HTTP/1.")


HEAD = b"HTTP/1.1 202 OK\r\n"


UNCLEAR: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "without an answer"),
    "another coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}", "not chunked"),
    "chunks and another coding": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "not chunked"),
    "a chunk without a size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n;x\r\n", "has no size"),
    "a chunk with a long extension": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 2_000 + b"\r\n",
        "the chunk header of the answer is larger than 1 KB",
    ),
    "a chunk header without its end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;x", "inside the chunk header"),
    "a chunk of a negative size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "has no size"),
    "a chunk that is larger than a body": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", "larger than 256 KB"),
    "a chunk without its end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", "longer than it says"),
    "trailers without end": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", "trailer of the answer"
    ),
    "a body without end": (HEAD + b"\r\n" + b" " * (MAX_BODY + 1), "larger than 256 KB"),
    "a length beyond the most": (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1), "larger than 256 KB"),
    "a length of many digits": (HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", "no number"),
    "a length in other digits": (HEAD + b"Content-Length: \xb2\r\n\r\n", "no number"),
    "too many headers": (HEAD + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", "head of the answer is too large"),
    "too many interim answers": (
        (b"HTTP/1.1 103 Hints\r\nLink: " + b"a" * 30_000 + b"\r\n\r\n") * 3, "head of the answer is too large"
    ),
    "one long header": (HEAD + b"A: " + b"b" * 70_000, "larger than 64 KB"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNCLEAR)
def test_what_is_wrong_with_an_answer_is_said(what: str) -> None:
    data, words = UNCLEAR[what]
    with pytest.raises(UnreadableResponse) as unclear:
        read(data, 1_024)
    assert words in unclear.value.evidence


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_ends_with_its_head_whatever_length_it_states(status: int) -> None:
    found = read(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status)
    assert (found.body, found.reusable) == (b"", True)


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (WHOLE, True),
        (WHOLE + b"H", False),
        (WHOLE.replace(b"1.1", b"1.0"), False),
        (WHOLE.replace(b"\r\n", b"\r\nConnection: Close\r\n", 1), False),
        (WHOLE.replace(b"Content-Length", b"X-Length"), False),
        (
            HEAD + b"Transfer-Encoding: Chunked\r\n\r\n%x;name=value\r\n%b\r\n0\r\nA: b\r\n\r\n" % (len(BODY), BODY),
            True,
        ),
    ],
)
def test_a_connection_is_used_again_only_where_the_answer_surely_ended(data: bytes, reusable: bool) -> None:
    found = read(data, len(data))
    assert found.body == BODY
    assert found.reusable is reusable
    assert found.extra is (data == WHOLE + b"H")


@pytest.mark.parametrize("head", [b"HTTP/1.1 422 X\r\n\r\n", b"HTTP/1.0 429 X\r\n\r\n"])
def test_another_answer_in_a_body_that_ends_with_the_connection_is_seen(head: bytes) -> None:
    assert read(head + b'{"code": "x"}' + WHOLE).extra
    assert not read(head + b'{"code": "x", "message": "over HTTP/1.1 we spoke"}').extra


@pytest.mark.parametrize("most", [10, 29, 30])
def test_a_body_of_the_most_bytes_is_taken_and_none_of_more(most: int) -> None:
    assert len(BODY) == 30
    for data in (
        WHOLE,
        HEAD + b"\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1e\r\n%b\r\n0\r\n\r\n" % BODY,
    ):
        for size in (1, 7, len(data)):
            if most < 30:
                with pytest.raises(UnreadableResponse, match="larger than"):
                    read(data, size, most)
            else:
                assert read(data, size, most).body == BODY
