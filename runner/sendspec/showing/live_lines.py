"""Lines at the bottom of a terminal that rewrite themselves, and are gone at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from sendspec.showing.sanitized_text import ControlText
from sendspec.showing.terminal_style import cells

REST_OF_LINE, REST_OF_SCREEN = "\x1b[K", "\x1b[J"


class LiveLines:
    """`size` is the terminal's present width and height.

    Between two drawings the cursor is at the beginning of the first line. There it stays when the terminal is resized and wraps the
    lines anew, so the next drawing covers all of them. Each drawing writes over the last one, and erases what is left of it: nothing flickers.
    """

    def __init__(self, stream: TextIO, size: Callable[[], tuple[int, int]]) -> None:
        self._stream = stream
        self._size = size
        self._is_drawn = False

    @property
    def width(self) -> int:
        """The cells of a line. The last cell stays free: after a character there, terminals differ in where the cursor is."""
        return max(1, self._size()[0] - 1)

    def draw(self, lines: Sequence[str]) -> None:
        """Draws as many of the lines as the screen has room for. They are printable, and cut to its width."""
        _, height = self._size()
        shown = [cut(line, self.width) for line in lines[: max(1, height - 1)]]
        back = f"\x1b[{len(shown) - 1}A" if len(shown) > 1 else ""
        text = f"{REST_OF_LINE}\r\n".join(shown)
        self._is_drawn = True
        self._write(f"\r{text}{REST_OF_SCREEN}{back}\r")

    def clear(self) -> None:
        """Erases the lines, so that further output begins on an empty one."""
        if self._is_drawn:
            self._is_drawn = False
            self._write(f"\r{REST_OF_SCREEN}")

    def _write(self, text: str) -> None:
        self._stream.write(ControlText(text))
        self._stream.flush()


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fills `width` cells with an ellipsis at its end. No wide character is cut in half."""
    if cells(text) <= width:
        return text
    room, kept = width - 1, []
    for character in text:
        room -= cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"
