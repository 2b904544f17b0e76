"""Makes a browser's PNG a quarter smaller, to the pixel the same: of flat pages with text, lines pack better unfiltered."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 8, 2
_BYTES = 3
"""Of a pixel."""


def lean_png(png: bytes) -> bytes:
    """The picture without filters and without what isn't needed to show it. Raises `ValueError` if it isn't 8-bit RGB, as Chromium writes."""
    parts = list(_chunks(png))
    header = parts[0][1]
    width, _, depth, colours = struct.unpack(">IIBB", header[:10])
    if (depth, colours) != _RGB or header[12]:
        raise ValueError("the picture is no plain PNG of 8-bit RGB")
    packed = b"".join(body for name, body in parts if name == b"IDAT")
    lines = _lines(zlib.decompress(packed), width * _BYTES)
    body = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    made = SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    return min(made, png, key=len)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _lines(filtered: bytes, size: int) -> Iterator[bytes]:
    """The pixels of each line: PNG 1.2, section 6."""
    before = bytes(size)
    for start in range(0, len(filtered), size + 1):
        kind, line = filtered[start], bytearray(filtered[start + 1 : start + 1 + size])
        for at in range(size) if kind else ():
            left, above, corner = (
                (line[at - _BYTES], before[at], before[at - _BYTES]) if at >= _BYTES else (0, before[at], 0)
            )
            line[at] = (line[at] + _predicted(kind, left, above, corner)) & 255
        before = bytes(line)
        yield before


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind != 4:
        return (0, left, above, (left + above) // 2)[kind]
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
