"""Explains what Jinja can't read in a template, at the word that is at fault, in the words of its author."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError

from sendspec.composing.expression_mistake import expression_mistakes, fault_at, syntax_fault
from sendspec.composing.tag_mistake import BLOCKS, OpenBlock, foreign_tag, wrong_tag
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_scan import OPENINGS, Piece, Tag, tags_of
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted

_LINE_END = lazy_pattern("\r\n|\r|\n")
"""As Jinja counts lines."""
_EXPECTED = lazy_pattern(r"expected token '(.+)', got '(.+)'")
_UNEXPECTED = lazy_pattern(r"unexpected '(.+)'")
_WORDS = {
    "end of print statement": "}}", "end of statement block": "%}", "begin of print statement": "{{",
    "begin of statement block": "{%", "name": "a name", "string": "a text", "integer": "a number", "float": "a number",
    "end of template": "the end of the text",
}  # fmt: skip
"""Jinja's words for its tokens, and ours."""


def syntax_problem(source: str, error: TemplateError) -> TemplateProblem:
    """What is wrong with `source`, which Jinja refuses with `error`."""
    tags = list(tags_of(source))
    found = next(_problems(source, tags), None)
    return found or _in_their_words(source, tags, error)


def _problems(source: str, tags: list[Tag]) -> Iterator[TemplateProblem]:
    """Everything that looks wrong, in the order of the text."""
    opened: list[OpenBlock] = []
    for tag in tags:
        yield from foreign_tag(source, tag)
        yield from wrong_tag(source, tag, opened)
        yield from expression_mistakes(source, tag)
        yield from _closing(source, tag)
        _follow(tag, opened)
    for each in opened[-1:]:
        fix = f"write {{% {BLOCKS[each.word]} %}} where it ends"
        yield fault_at(each.tag.pieces[0], f"this `{each.word}` is never closed", fix)


def _follow(tag: Tag, opened: list[OpenBlock]) -> None:
    if tag.word in BLOCKS:
        opened.append(OpenBlock(tag.word, tag))
    elif opened and tag.word == BLOCKS[opened[-1].word]:
        opened.pop()


def _closing(source: str, tag: Tag) -> Iterator[TemplateProblem]:
    closing = OPENINGS[tag.opening]
    yield from _brackets(tag)
    if not tag.is_closed:
        what = "comment" if tag.opening == "{#" else tag.opening
        end = len(source[: tag.end].rstrip()) if tag.pieces else tag.start + 2
        yield syntax_fault(
            f"this {what} is never closed", f"write {closing} where it ends", tag.start, max(end, tag.start + 2)
        )


def _brackets(tag: Tag) -> Iterator[TemplateProblem]:
    """Brackets that are never closed, or close nothing."""
    opened: list[Piece] = []
    pairs = {"(": ")", "[": "]", "{": "}"}
    for piece in tag.pieces:
        if piece.text in pairs and piece.kind == "sign":
            opened.append(piece)
        elif piece.kind == "sign" and piece.text in pairs.values():
            if opened and pairs[opened[-1].text] == piece.text:
                opened.pop()
            elif not opened and piece.text == "}" and tag.opening == "{{":
                yield fault_at(piece, "one `}` doesn't close {{", "write }}")
            elif not opened and piece.text == "}":
                yield fault_at(piece, "`}` doesn't close {%", "write %}")
            elif not opened:
                yield fault_at(piece, f"this `{piece.text}` closes nothing", "remove it")
            else:
                break
    for piece in opened[:1]:
        yield fault_at(piece, f"this `{piece.text}` is never closed", f"write `{pairs[piece.text]}` where it ends")


def _in_their_words(source: str, tags: list[Tag], error: TemplateError) -> TemplateProblem:
    """Jinja's own words, at the only tag of the line that it names, or at the line."""
    line = getattr(error, "lineno", 1) or 1
    ends = [found.span() for found in _LINE_END.finditer(source)]
    start = ends[line - 2][1] if 2 <= line <= len(ends) + 1 else 0
    end = ends[line - 1][0] if line <= len(ends) else len(source)
    on_line = [tag for tag in tags if tag.start < end and tag.end > start]
    if len(on_line) == 1:
        start, end = on_line[0].start, on_line[0].end
    said = _translated(str(error.message or "")[:200])
    return syntax_fault(
        f"Jinja can't read this template: {said}", "look at what is between {{ and }}, or {% and %}", start, end
    )


def _translated(said: str) -> str:
    """Jinja's message with our words for its tokens."""
    if expected := _EXPECTED.fullmatch(said):
        wanted, found = (_WORDS.get(word, f"`{quoted(word)}`") for word in expected.groups())
        return f"{wanted} should be here, not {found}"
    if unexpected := _UNEXPECTED.fullmatch(said):
        word = unexpected[1]
        return f"{_WORDS.get(word, f'`{quoted(word)}`')} can't be here"
    return quoted(said)
