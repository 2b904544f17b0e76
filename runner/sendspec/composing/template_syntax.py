"""Explains what Jinja can't read in a template, at the word that is at fault, in the words of its author."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jinja2 import TemplateError

from sendspec.composing.template_policy import KEYWORDS, TemplateProblem
from sendspec.composing.template_scan import OPENINGS, Piece, Tag, tags_of
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import quoted

_BLOCKS = {"if": "endif", "for": "endfor"}
_TAGS = ("if", "elif", "else", "endif", "for", "endfor")
_JINJA_TAGS = frozenset(
    {
        "set", "endset", "include", "import", "from", "extends", "block", "endblock", "macro", "endmacro", "call",
        "endcall", "filter", "endfilter", "with", "endwith", "autoescape", "endautoescape", "print",
    }
)  # fmt: skip
"""Tags that Jinja reads; the policy refuses them in its own words."""
_ELSE_IF = ("elseif", "elsif")
_ENDS = ("end", "endfi", "fi", "end_if", "endIf", "done", "/")
_SIGNS = {"&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!="}
_NO_NAMES = KEYWORDS | {"recursive", "divisibleby", "then", "do"}
_CURLY_QUOTES = "“”„‟«»‘’‚‹›"
_LINE_END = re.compile("\r\n|\r|\n")
"""As Jinja counts lines."""


@dataclass(frozen=True, slots=True)
class _Open:
    word: str
    tag: Tag


def syntax_problem(source: str, error: TemplateError) -> TemplateProblem:
    """What is wrong with `source`, which Jinja refuses with `error`."""
    tags = list(tags_of(source))
    found = next(_problems(source, tags), None)
    return found or _in_their_words(source, tags, error)


def _problem(problem: str, fix: str, start: int, end: int) -> TemplateProblem:
    return TemplateProblem("template-syntax", problem, fix, start, max(end, start + 1))


def _at(piece: Piece, problem: str, fix: str) -> TemplateProblem:
    return _problem(problem, fix, piece.start, piece.end)


def _problems(source: str, tags: list[Tag]) -> Iterator[TemplateProblem]:
    """Everything that looks wrong, in the order of the text."""
    opened: list[_Open] = []
    for tag in tags:
        yield from _foreign(source, tag)
        yield from _tag_word(tag, opened)
        for index in range(tag.readable):
            for rule in _RULES:
                found = rule(tag, index)
                if found is not None:
                    yield found
        yield from _closing(source, tag)
        _follow(tag, opened)
    for each in opened[-1:]:
        end = _BLOCKS[each.word]
        yield _at(each.tag.pieces[0], f"this `{each.word}` is never closed", f"write {{% {end} %}} where it ends")


def _follow(tag: Tag, opened: list[_Open]) -> None:
    if tag.word in _BLOCKS:
        opened.append(_Open(tag.word, tag))
    elif opened and tag.word == _BLOCKS[opened[-1].word]:
        opened.pop()


def _foreign(source: str, tag: Tag) -> Iterator[TemplateProblem]:
    """Tags of other template languages."""
    first = tag.pieces[0] if tag.pieces else None
    if tag.opening != "{{":
        return
    if source.startswith("{{{", tag.start):
        yield _problem("three braces are not Jinja's", "write {{ … }}, with two braces", tag.start, tag.start + 3)
    elif first is None and tag.is_closed:
        yield _problem("nothing is between {{ and }}", "write a column's name in it, or remove it", tag.start, tag.end)
    elif (
        first is not None and first.text in ("#", "/", "^", ">", "!") and source[first.start - 2 : first.start] == "{{"
    ):
        word = tag.pieces[1].text if len(tag.pieces) > 1 else ""
        block = word if word in _BLOCKS else "if"
        fix = f"write {{% {_BLOCKS[block]} %}}" if first.text == "/" else f"write {{% {block} … %}}"
        name = f"{first.text}{word}" if word.isidentifier() else first.text
        yield _problem(f"'{{{{{name}' is Handlebars, and templates here are Jinja", fix, tag.start, tag.end)


def _tag_word(tag: Tag, opened: list[_Open]) -> Iterator[TemplateProblem]:
    if tag.opening != "{%":
        return
    if not tag.pieces:
        yield _problem("nothing is between {% and %}", "remove it", tag.start, tag.end)
        return
    first, following = tag.pieces[0], tag.pieces[1].text if len(tag.pieces) > 1 else ""
    word, inner = first.text, opened[-1].word if opened else ""
    both = tag.pieces[1].end if following else first.end
    if word in _ELSE_IF or (word == "else" and following == "if"):
        end = both if word == "else" else first.end
        shown = "else if" if word == "else" else word
        yield _problem(f"Jinja has no `{shown}`", "write `elif`", first.start, end)
    elif inner and word in _ENDS:
        yield _problem(f"`{word}` doesn't end the `{inner}`", f"write `{_BLOCKS[inner]}`", first.start, both)
    elif _is_astray(word, inner):
        yield from _astray(first, inner)
    elif word not in _TAGS and word not in _JINJA_TAGS:
        yield _unknown_tag(tag, first, inner)


def _is_astray(word: str, inner: str) -> bool:
    """Whether the tag belongs to a block that isn't open. `inner` is the innermost open one."""
    if not inner:
        return word in _ENDS or word in ("endif", "endfor", "elif", "else")
    return word in _BLOCKS.values() and word != _BLOCKS[inner]


def _astray(first: Piece, inner: str) -> Iterator[TemplateProblem]:
    if inner:
        fix = f"write `{_BLOCKS[inner]}` first, which ends the `{inner}` before it"
    else:
        fix = (
            "write the `for` that it ends, or remove it"
            if first.text == "endfor"
            else "write {% if … %} before it, or remove it"
        )
    yield _at(first, f"this `{first.text}` belongs to nothing before it", fix)


def _unknown_tag(tag: Tag, first: Piece, inner: str) -> TemplateProblem:
    near = near_miss(first.text, [name for name in _TAGS if inner or not name.startswith("e")])
    if near is None and first.kind == "name" and (len(tag.pieces) == 1 or tag.pieces[1].text in ("|", ".")):
        return _at(first, "a value is written between {{ and }}", f"write {{{{ {quoted(first.text[:40])} }}}}")
    fix = f"write `{near}`" if near else f"use one of: {', '.join(_TAGS)}"
    return _at(first, f"there is no tag called '{quoted(first.text[:40])}'", fix)


# Rules look at one token and those around it.


def _sign(tag: Tag, index: int) -> TemplateProblem | None:
    """Operators of other languages."""
    piece = tag.pieces[index]
    ours = _SIGNS.get(piece.text)
    if ours is not None:
        return _at(piece, f"Jinja has no `{piece.text}`", f"write `{ours}`")
    if piece.kind != "sign":
        return None
    if piece.text == "!":
        return _at(piece, "Jinja has no `!`", "write `not`")
    if piece.text == "=" and not piece.depth:
        return _at(piece, "one `=` compares nothing", "write `==`")
    if piece.text == "??":
        return _at(piece, "Jinja has no `??`", "write `| default('…')`")
    if piece.text == "?":
        return _at(piece, "Jinja has no `? :`", "write `'a' if condition else 'b'`")
    if piece.text == ";":
        return _at(piece, "a `;` ends nothing in a template", "remove it")
    return None


def _name_sign(tag: Tag, index: int) -> TemplateProblem | None:
    """`$name`, `@name`, and Go's `.Name`."""
    piece, following = tag.pieces[index], tag.pieces[index + 1 : index + 2]
    if not following or following[0].kind != "name":
        return None
    is_first = not index or tag.pieces[index - 1].text in KEYWORDS
    if piece.text in ("$", "@") or (piece.text == "." and is_first):
        name = quoted(following[0].text[:40])
        return _problem(f"a name has no `{piece.text}` before it", f"write `{name}`", piece.start, following[0].end)
    return None


def _quote(tag: Tag, index: int) -> TemplateProblem | None:
    piece = tag.pieces[index]
    if piece.text in _CURLY_QUOTES:
        return _at(piece, f"`{piece.text}` is a typographic quote, which Jinja doesn't read", "write ' instead")
    if piece.text in ("'", '"'):
        return _at(piece, "this quote is never closed", f"write {piece.text} where the text ends")
    return None


def _argument(tag: Tag, index: int) -> TemplateProblem | None:
    """`default "x"` and `default: "x"`, as in Go's templates and in Liquid."""
    piece, following = tag.pieces[index], tag.pieces[index + 1 : index + 3]
    if piece.kind != "name" or not index or tag.pieces[index - 1].text != "|" or not following:
        return None
    value = following[1] if following[0].text == ":" and len(following) == 2 else following[0]
    if value.kind not in ("string", "number"):
        return None
    shown = value.text if len(value.text) <= 40 else "…"
    return _problem(
        f"the argument of `{piece.text}` is not in brackets",
        f"write `{piece.text}({quoted(shown)})`",
        piece.start,
        value.end,
    )


def _end_of_condition(tag: Tag, index: int) -> TemplateProblem | None:
    piece = tag.pieces[index]
    if index + 1 == len(tag.pieces) and tag.word in ("if", "elif", "else", "for") and piece.text in ("then", "do"):
        return _at(piece, f"Jinja needs no `{piece.text}` here", "remove it")
    return None


def _spaced_name(tag: Tag, index: int) -> TemplateProblem | None:
    """Two names side by side: a column with a space in it."""
    if not _is_plain(tag, index) or (
        index and (_is_plain(tag, index - 1) or tag.pieces[index - 1].text in ("|", "is"))
    ):
        return None
    last = index + 1
    while last < len(tag.pieces) and _is_plain(tag, last):
        last += 1
    if last == index + 1:
        return None
    name = quoted(" ".join(piece.text for piece in tag.pieces[index:last])[:60])
    start, end = tag.pieces[index].start, tag.pieces[last - 1].end
    return _problem("a name can't have a space in it", f"write `row[\"{name}\"]` for the column '{name}'", start, end)


def _is_plain(tag: Tag, index: int) -> bool:
    piece = tag.pieces[index]
    is_tag_word = index == 0 and tag.opening == "{%"
    return piece.kind == "name" and piece.text not in _NO_NAMES and not is_tag_word


_RULES: tuple[Callable[[Tag, int], TemplateProblem | None], ...] = (
    _quote,
    _sign,
    _name_sign,
    _argument,
    _end_of_condition,
    _spaced_name,
)


def _closing(source: str, tag: Tag) -> Iterator[TemplateProblem]:
    closing = OPENINGS[tag.opening]
    yield from _brackets(tag)
    if not tag.is_closed:
        what = "comment" if tag.opening == "{#" else tag.opening
        end = len(source[: tag.end].rstrip()) if tag.pieces else tag.start + 2
        yield _problem(
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
                yield _at(piece, "one `}` doesn't close {{", "write }}")
            elif not opened and piece.text == "}":
                yield _at(piece, "`}` doesn't close {%", "write %}")
            elif not opened:
                yield _at(piece, f"this `{piece.text}` closes nothing", "remove it")
            else:
                break
    for piece in opened[:1]:
        yield _at(piece, f"this `{piece.text}` is never closed", f"write `{pairs[piece.text]}` where it ends")


def _in_their_words(source: str, tags: list[Tag], error: TemplateError) -> TemplateProblem:
    """Jinja's own words, at the only tag of the line that it names, or at the line."""
    line = getattr(error, "lineno", 1) or 1
    ends = [found.span() for found in _LINE_END.finditer(source)]
    start = ends[line - 2][1] if 2 <= line <= len(ends) + 1 else 0
    end = ends[line - 1][0] if line <= len(ends) else len(source)
    on_line = [tag for tag in tags if tag.start < end and tag.end > start]
    if len(on_line) == 1:
        start, end = on_line[0].start, on_line[0].end
    said = quoted(str(error.message or "")[:200])
    return _problem(
        f"Jinja can't read this template: {said}", "look at what is between {{ and }}, or {% and %}", start, end
    )
