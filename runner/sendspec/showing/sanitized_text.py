"""Text for a terminal or a log: anything that would control either is written as an escape.

This is the second line of defence. Code that quotes somebody's text makes it printable first: only there can our line ends be
told from theirs.
"""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.showing.terminal_style import CODES

_COLOURED = lazy_pattern(rf"(\x1b\[(?:{'|'.join(CODES)})m)")
_COMMAND = lazy_pattern(rf"((?:\s|{_COLOURED.pattern})*):(?=:)")
_LOGGING = lazy_pattern(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)


class ControlText(str):
    """Text of ours that is meant to control the terminal, such as a line that rewrites itself. It passes unchanged."""

    __slots__ = ()


def sanitized(text: str, *, coloured: bool) -> str:
    """`text` with escapes for control characters, except newlines, and for commands to CI systems.

    `coloured`: sequences of `TerminalStyle` stay.
    """
    return "\n".join([_line(line, coloured=coloured) for line in text.split("\n")])


def _line(line: str, *, coloured: bool) -> str:
    if not line.isprintable():
        parts = _COLOURED.split(line) if coloured else [line]
        line = "".join(part if n % 2 else printable(part) for n, part in enumerate(parts))
    if found := _COMMAND.match(line):
        line = f"{found[1]}\\u003a{line[found.end() :]}"
    return _LOGGING.sub(r"\\u0023", line) if "##" in line else line
