"""Tags that Jinja doesn't know, that belong to no open block, or that other template languages have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.expression_mistake import MAX_SHOWN, fault_at, syntax_fault
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_scan import Piece, Tag
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import quoted

BLOCKS = {"if": "endif", "for": "endfor"}
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
_HANDLEBARS = ("#", "/", "^", ">", "!")


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """An `if` or a `for` whose end hasn't come yet."""

    word: str
    tag: Tag


def foreign_tag(source: str, tag: Tag) -> Iterator[TemplateProblem]:
    """Tags of other template languages, in `{{ … }}`."""
    first = tag.pieces[0] if tag.pieces else None
    if tag.opening != "{{":
        return
    if source.startswith("{{{", tag.start):
        yield _three_braces(source, tag)
    elif first is None and tag.is_closed:
        yield syntax_fault(
            "nothing is between {{ and }}", "write a column's name in it, or remove it", tag.start, tag.end
        )
    elif first is not None and first.text in _HANDLEBARS and source[first.start - 2 : first.start] == "{{":
        yield _handlebars(tag, first, _inner(source, tag))


def _inner(source: str, tag: Tag, *, skipped: int = 0) -> str:
    """What is between the braces, without the first `skipped` tokens; empty if it is too long to show."""
    pieces = tag.pieces[skipped:]
    inner = source[pieces[0].start : pieces[-1].end] if pieces and tag.is_closed else ""
    return quoted(inner) if len(inner) <= MAX_SHOWN and "\n" not in inner else ""


def _three_braces(source: str, tag: Tag) -> TemplateProblem:
    inner = _inner(source, tag).strip("{} ")
    end = tag.end + source.startswith("}", tag.end)
    if not inner:
        return syntax_fault("three braces are not Jinja's", "write {{ … }}, with two braces", tag.start, tag.start + 3)
    return syntax_fault("three braces are not Jinja's", f"write {{{{ {inner} }}}}", tag.start, end)


def _handlebars(tag: Tag, first: Piece, inner: str) -> TemplateProblem:
    word = tag.pieces[1].text if len(tag.pieces) > 1 else ""
    name = f"{first.text}{word}" if word.isidentifier() else first.text
    rest = inner[inner.index(word) + len(word) :].strip() if word and word in inner else ""
    match first.text, word:
        case "#", "unless" if rest:
            fix = f"write {{% if {_negated(rest)} %}}, and {{% endif %}} for {{{{/unless}}}}"
        case "#", ("if" | "for") if rest:
            fix = f"write {{% {word} {rest} %}}, and {{% {BLOCKS[word]} %}} for {{{{/{word}}}}}"
        case "/", _:
            fix = f"write {{% {BLOCKS.get(word, 'endfor' if word == 'each' else 'endif')} %}}"
        case (("#" | "^"), _) if word.isidentifier() and not rest:
            condition = f"not {word}" if first.text == "^" else word
            fix = f"write {{% if {condition} %}}, and {{% endif %}} for {{{{/{word}}}}}"
        case _:
            fix = "write {% if … %} for a condition, {{ … }} for a column; or remove it"
    return syntax_fault(f"'{{{{{name}' is Handlebars, and templates here are Jinja", fix, tag.start, tag.end)


def _negated(condition: str) -> str:
    return f"not {condition}" if " " not in condition else f"not ({condition})"


def wrong_tag(source: str, tag: Tag, opened: Sequence[OpenBlock]) -> Iterator[TemplateProblem]:
    """What is wrong with the word of a `{% … %}`. `opened` are the blocks around it, the innermost last."""
    if tag.opening != "{%":
        return
    if not tag.pieces:
        yield syntax_fault("nothing is between {% and %}", "remove it", tag.start, tag.end)
        return
    first, following = tag.pieces[0], tag.pieces[1].text if len(tag.pieces) > 1 else ""
    word, inner = first.text, opened[-1].word if opened else ""
    both = tag.pieces[1].end if following else first.end
    if word in _ELSE_IF or (word == "else" and following == "if"):
        end = both if word == "else" else first.end
        shown = "else if" if word == "else" else word
        yield syntax_fault(f"Jinja has no `{shown}`", "write `elif`", first.start, end)
    elif inner and word in _ENDS:
        yield syntax_fault(f"`{word}` doesn't end the `{inner}`", f"write `{BLOCKS[inner]}`", first.start, both)
    elif not inner and (word in _ENDS or word in ("endif", "endfor", "elif", "else")):
        yield _outside(tag, first)
    elif word in BLOCKS.values() and word != BLOCKS[inner]:
        yield _crossing(tag, word, opened)
    elif word not in _TAGS and word not in _JINJA_TAGS:
        yield _unknown_tag(source, tag, inner)


def _outside(tag: Tag, first: Piece) -> TemplateProblem:
    """The end of a block, or its middle, where none is open."""
    if first.text in _ENDS:
        problem = f"there is no tag called '{first.text}', and no `if` is open"
        fix = "remove it, or write {% if … %} before it and {% endif %} in its place"
        return syntax_fault(problem, fix, tag.start, tag.end)
    beginning = "the `for` that it ends" if first.text == "endfor" else "{% if … %} before it"
    problem = f"this `{first.text}` belongs to nothing before it"
    return syntax_fault(problem, f"remove it, or write {beginning}", tag.start, tag.end)


def _crossing(tag: Tag, word: str, opened: Sequence[OpenBlock]) -> TemplateProblem:
    """The end of another block than the innermost."""
    inner, wanted = opened[-1].word, word.removeprefix("end")
    end = BLOCKS[inner]
    if any(each.word == wanted for each in opened):
        problem = f"the `{inner}` before this `{word}` is still open"
        return syntax_fault(problem, f"write {{% {end} %}} before {{% {word} %}}", tag.start, tag.end)
    problem = f"no `{wanted}` is open that this `{word}` could end"
    return syntax_fault(problem, f"remove it, or write {{% {end} %}} if the `{inner}` ends here", tag.start, tag.end)


def _unknown_tag(source: str, tag: Tag, inner: str) -> TemplateProblem:
    first, condition = tag.pieces[0], _inner(source, tag, skipped=1)
    if first.text == "unless" and condition:
        fix = f"write {{% if {_negated(condition)} %}}, and {{% endif %}} where it ends"
        return syntax_fault("Jinja has no `unless`", fix, tag.start, tag.end)
    word = quoted(first.text[:40])
    problem = f"there is no tag called '{word}'"
    near = near_miss(first.text, [name for name in _TAGS if inner or not name.startswith("e")])
    if near is None and first.kind == "name" and (len(tag.pieces) == 1 or tag.pieces[1].text in ("|", ".")):
        value = _inner(source, tag) or word
        problem += "; a value is written between {{ and }}"
        return syntax_fault(problem, f"write {{{{ {value} }}}}", tag.start, tag.end)
    return fault_at(first, problem, f"write `{near}`" if near else f"use one of: {', '.join(_TAGS)}")
