"""Decides which parser counts: ours, unless it finds a fault. Then ruamel.yaml reads the text too, and has the last word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.yaml_event import Events
from sendspec.reading.documents.yaml_parser import parse
from sendspec.reading.documents.yaml_token import Token, YamlError

Parser: TypeAlias = Callable[[str, int], Events]
"""Takes a text and the number of levels it may nest."""

MAX_READ_AGAIN = 25_000
"""Characters, some 500 lines. ruamel.yaml needs 4 microseconds for one in a usual spec, and 25 if each is a token: 0.1 to 0.6 s.

For a longer text our own error counts.
"""
_FAULTS = (YamlError, ValueError, OverflowError)
"""A limit is no fault: ruamel.yaml has nothing to say about it."""


@dataclass(frozen=True, slots=True)
class Parsers:
    """`first` parses each text, `last` those in which `first` finds a fault."""

    first: Parser
    last: Parser


def _parse_with_ruamel(text: str, max_depth: int) -> Events:
    from sendspec.reading.documents.ruamel_parser import parse_with_ruamel  # takes a fifth of the start of a command

    return parse_with_ruamel(text, max_depth)


PARSERS = Parsers(parse, _parse_with_ruamel)


def read_events(text: str, max_depth: int, parsers: Parsers) -> Iterator[Token]:
    """The events of the parser that counts. Raises what ends them too early, see `yaml_parser.parse`."""
    events = parsers.first(text, max_depth)
    if isinstance(events.stop, _FAULTS) and len(text) <= MAX_READ_AGAIN:
        events = parsers.last(text, max_depth)
    yield from events.items
    if events.stop is not None:
        raise events.stop
