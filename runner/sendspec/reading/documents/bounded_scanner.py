"""A YAML scanner with limits on nesting depth, tokens and tag length.

Limits in the parser would come too late: the scanner reads up to 1,024 characters ahead of it, and examines every open
bracket again for each token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scanner import Scanner

MAX_TAG = 200
"""Characters in a tag. Every tag is refused anyway, but decoding one takes quadratic time."""

_MAX_SIMPLE_KEY = 1_024
"""Longest key without `?`, in characters (YAML 1.2, 8.2.2)."""

MAX_TOKENS = 84_000
"""A key with its value is four tokens, a list item two. At up to 10 µs each, scanning stays under a second."""


class TooDeep(Exception):
    """A list or mapping is nested too deep. `start` and `end` are offsets into the text."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__("the nesting is too deep")
        self.start = start
        self.end = end


class TooManyTokens(Exception):
    """The document is too large. `start` and `end` are offsets into the text."""

    problem = f"the file has more than {MAX_TOKENS // 4:,} keys with their values, or as much in another form"
    fix = "move the recipients to a table and name it under `recipients: {file: …}`"

    def __init__(self, start: int, end: int) -> None:
        super().__init__(self.problem)
        self.start = start
        self.end = end


class TagTooLong(Exception):
    """A tag of more than `MAX_TAG` characters begins at the offset `start`."""

    def __init__(self, start: int) -> None:
        super().__init__("the tag is too long")
        self.start = start


def events_of(text: str, max_depth: int) -> Iterator[Any]:
    """The parser's events. Raises `TooDeep`, `TooManyTokens` and `TagTooLong`, and what the parser raises."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = lambda loader: _BoundedScanner(loader, text, max_depth)
    events: Iterator[Any] = yaml.parse(text)
    return events


class _BoundedScanner(Scanner):
    reader: Any = (
        None  # a property in the base class, read for each character: a plain attribute saves a fifth of the time
    )

    def __init__(self, loader: Any, text: str, max_depth: int) -> None:
        self.reader = loader.reader
        super().__init__(loader=loader)
        self._text = text
        self._max_depth = max_depth

    def fetch_tag(self) -> None:
        start = self.reader.index
        tag = self._text[start : start + MAX_TAG + 1]
        if len(tag) > MAX_TAG and len(tag.split(None, 1)) == 1:
            raise TagTooLong(start)
        super().fetch_tag()

    def fetch_more_tokens(self) -> Any:
        more = super().fetch_more_tokens()
        if len(self.flow_context) + len(self.indents) > self._max_depth:
            opening = next((token for token in reversed(self.tokens) if _opens(token)), self.tokens[-1])
            raise TooDeep(opening.start_mark.index, opening.end_mark.index)
        if self.tokens_taken + len(self.tokens) > MAX_TOKENS:
            last = self.tokens[-1]
            raise TooManyTokens(last.start_mark.index, last.end_mark.index)
        return more

    # Keys of inner levels begin after those of outer ones, so the outermost key is the first to become stale. Checking
    # only that one avoids a scan of every level for each token.

    def stale_possible_simple_keys(self) -> None:
        if self.possible_simple_keys:
            key = self.possible_simple_keys[min(self.possible_simple_keys)]
            if key.line != self.reader.line or self.reader.index - key.index > _MAX_SIMPLE_KEY:
                super().stale_possible_simple_keys()

    def next_possible_simple_key(self) -> Any:
        return (
            self.possible_simple_keys[min(self.possible_simple_keys)].token_number
            if self.possible_simple_keys
            else None
        )


def _opens(token: Any) -> bool:
    return type(token).__name__.endswith("StartToken")
