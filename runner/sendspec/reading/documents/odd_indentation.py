"""Lines that are indented with characters that look like spaces, as text copied from a web page is: YAML takes them for letters."""

from __future__ import annotations

import unicodedata

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.span_problem import SpanProblem

ODD_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000\ufeff") | frozenset(map(chr, range(0x2000, 0x200C)))
_SET = "".join(sorted(ODD_SPACES))
_INDENTATION = lazy_pattern(rf"[ \t]*([{_SET}])[ \t{_SET}]*")


def odd_indentation(lines: LineIndex, *offsets: int | None) -> SpanProblem | None:
    """The problem with the first line, of those around `offsets`, whose indentation has such a character."""
    for offset in offsets:
        found = None if offset is None else _INDENTATION.match(lines.text, lines.line_at(offset)[0])
        if found is not None:
            name = unicodedata.name(found[1]).lower()
            shown = f"{'an' if name[0] in 'aeiou' else 'a'} {name} (U+{ord(found[1]):04X})"
            problem = f"this line is indented with {shown}, which YAML takes for a letter"
            return SpanProblem(Problem("yaml-indentation", problem, "indent with spaces"), found.start(1), found.end())
    return None
