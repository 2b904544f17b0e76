"""Reads one HTTP/1.1 response, strictly: a truncated or ambiguous one is no response (RFC 9112)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

MAX_HEAD, MAX_BODY = 64 * 1024, 256 * 1024
"""Bytes."""
MAX_HEADERS = 200
MAX_CHUNK_HEADER = 1_024
"""Bytes of the line before a chunk: its size, and extensions that nobody needs."""

_STATUS_LINE = lazy_pattern(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n\x00]*)?")
_HEADER = lazy_pattern(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*?)[ \t]*")
_CHUNK_SIZE = lazy_pattern(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_NEXT_RESPONSE = lazy_pattern(rb"HTTP/1\.[01] [1-9][0-9]{2}[ \r]")
"""The start of another response, inside a body that ends with the connection and so swallows whatever follows it."""

Receive = Callable[[], bytes]
"""Returns the next bytes, empty at the end of the stream. Raises `UnreadableResponse` on a timeout or a broken connection."""


class UnreadableResponse(Exception):
    """No complete response could be read; `evidence` says why."""

    def __init__(self, evidence: str) -> None:
        super().__init__(evidence)
        self.evidence = evidence


class ResponseTooLarge(UnreadableResponse):
    """The body is larger than allowed."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response. Header names are in lower case; a repeated header keeps its first value.

    `reusable`: the connection can carry another request. `extra`: more bytes were read than belong to the response, so it may
    answer another request.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool
    extra: bool = False


def read_response(receive: Receive, *, max_body: int = MAX_BODY) -> HttpResponse:
    """The final response on the stream; interim ones (1xx) are skipped. Raises `UnreadableResponse`, also beyond `max_body` bytes."""
    stream = _Stream(receive, max_body)
    while True:
        minor, status, headers, lengths = _head(stream)
        if status == 101:
            raise UnreadableResponse("the answer switches to another protocol")
        if status >= 200:
            break
    body, delimited = _body(stream, status, headers, lengths)
    keeps = minor == 1 and "close" not in headers.get("connection", "").lower()
    extra = bool(stream.rest) or (not delimited and _NEXT_RESPONSE.search(body) is not None)
    return HttpResponse(status, headers, body, reusable=keeps and delimited and not extra, extra=extra)


class _Stream:
    def __init__(self, receive: Receive, max_body: int) -> None:
        self._receive = receive
        self.max_body = max_body
        self.rest = b""
        self.head_bytes = 0

    def more(self) -> bool:
        chunk = self._receive()
        self.rest += chunk
        return bool(chunk)

    def until(self, mark: bytes, most: int, what: str) -> bytes:
        searched = 0
        while (at := self.rest.find(mark, searched)) < 0:
            searched = max(0, len(self.rest) - len(mark))
            if len(self.rest) > most:
                raise UnreadableResponse(f"the {what} of the answer is larger than {most // 1024} KB")
            if not self.more():
                raise UnreadableResponse(f"the connection ended inside the {what} of the answer")
        found, self.rest = self.rest[:at], self.rest[at + len(mark) :]
        return found

    def too_large(self) -> ResponseTooLarge:
        return ResponseTooLarge(f"the body of the answer is larger than {self.max_body // 1024} KB")

    def exactly(self, length: int) -> bytes:
        while len(self.rest) < length:
            if not self.more():
                raise UnreadableResponse("the connection ended inside the body of the answer")
        found, self.rest = self.rest[:length], self.rest[length:]
        return found


def _head(stream: _Stream) -> tuple[int, int, dict[str, str], list[str]]:
    if not stream.rest and not stream.more():
        raise UnreadableResponse("the connection ended without an answer")
    head = stream.until(b"\r\n\r\n", MAX_HEAD, "head")
    stream.head_bytes += len(head)
    first, *lines = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise UnreadableResponse("the answer is not HTTP")
    if len(lines) > MAX_HEADERS or stream.head_bytes > MAX_HEAD:
        raise UnreadableResponse("the head of the answer is too large")
    headers: dict[str, str] = {}
    lengths: list[str] = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise UnreadableResponse("a header of the answer can't be read")
        name, value = header[1].decode("ascii").lower(), header[2].decode("latin-1")
        if name in ("content-length", "transfer-encoding"):
            lengths.append(f"{name}: {value.lower()}")
        headers.setdefault(name, value)
    return int(match[1]), int(match[2]), headers, lengths


def _body(stream: _Stream, status: int, headers: Mapping[str, str], lengths: list[str]) -> tuple[bytes, bool]:
    """The body, and whether it was delimited by anything but the end of the connection."""
    if status in (204, 304):
        return b"", True
    if len(set(lengths)) > 1:
        raise UnreadableResponse("the answer states its length in two ways")
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked":
            raise UnreadableResponse("the answer has a transfer coding that is not chunked")
        return _chunks(stream), True
    if "content-length" not in headers:
        return _to_the_end(stream), False
    length = headers["content-length"]
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise UnreadableResponse("the answer's length is no number")
    if int(length) > stream.max_body:
        raise stream.too_large()
    return stream.exactly(int(length)), True


def _chunks(stream: _Stream) -> bytes:
    body = b""
    while True:
        match = _CHUNK_SIZE.fullmatch(stream.until(b"\r\n", MAX_CHUNK_HEADER, "chunk header"))
        if match is None:
            raise UnreadableResponse("a chunk of the answer has no size")
        size = int(match[1], 16)
        if len(body) + size > stream.max_body:
            raise stream.too_large()
        if size == 0:
            break
        body += stream.exactly(size)
        if stream.exactly(2) != b"\r\n":
            raise UnreadableResponse("a chunk of the answer is longer than it says")
    for _ in range(MAX_HEADERS):
        if not stream.until(b"\r\n", MAX_HEAD, "trailer"):
            return body
    raise UnreadableResponse("the trailer of the answer is too large")


def _to_the_end(stream: _Stream) -> bytes:
    """A body without a length ends with the connection, so a truncated one looks complete.

    That is safe here: a truncated acceptance is no longer a JSON object, and for a refusal the head alone decides.
    """
    while len(stream.rest) <= stream.max_body:
        if not stream.more():
            body, stream.rest = stream.rest, b""
            return body
    raise stream.too_large()
