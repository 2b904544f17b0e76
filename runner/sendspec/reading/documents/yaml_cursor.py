"""A place in a YAML text that goes on from token to token, and its line and column."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern

_BETWEEN_IN_BLOCK = lazy_pattern(r"(?: *+(?:#[^\n\0]*+)?\n)* *+(?:#[^\n\0]*+)?")
_BETWEEN_IN_FLOW = lazy_pattern(r"(?:[ \t]*+(?:#[^\n\0]*+)?\n)*[ \t]*+(?:#[^\n\0]*+)?")
"""Blanks, comments and line ends."""


class Cursor:
    """`_at` is the place, and `_line` the start of its line, as offsets. The text ends with a NUL."""

    def __init__(self, text: str) -> None:
        self._text = text + "\0"
        self._at = 0
        self._line = 0
        self._marks = _ByteOrderMarks(self._text) if "\ufeff" in text else None

    def _skip_blanks(self, *, in_flow: bool) -> bool:
        """Goes on to the next token. Returns whether it is on another line."""
        if self._at == 0 and self._text[0] == "\ufeff":
            self._at = 1
        if self._text[self._at] not in " \t\n#":
            return False
        found = (_BETWEEN_IN_FLOW if in_flow else _BETWEEN_IN_BLOCK).match(self._text, self._at)
        assert found is not None
        return self._go_to(found.end())

    def _go_to(self, at: int) -> bool:
        """Goes on to an offset. Returns whether it is on another line."""
        line = self._text.rfind("\n", self._at, at) + 1
        self._at = at
        self._line = line or self._line
        return line > 0

    def _column(self) -> int:
        """Counts no byte order marks."""
        return self._at - self._line - (self._marks.count(self._line, self._at) if self._marks else 0)


class _ByteOrderMarks:
    """Counts the marks in a line, from its start to places that only grow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = self._at = self._found = 0

    def count(self, line: int, at: int) -> int:
        if line != self._line:
            self._line = self._at = line
            self._found = 0
        self._found += self._text.count("\ufeff", self._at, at)
        self._at = at
        return self._found
