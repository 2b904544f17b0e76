"""How long the body of an HTTP request is, as its headers state it."""

from __future__ import annotations

import re
from email.message import Message

from sendspec.diagnostics.lazy_pattern import lazy_pattern

MAX_DIGITS = 12
_LENGTH = lazy_pattern(r"0*([0-9]+)", re.ASCII)


def body_length(headers: Message) -> int | None:
    """Bytes; None where it is not stated as one whole number. One beyond any limit may be cut."""
    lengths = headers.get_all("Content-Length", [])
    stated = _LENGTH.fullmatch(lengths[0].strip()) if len(lengths) == 1 else None
    if stated is None or "Transfer-Encoding" in headers:
        return None
    return int(stated[1][:MAX_DIGITS])  # `int` refuses thousands of digits
