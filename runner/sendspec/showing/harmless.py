"""The door to a terminal or a log: what acts on either is written as an escape, whoever wrote it.

Whatever quotes somebody's name or text makes it printable itself, as only there a line end of ours differs from one of theirs.
This is what holds where that was forgotten.
"""

from __future__ import annotations

import re

from sendspec.diagnostics.redaction import printable
from sendspec.showing.ink import CODES

_INKED = re.compile(rf"(\x1b\[(?:{'|'.join(CODES)})m)")
_COMMAND = re.compile(rf"((?:\s|{_INKED.pattern})*):(?=:)")
_LOGGING = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)


class Acting(str):
    """A text of ours that is meant to act, such as a line that rewrites itself: it passes as it is."""

    __slots__ = ()


def harmless(text: str, *, inked: bool) -> str:
    """`text` with escapes for all that acts: characters but line ends, and what begins a command to a CI system.

    `inked`: the sequences that `Ink` writes stay.
    """
    return "\n".join([_line(line, inked=inked) for line in text.split("\n")])


def _line(line: str, *, inked: bool) -> str:
    if not line.isprintable():
        parts = _INKED.split(line) if inked else [line]
        line = "".join(part if n % 2 else printable(part) for n, part in enumerate(parts))
    if found := _COMMAND.match(line):
        line = f"{found[1]}\\u003a{line[found.end() :]}"
    return _LOGGING.sub(r"\\u0023", line) if "##" in line else line
