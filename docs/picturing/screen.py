"""What a terminal shows of what a command wrote: its lines, with colours, as far as our commands use escapes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|[\r\n\b]|[^\x1b\r\n\b]")
BASIC = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class UnknownEscape(ValueError):
    """A command wrote what this terminal doesn't know; then it has to learn it."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a character looks; `colour` is a word of `BASIC`, or empty for that of all other text."""

    colour: str = ""
    is_bold: bool = False
    is_dim: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one line beside each other that look alike. `column` counts from 0."""

    column: int
    text: str
    style: Style


Cell = tuple[str, Style]
BLANK: Cell = (" ", Style())


class Screen:
    """A sheet of `columns`, as long as need be. Nothing is scrolled away."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._lines: list[list[Cell]] = [[]]
        self._row = self._column = 0
        self._style = Style()

    def write(self, text: str) -> None:
        at = 0
        while at < len(text):
            found = ESCAPE.match(text, at)
            if found is None:
                raise UnknownEscape(repr(text[at : at + 20]))
            at = found.end()
            self._take(found)

    def lines(self) -> list[tuple[Run, ...]]:
        """All lines, without blanks at their ends and without empty lines at the end of all."""
        shown = [_runs(line) for line in self._lines]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def _take(self, found: re.Match[str]) -> None:
        match found[0]:
            case "\n":
                self._row += 1
                self._lines += [[] for _ in range(self._row - len(self._lines) + 1)]
            case "\r":
                self._column = 0
            case "\b":
                self._column = max(self._column - 1, 0)
            case _ if found[2] is None:
                self._put(found[0])
            case _:
                self._obey(found[1], found[2])

    def _put(self, character: str) -> None:
        if self._column == self._columns:
            self._column = 0
            self._row += 1
            self._lines += [[] for _ in range(self._row - len(self._lines) + 1)]
        line = self._lines[self._row]
        line += [BLANK] * (self._column + 1 - len(line))
        line[self._column] = character, self._style
        self._column += 1

    def _obey(self, given: str, verb: str) -> None:
        match verb, given:
            case "m", _:
                for code in map(int, given.split(";") if given else ["0"]):
                    self._style = _styled(self._style, code)
            case "K", "" | "0":
                del self._lines[self._row][self._column :]
            case "J", "" | "0":
                del self._lines[self._row][self._column :]
                del self._lines[self._row + 1 :]
            case "A", _:
                self._row = max(self._row - int(given or 1), 0)
            case (("h" | "l"), "?25"):
                pass  # the cursor is shown or hidden
            case _:
                raise UnknownEscape(f"{given}{verb}")


def _styled(style: Style, code: int) -> Style:
    match code:
        case 0:
            return Style()
        case 1:
            return replace(style, is_bold=True)
        case 2:
            return replace(style, is_dim=True)
        case 22:
            return replace(style, is_bold=False, is_dim=False)
        case 39:
            return replace(style, colour="")
        case _ if 30 <= code <= 37:
            return replace(style, colour=BASIC[code - 30])
        case _ if 90 <= code <= 97:
            return replace(style, colour=BASIC[code - 90])
    raise UnknownEscape(f"{code}m")


def _runs(line: list[Cell]) -> tuple[Run, ...]:
    """The line's parts by how they look. A blank looks like what is before it."""
    text = "".join(character for character, _ in line).rstrip()
    runs: list[Run] = []
    for column, (character, style) in enumerate(line[: len(text)]):
        if runs and (character == " " or runs[-1].style == style):
            runs[-1] = replace(runs[-1], text=runs[-1].text + character)
        elif character != " ":
            runs.append(Run(column, character, style))
    return tuple(replace(run, text=run.text.rstrip()) for run in runs)
