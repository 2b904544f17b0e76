"""Excerpts of long lines."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import span_on_line
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.terminal_style import TerminalStyle


class LongLine(str):
    """A line that is cut before anything looks at each of its characters."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("every character of a long line was looked at")


def shown(excerpt: str, column: int, length: int) -> list[str]:
    diagnostic = Diagnostic(
        code="x", path="a.yaml", span=span_on_line(1, column, length), problem="p", fix="f", excerpt=excerpt
    )
    return diagnostics_text([diagnostic], TerminalStyle(colour=False), ending="").splitlines()[1:3]


def test_of_a_very_long_line_only_the_part_that_is_shown_is_looked_at() -> None:
    line = "a" * 500_000 + "\tbcd\x1b" + "e" * 500_000
    for column, length, marked in ((500_002, 3, "^^^"), (500_002, 400_000, "^" * 55)):
        text, carets = shown(LongLine(line), column, length)
        assert text == shown(line, column, length)[0]
        assert text.startswith("  1 | …aaa")
        assert text[carets.index("^") :].startswith("bcd")
        assert "\x1b" not in text
        assert text.endswith("…")
        assert len(text) < 130
        assert carets.endswith(marked)


def test_a_short_line_is_shown_whole() -> None:
    assert shown("name: Order shipped!", 7, 14) == ["  1 | name: Order shipped!", "    |       ^^^^^^^^^^^^^^"]
