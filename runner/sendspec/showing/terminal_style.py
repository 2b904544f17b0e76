"""Colour and width: whether a stream gets colour, and how many cells a text fills."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass

WIDE = 88
BOLD, DIM, RED, YELLOW, GREEN, CYAN, PLAINLY = "1", "2", "1;31", "1;33", "32", "36", "0"
UNDERLINED, UNDERLINED_YELLOW = "4", "4;1;33"
CODES = (BOLD, DIM, RED, YELLOW, GREEN, CYAN, PLAINLY, UNDERLINED, UNDERLINED_YELLOW)
"""All sequences that are written to a terminal to style text (ECMA-48, SGR)."""


class ColourChoice(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def wants_colour(choice: ColourChoice, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decided by the flag, then NO_COLOR, FORCE_COLOR, TERM=dumb, then by whether the stream is a terminal."""
    if choice is not ColourChoice.AUTO:
        return choice is ColourChoice.ALWAYS
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal and environ.get("TERM") != "dumb"


@dataclass(frozen=True, slots=True)
class TerminalStyle:
    """Wraps text in SGR sequences, or leaves it alone. `columns` is the terminal's width; None for anything else."""

    colour: bool
    columns: int | None = None

    @property
    def width(self) -> int:
        """The number of cells that a line is filled up to."""
        return min(self.columns or WIDE, WIDE)

    def marked(self, text: str, code: str) -> str:
        """The text with one of `CODES`; with "", as it is."""
        return self._mark(code, text) if code else text

    def _mark(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[{PLAINLY}m" if self.colour and text else text

    def bold(self, text: str) -> str:
        return self._mark(BOLD, text)

    def dim(self, text: str) -> str:
        return self._mark(DIM, text)

    def red(self, text: str) -> str:
        return self._mark(RED, text)

    def yellow(self, text: str) -> str:
        return self._mark(YELLOW, text)

    def green(self, text: str) -> str:
        return self._mark(GREEN, text)

    def cyan(self, text: str) -> str:
        return self._mark(CYAN, text)


PLAIN = TerminalStyle(colour=False)


def cells(text: str) -> int:
    """The terminal cells that `text` fills: wide East Asian characters take two, combining ones none (UAX #11)."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
