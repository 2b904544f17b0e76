"""JSON documents and lines, as UTF-8 bytes whatever the terminal's encoding. Control and bidi characters are escaped, and commands to CI systems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from sendspec.diagnostics.characters import with_json_escapes, without_surrogates
from sendspec.diagnostics.lazy_pattern import lazy_pattern

LOGGING = lazy_pattern(rb"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
"""What CI systems take for a command wherever it stands in a line. JSON has it in strings only."""

_PIECE_BYTES = 256_000
_ITEMS_AT_ONCE = 200
_OPENED, _CLOSED = b'{\n  "": [', b"\n  ]\n}\n"
"""What encloses the items of the only list of a document."""


def json_document(document: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """An indented document that ends with a newline."""
    return _dumped(document, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_document_pieces(document: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The bytes of `json_document({**document, name: [*items]})`, a block of items at a time. `name` is not in `document`.

    The first piece needs the first block: if that can't be read, nothing is yielded. Without the last piece it is no JSON.
    """
    rest = iter(items)
    block = list(islice(rest, _ITEMS_AT_ONCE))
    empty = json_document({**document, name: []})
    if not block:
        yield empty
        return
    start = empty.removesuffix(b"]\n}\n")
    while block:
        yield start + json_document({"": block}).removeprefix(_OPENED).removesuffix(_CLOSED)
        start, block = b",", list(islice(rest, _ITEMS_AT_ONCE))
    yield _CLOSED


def json_line(row: Mapping[str, Any]) -> bytes:
    """One object on a line."""
    return _dumped(row, orjson.OPT_APPEND_NEWLINE)


def _dumped(value: Mapping[str, Any] | Sequence[Any], option: int) -> bytes:
    try:
        dumped = orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:  # it refuses half surrogates
        dumped = orjson.dumps(_writable(value), option=option)
    if b"##" in dumped:
        dumped = LOGGING.sub(rb"\\u0023", dumped)
    if dumped.isascii() and b"\x7f" not in dumped:
        return dumped
    return b"".join(with_json_escapes(piece.decode()).encode() for piece in _pieces(dumped))


def _pieces(dumped: bytes) -> Iterator[bytes]:
    """Pieces of a long document, which take less memory one by one. They end at line ends, which no string of JSON has inside."""
    start = 0
    while start < len(dumped):
        end = dumped.find(b"\n", start + _PIECE_BYTES) + 1 or len(dumped)
        yield dumped[start:end]
        start = end


def _writable(value: Any) -> Any:
    """`value` with U+FFFD for every lone surrogate, in keys too."""
    match value:
        case str():
            return without_surrogates(value)
        case Mapping():
            return {_writable(key): _writable(item) for key, item in value.items()}
        case list() | tuple():
            return [_writable(item) for item in value]
        case _:
            return value
