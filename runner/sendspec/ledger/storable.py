"""Foreign text as a ledger takes it."""

from __future__ import annotations

from typing import overload

MAX_EVIDENCE = 1_000


@overload
def storable(words: str) -> str: ...
@overload
def storable(words: None) -> None: ...
def storable(words: str | None) -> str | None:
    """The text, cut to `MAX_EVIDENCE`. JSON can hold half a surrogate pair, UTF-8 can't; PostgreSQL takes no NUL."""
    if words is None:
        return None
    if len(words) <= MAX_EVIDENCE and words.isascii() and "\0" not in words:
        return words
    return words[:MAX_EVIDENCE].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
