"""The tokens of a template that Jinja can read, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendspec.diagnostics.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens_of(source: str, environment: Environment) -> list[Token]:
    """The tokens inside `{{ }}` and `{% %}` with their offsets, without white space.

    The lexer gives no offsets and drops the white space that `-` strips, so each token is searched for after the previous one.
    """
    found = []
    at = 0
    for _, kind, text in environment.lex(source):
        start = source.find(text, at)
        if start < 0:
            continue
        at = start + len(text)
        if kind not in ("data", "whitespace", "comment", "comment_begin", "comment_end"):
            found.append(Token(kind, text, start))
    return found
