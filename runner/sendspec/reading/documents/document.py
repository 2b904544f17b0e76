"""A YAML document as plain data, with the place of every key and value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.leaked_key import hide_quoted, is_secret
from sendspec.diagnostics.position import FILE_START, Position, Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.scalar_offsets import offsets_of, without_properties

MAX_BEHIND = 300
MAX_LOCATED = 100_000
"""The longest text in which places are looked up, at 2 µs a character for each."""

KeyPath = tuple[str | int, ...]


def dotted(at: KeyPath) -> str:
    """A path as people write it: `message.body.type`."""
    return ".".join(map(str, at))


class NodeOffsets:
    """Where one node is, as offsets into the text; `key` is its key's place, if the node is a value in a mapping."""

    __slots__ = ("end", "key", "start")

    def __init__(self, start: int, end: int, key: tuple[int, int] | None) -> None:
        self.start = start
        self.end = end
        self.key = key


class Document:
    """Plain data and its places. A path through an alias leads to the content of the anchor."""

    def __init__(
        self, lines: LineIndex, path: str, data: Any, marks: dict[KeyPath, NodeOffsets], aliases: dict[KeyPath, KeyPath]
    ) -> None:
        self.path = path
        self.data = data
        self._lines = lines
        self._text = lines.text
        self._marks = marks
        self._aliases = aliases
        self._hidden: list[KeyPath] = []

    def __contains__(self, at: KeyPath) -> bool:
        return self._resolved(at) in self._marks

    def span(self, at: KeyPath) -> Span:
        """The value's place; if it has none, its nearest parent's."""
        marks = self._nearest(at)
        return FILE_START if marks is None else self._lines.span(marks.start, self._trimmed(marks))

    def key_span(self, at: KeyPath) -> Span:
        """The key's place; the value's, if there is no key (a list item, the root)."""
        marks = self._nearest(at)
        if marks is None:
            return FILE_START
        return self.span(at) if marks.key is None else self._lines.span(*marks.key)

    def span_within(self, at: KeyPath, start: int, end: int) -> Span:
        """The place of characters `start` to `end` of a string value; the whole value if their place is uncertain."""
        marks = self._content_marks(at)
        value = self.value(at)
        if marks is None or not isinstance(value, str) or not 0 <= start < end <= len(value) <= MAX_LOCATED:
            return self.span(at)
        offsets = offsets_of(self._text, marks.start, marks.end, value)
        if offsets is None:
            return self.span(at)
        return self._lines.span(offsets[start][0], offsets[end - 1][1])

    def written(self, at: KeyPath) -> str:
        """The value as the file writes it, without its anchor and tag."""
        marks = self._content_marks(at)
        return "" if marks is None else without_properties(self._text[marks.start : self._trimmed(marks)])

    def behind(self, at: KeyPath) -> str:
        """What follows a value on the line where it ends, `MAX_BEHIND` characters at most."""
        marks = self._nearest(at)
        end = 0 if marks is None else self._trimmed(marks)
        return self._text[end : end + MAX_BEHIND].partition("\n")[0]

    @property
    def has_comments(self) -> bool:
        """Whether anything behind a value can be a comment."""
        return " #" in self._text or "\t#" in self._text

    def is_alias(self, at: KeyPath) -> bool:
        """Whether the value is only named here: it is written elsewhere."""
        return bool(self._aliases) and any(at[:length] in self._aliases for length in range(1, len(at) + 1))

    def hide(self, at: KeyPath) -> None:
        """Has the value masked in all excerpts: it may be a secret that doesn't look like one."""
        self._hidden.append(at)

    def excerpt(self, line: int) -> str:
        """One line of the file, with phone numbers and access keys masked at their own length, and values with credentials as a whole."""
        return self._lines.excerpt(line, (*self._secrets, *filter(None, map(self._value_offsets, self._hidden))))

    @cached_property
    def _secrets(self) -> tuple[tuple[int, int], ...]:
        """The places of values and keys that are keys or hold credentials. How a file spells them doesn't matter: an escape hides them
        from a search of its lines."""
        found = []
        for at, value in walk(self.data):
            if isinstance(value, str) and is_secret(value):
                found.append(self._value_offsets(at))
            marks = self._marks.get(at)
            if marks is not None and marks.key is not None and is_secret(str(at[-1])):
                found.append(marks.key)
        return tuple(filter(None, found))

    def _value_offsets(self, at: KeyPath) -> tuple[int, int] | None:
        marks = self._content_marks(at)
        return None if marks is None else (marks.start, self._trimmed(marks))

    def diagnostic(
        self,
        at: KeyPath,
        *,
        code: str,
        problem: str,
        fix: str,
        key: bool = False,
        within: tuple[int, int] | None = None,
        behind: tuple[int, int] | None = None,
        severity: Severity = Severity.ERROR,
        note: str = "",
        also: tuple[str, ...] = (),
    ) -> Diagnostic:
        """A new problem, placed as in `place`; or at the characters `behind` its value, on the same line."""
        found = Problem(code, problem, fix)
        if behind is None:
            return self.place(at, found, key=key, within=within, severity=severity, note=note, also=also)
        end = self.span(at).end
        span = Span(Position(end.line, end.column + behind[0]), Position(end.line, end.column + behind[1]))
        return found.diagnostic(
            self.path, span, severity=severity, excerpt=self.excerpt(end.line), note=note, also=also
        )

    def place(
        self,
        at: KeyPath,
        problem: Problem,
        *,
        key: bool = False,
        within: tuple[int, int] | None = None,
        severity: Severity = Severity.ERROR,
        note: str = "",
        also: tuple[str, ...] = (),
    ) -> Diagnostic:
        """`problem` at a path: at its value, its key, or the characters `within` its value."""
        span = self.key_span(at) if key else self.span(at) if within is None else self.span_within(at, *within)
        excerpt = self.excerpt(span.start.line)
        problem = replace(
            problem, problem=self._without_secret(at, problem.problem), fix=self._without_secret(at, problem.fix)
        )
        return problem.diagnostic(
            self.path, span, severity=severity, excerpt=excerpt, note=note, also=also, key=dotted(at)
        )

    def _without_secret(self, at: KeyPath, text: str) -> str:
        """A sentence with what it quotes of the value and its key masked, if they are secrets."""
        for quoted, is_hidden in ((self.value(at), at in self._hidden), *((key, False) for key in at[-1:])):
            if isinstance(quoted, str) and quoted and (is_hidden or is_secret(quoted)):
                text = hide_quoted(text, quoted)
        return text

    def _resolved(self, at: KeyPath) -> KeyPath:
        if not self._aliases:
            return at
        for length in range(1, len(at) + 1):
            target = self._aliases.get(at[:length])
            if target is not None and length < len(at):
                return self._resolved(target + at[length:])
        return at

    def _content_marks(self, at: KeyPath) -> NodeOffsets | None:
        """The place of the content; for an alias, that of its anchor."""
        at = self._resolved(at)
        return self._marks.get(self._resolved(self._aliases[at]) if at in self._aliases else at)

    def _nearest(self, at: KeyPath) -> NodeOffsets | None:
        at = self._resolved(at)
        while at not in self._marks:
            if not at:
                return None
            at = at[:-1]
        return self._marks[at]

    def value(self, at: KeyPath) -> Any:
        """What the document holds at a path; None if there is nothing."""
        value = self.data
        for key in at:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _trimmed(self, marks: NodeOffsets) -> int:
        """The node's end without trailing blanks: the parser ends block scalars and collections where the next node begins."""
        return max(marks.start, marks.start + len(self._text[marks.start : marks.end].rstrip()))


def walk(data: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value below `data` with its path, parents first."""
    left = [(at, data)]
    while left:
        here = at, value = left.pop()
        yield here
        if isinstance(value, dict):
            left += [((*at, key), below) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            left += [((*at, index), value[index]) for index in range(len(value) - 1, -1, -1)]
