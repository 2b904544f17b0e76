"""Recognises access keys in files that others can read, and hides them in excerpts."""

from __future__ import annotations

import re

KEY_NAMES = frozenset({"access_key", "accesskey", "access-key", "api_key", "apikey", "api-key", "authorization"})

_SCHEMES = r"(?:AccessKey|Bearer)"
# After "Bearer" may come an ordinary word; with a digit in it, or 20 characters long, it is a key.
_TOKEN = r"(?!\{\{)(?:(?=\S*\d)\S{8,}|\S{20,})"
_LITERAL = re.compile(rf"\s*(?:Authorization:\s*)?{_SCHEMES}\s+{_TOKEN}\s*", re.IGNORECASE)
_AFTER_SCHEME = re.compile(rf"\b({_SCHEMES}[ \t]+)([^\s'\"{{}}]{{8,}})", re.IGNORECASE)
_AFTER_NAME = re.compile(
    r"\b((?:access[_-]?key|api[_-]?key|authorization)['\"]?[ \t]*[:=][ \t]*['\"]?)([^\s'\"{}\[\]&*!|>#][^'\"{}\n]*)",
    re.IGNORECASE,
)
_DATABASE = re.compile(r"\b(postgres(?:ql)?://)([^\s'\"{}\[\],]+)", re.IGNORECASE)
_BEFORE_HOST = re.compile(r"(://)([^\s/@'\"]+)(?=@)")


def is_key_literal(text: str) -> bool:
    """Whether all of `text` is an access key as in an `Authorization` header."""
    return _LITERAL.fullmatch(text) is not None


def is_database_url(text: str) -> bool:
    """Whether `text` has the URL of a PostgreSQL database in it."""
    return _DATABASE.search(text) is not None


def hide_keys(line: str) -> str:
    """`line` with each access key and database URL masked, every character still in its column."""
    for pattern in (_AFTER_SCHEME, _AFTER_NAME, _DATABASE, _BEFORE_HOST):
        line = pattern.sub(lambda found: found[1] + "•" * len(found[2]), line)
    return line
