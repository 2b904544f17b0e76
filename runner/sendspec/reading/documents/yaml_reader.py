"""Reads a YAML document in one pass over the parser's events, refusing YAML's surprises: merge keys, tags, duplicate keys.

The events still know where each alias is; the parser's composed tree no longer does. All limits apply before anything is
built. What words the faults is imported once there is one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from sendspec.diagnostics.characters import forbidden_character
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents import yaml_event as events
from sendspec.reading.documents.document import Document, KeyPath, NodeOffsets
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.odd_indentation import ODD_SPACES, odd_indentation
from sendspec.reading.documents.scalar import joined_surrogates, resolve_plain
from sendspec.reading.documents.scalar_offsets import offsets_of
from sendspec.reading.documents.second_reading import PARSERS, Parsers, read_events
from sendspec.reading.documents.span_problem import ReadingStopped, SpanProblem, SpanProblems
from sendspec.reading.documents.yaml_limit import MAX_DEPTH, TOO_DEEP, limit_problem
from sendspec.reading.documents.yaml_token import TagTooLong, Token, TooDeep, TooManyTokens, YamlError
from sendspec.reading.files.text_file import TextFile

MAX_EXPANDED = 10_000
"""Nodes that aliases may expand to. What the file itself writes out is limited by its tokens."""

_STARTS = frozenset({events.SEQUENCE_START, events.MAPPING_START})
_ENDS = frozenset({events.SEQUENCE_END, events.MAPPING_END})


def read_document(
    source: TextFile,
    problems: Problems,
    *,
    despite: Collection[str] = (),
    checked_later: Collection[KeyPath] = (),
    parsers: Parsers = PARSERS,
) -> Document | None:
    """The document in `source`; None if it has any error but those with the codes `despite`. All are in `problems`.

    A number that can't be kept as it is written is text at the places `checked_later`, where the caller has better words.
    """
    builder = _Builder(source, checked_later, parsers)
    document = builder.run()
    for diagnostic in builder.problems.found:
        problems.add(diagnostic)
    return document if all(each.code in despite for each in builder.problems.found) else None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """An anchored value: `at` is its path, `size` its number of nodes, `height` its nested levels."""

    value: Any
    at: KeyPath
    size: int
    height: int


class _Builder:
    def __init__(self, source: TextFile, checked_later: Collection[KeyPath], parsers: Parsers) -> None:
        self._source = source
        self._checked_later = checked_later
        self._text = source.text
        self._lines = LineIndex(source.text)
        self.problems = SpanProblems(source.path, self._lines)
        self._marks: dict[KeyPath, NodeOffsets] = {}
        self._aliases: dict[KeyPath, KeyPath] = {}
        self._anchored: dict[str, _Anchored] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._expanded = 0
        self._deepest = 0
        self._flow_depth = 0
        self._read_up_to = 0
        self._events = read_events(source.text, MAX_DEPTH, parsers)

    def run(self) -> Document | None:
        try:
            data = self._data()
        except ReadingStopped:
            return None
        return Document(self._lines, self._source.path, data, self._marks, self._aliases)

    def _data(self) -> Any:
        """The whole document's value. Raises `ReadingStopped`."""
        try:
            return self._document()
        except (TooDeep, TooManyTokens, TagTooLong) as error:
            problem = limit_problem(error, self._text)
        except YamlError as error:
            from sendspec.reading.documents.yaml_error import parser_problem

            self.problems.add_unless_known(parser_problem(error, self._lines))
            raise ReadingStopped from None
        except (ValueError, OverflowError):
            from sendspec.reading.documents.yaml_error import unreadable_value_problem

            problem = unreadable_value_problem(self._text, self._read_up_to)
        self.problems.add(problem)
        raise ReadingStopped

    def _document(self) -> Any:
        event = self._next()
        if event.kind == events.DOCUMENT_START:
            event = self._next()
        if event.kind == events.STREAM_END or self._is_nothing(event):
            what = "holds nothing but comments" if "#" in self._text else "is empty"
            problem = Problem("empty-spec", f"the file {what}", "start from the spec that `sendspec init` writes")
            self.problems.stop_at(SpanProblem(problem, 0, 0))
        data = self._node(event, (), None, 0)
        self._next()
        event = self._next()
        if event.kind == events.DOCUMENT_START:
            fix = "put it into a file of its own, and remove the ---"
            self._at(event, Problem("several-documents", "a second document begins here", fix))
        return data

    def _is_nothing(self, event: Token) -> bool:
        """A `---` with nothing after it gives an empty scalar."""
        return event.kind == events.SCALAR and event.start == event.end

    def _next(self) -> Token:
        event = next(self._events)
        self._read_up_to = event.end
        return event

    def _node(self, event: Token, at: KeyPath, key: tuple[int, int] | None, depth: int) -> Any:
        """The value that begins with `event`, at a nesting of `depth`."""
        if event.kind == events.ALIAS:
            return self._alias(event, at, key, depth)
        if event.anchor is None:
            return self._content(event, at, key, depth)
        outer_deepest, self._deepest = self._deepest, depth
        before = self._nodes
        self._open.add(event.anchor)
        value = self._content(event, at, key, depth)
        self._open.discard(event.anchor)
        self._anchored[event.anchor] = _Anchored(value, at, self._nodes - before, self._deepest - depth)
        self._deepest = max(outer_deepest, self._deepest)
        return value

    def _content(self, event: Token, at: KeyPath, key: tuple[int, int] | None, depth: int) -> Any:
        self._nodes += 1
        marks = self._marks[at] = NodeOffsets(event.start, event.end, key)
        if event.kind == events.SCALAR:
            if marks.start == marks.end and key is not None:
                marks.start = marks.end = self._behind_colon(key[1], marks.start)
            return self._scalar(event, at)
        self._check_tag(event, may_be_text=False)
        self._go_down(event, depth + 1)
        self._flow_depth += event.in_flow
        is_list = event.kind == events.SEQUENCE_START
        value = self._sequence(event, at, depth + 1, marks) if is_list else self._mapping(event, at, depth + 1, marks)
        self._flow_depth -= event.in_flow
        return value

    def _behind_colon(self, key_end: int, start: int) -> int:
        """The place of a missing value: after the colon. The parser puts it where the next node begins."""
        colon = self._text.find(":", key_end, start)
        return colon + 1 if colon >= 0 else start

    # A flow collection ends at its bracket. A block collection ends with its last entry; the parser says, at the next node.

    def _sequence(self, start: Token, at: KeyPath, depth: int, marks: NodeOffsets) -> list[Any]:
        items: list[Any] = []
        while (event := self._next()).kind != events.SEQUENCE_END:
            here = (*at, len(items))
            items.append(self._node(event, here, None, depth))
            marks.end = self._marks[here].end
        if start.in_flow:
            marks.end = event.end
        return items

    def _mapping(self, start: Token, at: KeyPath, depth: int, marks: NodeOffsets) -> Any:
        mapping: dict[str, Any] = {}
        while (event := self._next()).kind != events.MAPPING_END:
            if event.kind != events.SCALAR:
                return self._odd_key(start, event, marks)
            key = self._key(event, at, mapping)
            here, where = (*at, key), (event.start, event.end)
            mapping[key] = self._node(self._next(), here, where, depth)
            marks.end = max(where[1], self._marks[here].end)
        if start.in_flow:
            marks.end = event.end
        return mapping

    def _go_down(self, event: Token, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._stop_at(event, TOO_DEEP)
        self._deepest = max(self._deepest, depth)

    def _scalar(self, event: Token, at: KeyPath) -> Any:
        self._check_tag(event, may_be_text=True)
        text = self._characters(event)
        if not event.is_plain or event.tag is not None:
            return text
        value = resolve_plain(text)
        if isinstance(value, Problem):
            if at not in self._checked_later:
                self._at(event, value)
            return text
        return value

    def _alias(self, event: Token, at: KeyPath, key: tuple[int, int] | None, depth: int) -> Any:
        name = event.anchor or ""
        if name in self._open:
            problem = f"the alias '*{quoted(name)}' is inside the value it names"
            self._stop_at(event, Problem("alias-loop", problem, "write the value out"))
        named = self._anchored.get(name)
        if named is None:
            from sendspec.reading.documents.text_like_yaml import unknown_alias

            self._stop_at(event, unknown_alias(self._lines, event.start, name))
        self._nodes += named.size
        self._expanded += named.size
        if self._expanded > MAX_EXPANDED:
            problem = f"the aliases expand to more than {MAX_EXPANDED:,} nodes"
            self._stop_at(event, Problem("alias-expansion", problem, "write fewer of them"))
        self._go_down(event, depth + named.height)
        self._marks[at] = NodeOffsets(event.start, event.end, key)
        self._aliases[at] = named.at
        return named.value

    def _key(self, event: Token, at: KeyPath, mapping: dict[str, Any]) -> str:
        """A key as written: `1` and `true` are the keys '1' and 'true', as in JSON."""
        self._check_tag(event, may_be_text=True)
        key = self._characters(event)
        odd = odd_indentation(self._lines, event.start) if key[:1] in ODD_SPACES else None
        if odd is not None:
            self.problems.stop_at(odd)
        if key == "<<" and event.is_plain:
            fix = "write out the keys, or give each of them its own alias"
            self._at(event, Problem("merge-key", "merge keys are not supported", fix))
        elif event.start == event.end:
            self._at(event, Problem("key-not-text", "a key is missing here", "write it before the `:`"))
        elif key in mapping:
            first = self._lines.position((self._marks[(*at, key)].key or (0, 0))[0])
            also = (f"the first is on line {first.line}, column {first.column}",)
            problem = f"the key '{quoted(key[:60])}' appears a second time"
            self._at(event, Problem("duplicate-key", problem, "keep one of them"), also)
        return key

    def _odd_key(self, start: Token, event: Token, marks: NodeOffsets) -> str:
        """Reports a key that isn't text: nearly always an unquoted template, which YAML reads as nested mappings."""
        begin = start.start
        self._skip(event)
        key_end = self._read_up_to
        self._skip(self._next())
        while (end := self._next()).kind != events.MAPPING_END:
            self._skip(end)
        marks.end = end.end
        if self._text.startswith("{{", begin) and event.start == begin + 1:
            from sendspec.reading.documents.unquoted_template import unquoted_template

            self.problems.add(unquoted_template(self._text, begin, in_flow=self._flow_depth > 1))
        else:
            what = "an alias" if event.kind == events.ALIAS else "a mapping or a list"
            found = Problem("key-not-text", f"a key is needed here, not {what}", "write a plain key")
            self.problems.add(SpanProblem(found, event.start, key_end))
        return self._text[begin : marks.end]

    def _skip(self, event: Token) -> None:
        """Skips the whole node that begins with `event`."""
        depth = 0
        while True:
            depth += (event.kind in _STARTS) - (event.kind in _ENDS)
            if depth <= 0:
                return
            event = self._next()

    def _check_tag(self, event: Token, *, may_be_text: bool) -> None:
        if event.tag is not None and not (may_be_text and str(event.tag) == "tag:yaml.org,2002:str"):
            from sendspec.reading.documents.yaml_error import tag_place, tag_problem

            self.problems.add(tag_problem(self._text, tag_place(self._text, event.start)))

    def _characters(self, event: Token) -> str:
        """A scalar's text; reports control and bidi characters."""
        text = joined_surrogates(event.value)
        found = forbidden_character(text)
        if found is None:
            return text
        offsets = offsets_of(self._text, event.start, event.end, text)
        start, end = (event.start, event.end) if offsets is None else offsets[found.start()]
        problem = f"this text has an invisible character, U+{ord(found[0]):04X}, which can't be sent"
        self.problems.add(SpanProblem(Problem("forbidden-character", problem, "remove the escape"), start, end))
        return text

    def _at(self, event: Token, problem: Problem, also: tuple[str, ...] = ()) -> None:
        self.problems.add(SpanProblem(problem, event.start, event.end, also=also))

    def _stop_at(self, event: Token, problem: Problem) -> NoReturn:
        self.problems.stop_at(SpanProblem(problem, event.start, event.end))
