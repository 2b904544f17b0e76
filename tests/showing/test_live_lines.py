"""Lines that rewrite themselves, on a screen that does what a terminal does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.showing.live_lines import LiveLines, cut
from sendspec.showing.terminal_style import cells

TEXTS = st.lists(st.sampled_from(["a", "bc ", "日本", "e\u0301", "‘x’", "…"]), min_size=1, max_size=12).map("".join)
FRAMES = st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=4), st.integers(2, 30)), max_size=6)


class Screen:
    """Rows of a terminal, of which it shows the last `height`. The cursor is in one of them."""

    def __init__(self, height: int) -> None:
        self.rows = ["$ sendspec send"] + [""] * (height - 1)
        self.row, self.column, self.height, self.width = 1, 0, height, 80
        if height == 1:
            self.rows, self.row = ["$ sendspec send", ""], 1

    def write(self, text: str) -> int:
        for found in re.finditer(r"\x1b\[(\d*)([A-Z])|([\r\n])|([^\x1b\r\n]+)", text):
            self._do(found)
        return len(text)

    def _do(self, found: re.Match[str]) -> None:
        count, command, end, words = found.groups()
        if words:
            row = self.rows[self.row]
            assert cells(row[: self.column]) + cells(words) <= self.width - 1, "the line would wrap"
            self.rows[self.row] = row[: self.column] + words + row[self.column + len(words) :]
            self.column += len(words)
        elif end == "\r":
            self.column = 0
        elif end == "\n":
            self.row += 1
            self.rows += [""] * (self.row == len(self.rows))
        elif command == "A":
            assert self.row - int(count) >= len(self.rows) - self.height, "the cursor can't leave the screen"
            self.row -= int(count)
        else:
            assert command in ("K", "J")
            self.rows[self.row] = self.rows[self.row][: self.column]
            if command == "J":
                self.rows[self.row + 1 :] = [""] * len(self.rows[self.row + 1 :])

    def flush(self) -> None:
        pass

    @property
    def below(self) -> list[str]:
        return [row for row in self.rows[1:] if row]


@given(FRAMES)
def test_each_drawing_leaves_its_own_lines_and_clearing_leaves_none(
    frames: list[tuple[list[str], int]],
) -> None:
    for height in (1, 2, 4, 10):
        screen = Screen(height)
        lines = LiveLines(screen, lambda: (screen.width, screen.height))  # type: ignore[arg-type]  # noqa: B023
        for texts, screen.width in frames:
            lines.draw(texts)
            shown = texts[: max(1, height - 1)]
            assert screen.below == [cut(text, screen.width - 1) for text in shown]
            assert screen.column == 0
        lines.clear()
        assert screen.below == []


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本", 4, "日本"),
        ("日本語", 4, "日…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 1, "…"),
    ],
)
def test_a_cut_line_fills_no_more_than_the_width(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown
    assert cells(shown) <= width
