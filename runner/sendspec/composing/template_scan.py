"""Splits a template that Jinja can't read into its tags and their tokens, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

OPENINGS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_BEGIN, _END = ("(", "[", "{"), (")", "]", "}")
_OPENING = lazy_pattern(r"\{[{%#]")
_TOKEN = lazy_pattern(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<name>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<close>-?[%}]\}|\+%\})"""
    r"""|(?P<sign>&&|\|\||\?\?|===|!==|==|!=|<=|>=|<>|=>|\+\+|--|\*\*|//|\{\{|\{%|\S)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One token inside of a tag. `kind` is string, name, number or sign; `depth` counts the brackets that are open before it."""

    kind: str
    text: str
    start: int
    depth: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Tag:
    """`{{ … }}`, `{% … %}` or `{# … #}`, by its `opening`. `is_closed`: its own closing braces end it."""

    opening: str
    start: int
    end: int
    pieces: tuple[Piece, ...]
    is_closed: bool

    @property
    def word(self) -> str:
        """The name that follows `{%`: `if`, `endfor`; empty if it isn't a name."""
        return self.pieces[0].text if self.opening == "{%" and self.pieces and self.pieces[0].kind == "name" else ""

    @property
    def readable(self) -> int:
        """How many of the pieces belong to the tag: what follows a lone `}` is the text that the tag was to end before."""
        opened = 0
        for index, piece in enumerate(self.pieces):
            if piece.text == "}" and piece.kind == "sign" and not opened:
                return index
            opened += (piece.text == "{") - (piece.text == "}")
        return len(self.pieces)

    def expression_in(self, source: str) -> str:
        """The tag of `source` as `{{ … }}`: itself, or the condition of an `if`."""
        if not self.word:
            return source[self.start : self.end]
        return f"{{{{{source[self.pieces[0].end : self.pieces[-1].end]}}}}}"


def tags_of(source: str) -> Iterator[Tag]:
    """Every tag in order. One that isn't closed ends where the next one opens, or with the line or the text."""
    at = 0
    while found := _OPENING.search(source, at):
        tag = _comment(source, found.start()) if found[0] == "{#" else _tag(source, found.start())
        yield tag
        at = tag.end


def _comment(source: str, start: int) -> Tag:
    end = source.find("#}", start + 2)
    return Tag("{#", start, len(source) if end < 0 else end + 2, (), end >= 0)


def _tag(source: str, start: int) -> Tag:
    opening = source[start : start + 2]
    pieces: list[Piece] = []
    at = start + 2
    if source[at : at + 1] in ("-", "+"):
        at += 1
    depth = braces = 0
    while found := _TOKEN.search(source, at):
        kind, text = str(found.lastgroup), found[0]
        if kind == "close" and braces and text == "}}" and opening == "{{":
            kind, text = "sign", "}"  # of a mapping, as Jinja reads it
        if kind == "close" and text[-2:] == OPENINGS[opening]:
            return Tag(opening, start, found.end(), tuple(pieces), True)
        if text in OPENINGS:
            return Tag(opening, start, found.start(), tuple(pieces), False)
        pieces.append(Piece("sign" if kind == "close" else kind, text, found.start(), depth))
        braces += (text == "{") - (text == "}")
        depth += (text in _BEGIN) - (text in _END)
        at = found.start() + len(text)
    return Tag(opening, start, len(source), tuple(pieces), False)
