"""Builds a document from the parser's events, refusing what YAML does behind its user's back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runner.reading.diagnostic import Diagnostic, Problems
from runner.reading.document import Document, Marks, Path
from runner.reading.mask import mask_in_place, printable
from runner.reading.place import FILE_START, Position, Span
from runner.reading.scalar import ScalarFault, resolve_plain
from runner.reading.source import Source, cell_by_cell, forbidden_character

DEPTH_MOST = 40
NODES_MOST = 10_000
"""Nodes that aliases may expand to; a file without aliases may have more."""

_TEXT_TAG = "tag:yaml.org,2002:str"
_TEMPLATE_START = re.compile(r"\{\{|\{%")


class _Stopped(Exception):
    """What follows can't be read in a way that makes sense."""


def build(source: Source, problems: Problems) -> Document | None:
    """The document; None when there is anything wrong with it."""
    if not source.text.strip():
        problems.add(
            _plain_diagnostic(
                source, "empty-spec", "the file is empty", "start from the spec that `sendspec init` writes"
            )
        )
        return None
    builder = _Builder(source)
    document = builder.run()
    for diagnostic in builder.found:
        problems.add(diagnostic)
    return None if builder.found else document


def _plain_diagnostic(source: Source, code: str, problem: str, fix: str) -> Diagnostic:
    return Diagnostic(code=code, path=source.path, span=FILE_START, problem=problem, fix=fix)


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self.found: list[Diagnostic] = []
        self._marks: dict[Path, Marks] = {}
        self._aliases: dict[Path, Path] = {}
        self._anchors: dict[str, tuple[Any, Path, int]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._events: Iterator[Any] = iter(())

    def run(self) -> Document | None:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        self._events = YAML(typ="safe", pure=True).parse(self._text)
        try:
            data = self._document()
        except _Stopped:
            return None
        except YAMLError as error:
            self._syntax(error)
            return None
        return Document(self._source, data, self._marks, self._aliases)

    def _document(self) -> Any:
        event = self._next()
        while type(event).__name__ in ("StreamStartEvent", "DocumentStartEvent"):
            event = self._next()
        if type(event).__name__ == "StreamEndEvent":
            self._at(
                event, "empty-spec", "the file holds comments only", "start from the spec that `sendspec init` writes"
            )
            raise _Stopped
        data = self._node(event, (), None, 0)
        self._next()
        event = self._next()
        if type(event).__name__ == "DocumentStartEvent":
            self._at(
                event,
                "several-documents",
                "a second document begins here",
                "put it into a file of its own, and remove the ---",
            )
        return data

    def _next(self) -> Any:
        return next(self._events)

    # ── nodes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _node(self, event: Any, at: Path, key: tuple[int, int] | None, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event, at, key)
        if depth > DEPTH_MOST:
            self._at(event, "nesting-depth", f"the nesting is deeper than {DEPTH_MOST}", "flatten it")
            raise _Stopped
        self._nodes += 1
        before, anchor = self._nodes, event.anchor
        self._check_tag(event)
        if anchor is not None:
            self._open.add(anchor)
        marks = Marks(event.start_mark.index, event.end_mark.index, key)
        self._marks[at] = marks
        if kind == "ScalarEvent":
            value = self._scalar(event)
        elif kind == "SequenceStartEvent":
            value = self._sequence(at, depth, marks)
        else:
            value = self._mapping(event, at, depth, marks)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, at, self._nodes - before + 1)
        return value

    def _sequence(self, at: Path, depth: int, marks: Marks) -> list[Any]:
        items: list[Any] = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            items.append(self._node(event, (*at, len(items)), None, depth + 1))
        marks.end = event.end_mark.index
        return items

    def _mapping(self, start: Any, at: Path, depth: int, marks: Marks) -> Any:
        mapping: dict[str, Any] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            if type(event).__name__ != "ScalarEvent":
                return self._odd_key(start, event, at, marks)
            key = self._key(event, at, mapping)
            where = (event.start_mark.index, event.end_mark.index)
            value = self._node(self._next(), (*at, key), where, depth + 1)
            mapping[key] = value
        marks.end = event.end_mark.index
        return mapping

    def _key(self, event: Any, at: Path, mapping: dict[str, Any]) -> str:
        key: str = event.value
        self._check_tag(event)
        self._check_characters(event)
        if key == "<<" and event.implicit[0]:
            self._at(
                event,
                "merge-key",
                "merge keys are not supported",
                "write the keys out, or repeat them with an alias each",
            )
        elif key in mapping:
            first = self._position(self._marks[(*at, key)].key or (0, 0))
            self._at(
                event,
                "duplicate-key",
                f"the key '{printable(key[:60])}' stands here a second time",
                "keep one of them",
                also=(f"the first is on line {first.line}, column {first.column}",),
            )
        return key

    def _odd_key(self, start: Any, event: Any, at: Path, marks: Marks) -> str:
        """A key that is no text: nearly always a template without quotes, which YAML reads as nested mappings."""
        begin = start.start_mark.index
        is_template = self._text.startswith("{{", begin) and event.start_mark.index == begin + 1
        self._skip(event)
        self._node_dropped()
        while type(end := self._next()).__name__ != "MappingEndEvent":
            self._skip(end)
        marks.end = end.end_mark.index
        if is_template:
            self._unquoted(begin, marks.end)
        else:
            self._at(event, "key-not-text", "a mapping or a list stands where a key is needed", "write a plain key")
        return self._text[begin : marks.end]

    def _node_dropped(self) -> None:
        """Skips the value that belongs to a key which was refused."""
        self._skip(self._next())

    def _skip(self, event: Any) -> None:
        depth = 0
        while True:
            name = type(event).__name__
            depth += name.endswith("StartEvent") - (name.endswith("EndEvent") and name != "StreamEndEvent")
            if depth <= 0:
                return
            event = self._next()

    def _scalar(self, event: Any) -> Any:
        self._check_characters(event)
        if not event.implicit[0]:
            return event.value
        value = resolve_plain(event.value)
        if isinstance(value, ScalarFault):
            self._at(event, value.code, value.problem, value.fix)
            return event.value
        return value

    def _alias(self, event: Any, at: Path, key: tuple[int, int] | None) -> Any:
        name = event.anchor
        if name in self._open:
            self._at(event, "alias-loop", f"the alias '*{name}' stands inside what it names", "write the value out")
            raise _Stopped
        if name not in self._anchors:
            self._at(
                event,
                "unknown-alias",
                f"nothing before this line is called '&{name}'",
                f"add &{name} to the value you mean",
            )
            raise _Stopped
        value, target, size = self._anchors[name]
        self._nodes += size
        if self._nodes > NODES_MOST:
            self._at(
                event, "alias-expansion", f"the aliases expand to more than {NODES_MOST:,} nodes", "write fewer of them"
            )
            raise _Stopped
        self._marks[at] = Marks(event.start_mark.index, event.end_mark.index, key)
        self._aliases[at] = target
        return value

    # ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is not None and str(tag) not in (_TEXT_TAG, "!"):
            shown = printable(self._text[event.start_mark.index :].split(None, 1)[0][:60])
            self._at(
                event,
                "yaml-tag",
                f"the tag '{shown}' is not allowed",
                "remove it; text, numbers, lists and mappings need none",
            )

    def _check_characters(self, event: Any) -> None:
        found = forbidden_character(event.value)
        if found is not None:
            self._at(
                event,
                "forbidden-character",
                f"this text holds the character U+{ord(found[0]):04X}; it can't be seen, and can't be sent",
                "remove the escape",
            )

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _position(self, span: tuple[int, int]) -> Position:
        offset = span[0]
        return Position(self._text.count("\n", 0, offset) + 1, offset - (self._text.rfind("\n", 0, offset) + 1) + 1)

    def _at(self, event: Any, code: str, problem: str, fix: str, also: tuple[str, ...] = ()) -> None:
        self._add(event.start_mark.index, event.end_mark.index, code, problem, fix, also=also)

    def _add(
        self, start: int, end: int, code: str, problem: str, fix: str, *, note: str = "", also: tuple[str, ...] = ()
    ) -> None:
        first = self._position((start, end))
        begin = self._text.rfind("\n", 0, start) + 1
        stop = self._text.find("\n", start)
        line = self._text[begin : stop if stop >= 0 else len(self._text)]
        self.found.append(
            Diagnostic(
                code=code,
                path=self._source.path,
                span=Span(first, self._position((max(end, start), end))),
                problem=problem,
                fix=fix,
                note=note,
                also=also,
                excerpt=cell_by_cell(mask_in_place(line)),
            )
        )

    def _unquoted(self, start: int, end: int) -> None:
        line = self._text[start:end].split("\n", 1)[0]
        rest = self._text[start + len(line) :].split("\n", 1)[0].rstrip()
        if rest.strip() and rest.lstrip()[0] not in "#,]}":
            line += rest
        self._add(
            start,
            start + len(line),
            "unquoted-template",
            "this template expression needs quotes",
            f'write "{line}"' if '"' not in line else f"write '{line}'",
            note="YAML reads {{ … }} as a mapping",
        )

    def _syntax(self, error: Any) -> None:
        """The parser's error in our words, unless what it stumbled over is already reported."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        offset = min(mark.index if mark is not None else 0, len(self._text))
        begin = self._text.rfind("\n", 0, offset) + 1
        line = self._text[begin:].split("\n", 1)[0]
        if any(found.code == "unquoted-template" for found in self.found):
            return
        template = _unquoted_value(line)
        said = str(getattr(error, "problem", "") or "")
        if template is not None:
            self._unquoted(begin + template, begin + len(line.rstrip()))
        elif "\\t" in said or "\t" in line[: len(line) - len(line.lstrip())]:
            tab = line.find("\t")
            tab = tab if tab >= 0 else offset - begin
            self._add(
                begin + tab, begin + tab + 1, "yaml-tab", "a tab stands where YAML needs spaces", "indent with spaces"
            )
        else:
            self._add(
                offset,
                offset + 1,
                "yaml-syntax",
                _in_our_words(said),
                "check the indentation and the quotes on this line and the one before",
            )


def _unquoted_value(line: str) -> int | None:
    """Where an unquoted value with a template begins on a line such as `text: {{ name }} hi`."""
    value = re.match(r"\s*(?:- +)*(?:[^\s'\"#:][^:'\"]*:\s+)?(?=\{\{|\{%)", line)
    return value.end() if value and _TEMPLATE_START.match(line, value.end()) else None


_WORDS = (
    ("mapping values are not allowed", "a second `: ` stands in one value"),
    ("could not find expected ':'", "a key without a `:` stands here"),
    ("expected <block end>", "this line is not indented like the ones it belongs to"),
    ("found unexpected end of stream", "a quote is not closed before the end of the file"),
    ("found unexpected document", "a quote is not closed before the next document"),
    ("expected ',' or ']'", "a list that begins with [ is not closed"),
    ("expected ',' or '}'", "a mapping that begins with { is not closed"),
    ("found unknown escape", "YAML doesn't know this escape after \\"),
    ("cannot start any token", "this character can't begin a value without quotes"),
    ("expected alphabetic or numeric", "a name is missing after & or *"),
)


def _in_our_words(said: str) -> str:
    return next((ours for theirs, ours in _WORDS if theirs in said), "YAML can't make sense of this place")
