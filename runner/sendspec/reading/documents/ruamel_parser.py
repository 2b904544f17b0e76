"""Parses YAML texts with ruamel.yaml, within our own limits and into our own events. Imported only for a text that has a fault."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scanner import Scanner

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents import yaml_event as kinds
from sendspec.reading.documents.yaml_event import Event, Events
from sendspec.reading.documents.yaml_property import MAX_TAG
from sendspec.reading.documents.yaml_token import MAX_TOKENS, TagTooLong, Token, TooDeep, TooManyTokens, YamlError

_KINDS = {
    "StreamEndEvent": kinds.STREAM_END,
    "DocumentStartEvent": kinds.DOCUMENT_START,
    "DocumentEndEvent": kinds.DOCUMENT_END,
    "AliasEvent": kinds.ALIAS,
    "ScalarEvent": kinds.SCALAR,
    "SequenceStartEvent": kinds.SEQUENCE_START,
    "SequenceEndEvent": kinds.SEQUENCE_END,
    "MappingStartEvent": kinds.MAPPING_START,
    "MappingEndEvent": kinds.MAPPING_END,
}


def parse_with_ruamel(text: str, max_depth: int) -> Events:
    """What `yaml_parser.parse` returns, as ruamel.yaml reads the text. It stops at the same limits."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = lambda loader: _BoundedScanner(loader, text, max_depth)
    found: list[Token] = []
    try:
        for event in yaml.parse(text):
            if type(event).__name__ != "StreamStartEvent":
                found.append(_event(event))
    except YAMLError as error:
        return Events(found, _yaml_error(error))
    except (TooDeep, TooManyTokens, TagTooLong, ValueError, OverflowError) as error:
        return Events(found, error)
    return Events(found, None)


def _event(event: Any) -> Event:
    kind = _KINDS[type(event).__name__]
    tag = getattr(event, "tag", None)
    return Event(
        kind,
        event.start_mark.index,
        event.end_mark.index,
        getattr(event, "value", ""),
        kind == kinds.SCALAR and bool(event.implicit[0]),
        bool(getattr(event, "flow_style", False)),
        getattr(event, "anchor", None),
        None if tag is None else str(tag),
    )


_TUPLE = lazy_pattern(r"\(('[^']*'),\)")
"""In two sentences of ruamel.yaml, the kind of a token is a tuple."""


def _yaml_error(error: YAMLError) -> YamlError:
    problem = getattr(error, "problem", None)
    problem = None if problem is None else _TUPLE.sub(r"\1", problem)
    context = getattr(error, "context", None)
    return YamlError(problem, _offset(error, "problem_mark"), context, _offset(error, "context_mark"))


def _offset(error: YAMLError, name: str) -> int | None:
    mark = getattr(error, name, None)
    return None if mark is None else int(mark.index)


class _BoundedScanner(Scanner):
    """Our limits, in the scanner of ruamel.yaml. It reads only as far as its parser needs, so a limit is broken at one certain token."""

    def __init__(self, loader: Any, text: str, max_depth: int) -> None:
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
            opening = [each for each in self.tokens if type(each).__name__.endswith("StartToken")]
            deepest = (opening or self.tokens)[-1]
            raise TooDeep(deepest.start_mark.index, deepest.end_mark.index)
        if self.tokens_taken + len(self.tokens) > MAX_TOKENS:
            last = self.tokens[-1]
            raise TooManyTokens(last.start_mark.index, last.end_mark.index)
        return more
