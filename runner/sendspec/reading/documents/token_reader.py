"""Reads the tokens of a YAML text one by one, and collects events."""

from __future__ import annotations

from typing import NoReturn

from sendspec.reading.documents import yaml_event as events
from sendspec.reading.documents.yaml_event import Event
from sendspec.reading.documents.yaml_token import Token, YamlError


class TokenReader:
    """Behind the last token, where the scanner gave up, each method raises IndexError."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self.events: list[Token] = []

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _add(self, kind: str, start: int, end: int) -> None:
        self.events.append(Event(kind, start, end))

    def _add_nothing(self, at: int) -> None:
        """Adds a scalar that isn't written."""
        self.events.append(Event(events.SCALAR, at, at, "", True))

    def _give_up(self, problem: str, context: str | None = None, context_at: int | None = None) -> NoReturn:
        raise YamlError(f"{problem} {self._peek().kind!r}", self._peek().start, context, context_at)
