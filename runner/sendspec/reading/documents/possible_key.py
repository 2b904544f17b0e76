"""Remembers where keys of a YAML text may begin, until a `:` follows or none can any more."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

from sendspec.reading.documents.yaml_cursor import Cursor
from sendspec.reading.documents.yaml_token import Token, YamlError

MAX_SIMPLE_KEY = 1_024
"""Longest key without `?`, in characters (YAML 1.2, 8.2.2)."""


class _Key(NamedTuple):
    """What may turn out to be a key, once a `:` follows: the index of its first token, its place, and its line's."""

    token: int
    is_required: bool
    at: int
    line: int
    column: int


class PossibleKeys(Cursor):
    """At most one key for each open bracket, and one outside of all: `_keys`, by the number of open brackets."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._flow: list[str] = []
        self._indent = -1
        self._keys: dict[int, _Key] = {}
        self._may_be_key = True
        self.tokens: list[Token] = []

    def _expect_key(self) -> None:
        """Notes that the next token may be a key."""
        if self._may_be_key:
            self._forget_key()
            column = self._column()
            is_required = not self._flow and self._indent == column
            self._keys[len(self._flow)] = _Key(len(self.tokens), is_required, self._at, self._line, column)

    def _forget_key(self) -> None:
        key = self._keys.get(len(self._flow))
        if key is not None:
            if key.is_required:
                self._no_key(key)
            del self._keys[len(self._flow)]

    def _drop_stale_keys(self) -> None:
        """A key is on one line and not too long. Keys of outer levels are older, so the outermost one is stale first."""
        keys = self._keys
        key = keys[min(keys)]
        if key.line == self._line and self._at - key.at <= MAX_SIMPLE_KEY:
            return
        for level, key in tuple(keys.items()):
            if key.line != self._line or self._at - key.at > MAX_SIMPLE_KEY:
                if key.is_required:
                    self._no_key(key)
                del keys[level]

    def _no_key(self, key: _Key) -> NoReturn:
        raise YamlError("could not find expected ':'", self._at, "while scanning a simple key", key.at)
