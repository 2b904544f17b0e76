"""Reads YAML with ruamel.yaml, as the reference of what our own scanner and parser say, within the same limits.

A scanner of ruamel.yaml reads only as far as its parser needs, so a text that breaks a limit breaks it at one certain token.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scanner import Scanner
from sendspec.reading.documents.yaml_parser import events_of
from sendspec.reading.documents.yaml_property import MAX_TAG
from sendspec.reading.documents.yaml_token import MAX_TOKENS, TagTooLong, TooDeep, TooManyTokens, YamlError

Said = list[tuple[object, ...]]
"""Each event, and last, what ended the text."""

_KINDS = {
    "StreamEndEvent": "stream end",
    "DocumentStartEvent": "document start",
    "DocumentEndEvent": "document end",
    "AliasEvent": "alias",
    "ScalarEvent": "<scalar>",
    "SequenceStartEvent": "sequence start",
    "SequenceEndEvent": "sequence end",
    "MappingStartEvent": "mapping start",
    "MappingEndEvent": "mapping end",
}


def said_by_ruamel(text: str, max_depth: int) -> Said:
    """What ruamel.yaml says of a text."""
    said: Said = []
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = lambda loader: _BoundedScanner(loader, text, max_depth)
    try:
        for event in yaml.parse(text):
            if type(event).__name__ != "StreamStartEvent":
                said.append(_event(event))
    except YAMLError as error:
        problem = getattr(error, "problem", None)
        # In two of its sentences, the kind of a token is a tuple.
        problem = None if problem is None else problem.replace("('", "'").replace("',)", "'")
        context = getattr(error, "context", None)
        said.append(("error", problem, _index(error, "problem_mark"), context, _index(error, "context_mark")))
    except (TooDeep, TooManyTokens, TagTooLong, ValueError, OverflowError) as error:
        said.append(_ending(error))
    return said


def said_by_us(text: str, max_depth: int) -> Said:
    """What our parser says of a text."""
    said: Said = []
    try:
        for each in events_of(text, max_depth):
            said.append(
                (each.kind, each.start, each.end, each.value, each.is_plain, each.in_flow, each.anchor, each.tag)
            )
    except YamlError as error:
        said.append(("error", error.problem, error.at, error.context, error.context_at))
    except (TooDeep, TooManyTokens, TagTooLong, ValueError, OverflowError) as error:
        said.append(_ending(error))
    return said


def _event(event: Any) -> tuple[object, ...]:
    kind = _KINDS[type(event).__name__]
    tag = getattr(event, "tag", None)
    return (
        kind,
        event.start_mark.index,
        event.end_mark.index,
        getattr(event, "value", ""),
        kind == "<scalar>" and bool(event.implicit[0]),
        bool(getattr(event, "flow_style", False)),
        getattr(event, "anchor", None),
        None if tag is None else str(tag),
    )


def _index(error: YAMLError, name: str) -> int | None:
    mark = getattr(error, name, None)
    return None if mark is None else int(mark.index)


def _ending(error: Exception) -> tuple[object, ...]:
    return (type(error).__name__, getattr(error, "start", None), getattr(error, "end", None))


class _BoundedScanner(Scanner):
    """Our limits, in the scanner of ruamel.yaml."""

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
