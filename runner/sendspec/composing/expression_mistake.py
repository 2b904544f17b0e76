"""Mistakes within one tag of a template that Jinja can't read: signs, quotes and names as other languages write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sendspec.composing.template_name import KEYWORDS
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_scan import Piece, Tag
from sendspec.diagnostics.redaction import quoted

MAX_SHOWN = 60
"""The longest piece of a template that a fix repeats."""
SPACED = "a name can't have a space in it"
_SIGNS = {"&&": "and", "||": "or", "===": "==", "!==": "!=", "<>": "!="}
_WORDS = {
    **dict.fromkeys(("und", "en", "et", "y", "e", "og", "och", "oraz"), "and"),
    **dict.fromkeys(("oder", "of", "ou", "o", "eller", "lub"), "or"),
}
_CAPITALS = {"AND": "and", "And": "and", "OR": "or", "Or": "or", "NOT": "not", "Not": "not"}
_NO_NAMES = KEYWORDS | {"recursive", "divisibleby", "then", "do"}
_CURLY_QUOTES = "“”„‟«»‘’‚‹›"
_CLOSING = {"(": ")", "[": "]"}


def syntax_fault(problem: str, fix: str, start: int, end: int) -> TemplateProblem:
    return TemplateProblem("template-syntax", problem, fix, start, max(end, start + 1))


def fault_at(piece: Piece, problem: str, fix: str) -> TemplateProblem:
    return syntax_fault(problem, fix, piece.start, piece.end)


def expression_mistakes(source: str, tag: Tag) -> Iterator[TemplateProblem]:
    """Everything that looks wrong between the braces of `tag`, in the order of the text."""
    for index in range(tag.readable):
        for rule in _RULES:
            found = rule(source, tag, index)
            if found is not None:
                yield found


# Rules look at one token and those around it.


def _sign(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """Operators of other languages."""
    piece = tag.pieces[index]
    ours = _SIGNS.get(piece.text)
    if ours is not None:
        return fault_at(piece, f"Jinja has no `{piece.text}`", f"write `{ours}`")
    if piece.kind != "sign":
        return None
    if piece.text == "=" and not piece.depth:
        return fault_at(piece, "one `=` compares nothing", "write `==`")
    if piece.text == ";":
        return fault_at(piece, "a `;` ends nothing in a template", "remove it")
    if piece.text == "|" and (index + 1 == len(tag.pieces) or tag.pieces[index + 1].kind != "name"):
        fix = "write the name of a filter after it, such as `upper`, or remove the `|`"
        return fault_at(piece, "no filter's name comes after this `|`", fix)
    return None


def _null(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`IS NULL` and `IS NOT NULL`, as in SQL; from the column on, as the words after it look like a name with spaces."""
    words = [piece.text.lower() for piece in tag.pieces[index : index + 3]]
    if words[:1] != ["is"] or not ("null" in words[1:2] or words[1:] == ["not", "null"]):
        return None
    is_negated = words[1] == "not"
    end = tag.pieces[index + (2 if is_negated else 1)].end
    shown = "IS NOT NULL" if is_negated else "IS NULL"
    return syntax_fault(
        f"Jinja has no `{shown}`",
        f"write `is {'' if is_negated else 'not '}defined`",
        tag.pieces[index].start,
        end,
    )


def _joining_word(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`AND`, and the same word of another language behind a value that no column's name follows."""
    piece = tag.pieces[index]
    ours = _CAPITALS.get(piece.text)
    if ours is None and index and tag.pieces[index - 1].kind in ("string", "number"):
        ours = _WORDS.get(piece.text.lower())
    if ours is None or piece.kind != "name" or index + 1 == len(tag.pieces) or (ours != "not" and not index):
        return None
    if tag.pieces[index + 1].kind == "sign" and tag.pieces[index + 1].text not in ("(", "["):
        return None
    return fault_at(piece, f"Jinja has no `{quoted(piece.text)}`", f"write `{ours}`")


def _negation(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`!name`, with all that it negates."""
    piece = tag.pieces[index]
    if piece.kind != "sign" or piece.text != "!":
        return None
    end = _operand_end(tag, index + 1)
    if end is None or end - piece.end > MAX_SHOWN:
        return fault_at(piece, "Jinja has no `!`", "write `not` and a space")
    return syntax_fault("Jinja has no `!`", f"write `not {quoted(source[piece.end : end].strip())}`", piece.start, end)


def _operand_end(tag: Tag, index: int) -> int | None:
    """Where the name at `index`, and what is read or called of it, ends."""
    if index >= len(tag.pieces) or tag.pieces[index].kind != "name" or tag.pieces[index].text in KEYWORDS:
        return None
    while index + 2 < len(tag.pieces) and tag.pieces[index + 1].text == "." and tag.pieces[index + 2].kind == "name":
        index += 2
    following = tag.pieces[index + 1] if index + 1 < len(tag.pieces) else None
    if following is None or following.text not in _CLOSING or following.start != tag.pieces[index].end:
        return tag.pieces[index].end
    closing = _CLOSING[following.text]
    ends = (p.end for p in tag.pieces[index + 2 :] if p.text == closing and p.depth == following.depth + 1)
    return next(ends, None)


def _choice(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`a ? b : c` and `a ?? b`."""
    piece, rest = tag.pieces[index], tag.pieces[index + 1 :]
    if piece.kind != "sign" or piece.text not in ("?", "??"):
        return None
    if piece.text == "??":
        value = _value(rest)
        if value is None:
            return fault_at(piece, "Jinja has no `??`", "write the other value in brackets: `| default(…)`")
        return syntax_fault("Jinja has no `??`", f"write `| default({value})`", piece.start, rest[0].end)
    split = next((at for at, each in enumerate(rest) if each.text == ":" and each.depth == piece.depth), None)
    chosen, otherwise = (None, None) if split is None else (_value(rest[:split]), _value(rest[split + 1 :]))
    condition = source[tag.pieces[0].start : piece.start].strip()
    if tag.opening != "{{" or not chosen or not otherwise or not condition or len(condition) > MAX_SHOWN:
        return fault_at(piece, "Jinja has no `? :`", "write the condition between the two values: `… if … else …`")
    fix = f"write `{chosen} if {quoted(condition)} else {otherwise}`"
    return syntax_fault("Jinja has no `? :`", fix, tag.pieces[0].start, rest[-1].end)


def _value(pieces: tuple[Piece, ...]) -> str | None:
    """The only value of `pieces` as a fix writes it: numbers as text, which is what a message can hold."""
    if len(pieces) != 1 or pieces[0].kind == "sign" or len(pieces[0].text) > MAX_SHOWN:
        return None
    return f'"{pieces[0].text}"' if pieces[0].kind == "number" else quoted(pieces[0].text)


def _name_sign(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`$name`, `@name`, and Go's `.Name`."""
    piece, following = tag.pieces[index], tag.pieces[index + 1 : index + 2]
    if not following or following[0].kind != "name":
        return None
    is_first = not index or tag.pieces[index - 1].text in KEYWORDS
    if piece.text in ("$", "@") or (piece.text == "." and is_first):
        name = quoted(following[0].text[:40])
        return syntax_fault(f"a name has no `{piece.text}` before it", f"write `{name}`", piece.start, following[0].end)
    return None


def _quote(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    piece = tag.pieces[index]
    if piece.text in _CURLY_QUOTES:
        return _curly_quotes(source, tag, index)
    if piece.text in ("'", '"'):
        return fault_at(piece, "this quote is never closed", f"write {piece.text} where the text ends")
    return None


def _curly_quotes(source: str, tag: Tag, index: int) -> TemplateProblem:
    first = tag.pieces[index]
    second = next((piece for piece in tag.pieces[index + 1 :] if piece.text in _CURLY_QUOTES), None)
    inner = source[first.end : second.start] if second else ""
    if second is None or len(inner) > MAX_SHOWN or not {"'", '"', "\\"}.isdisjoint(inner):
        return fault_at(first, f"`{first.text}` is a typographic quote, which Jinja doesn't read", "write ' or \"")
    problem = f"`{first.text}` and `{second.text}` are typographic quotes, which Jinja doesn't read"
    return syntax_fault(problem, f'write `"{quoted(inner)}"`', first.start, second.end)


def _argument(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """`default "x"` and `default: "x"`, as in Go's templates and in Liquid."""
    piece, following = tag.pieces[index], tag.pieces[index + 1 : index + 3]
    if piece.kind != "name" or not index or tag.pieces[index - 1].text != "|" or not following:
        return None
    value = following[1] if following[0].text == ":" and len(following) == 2 else following[0]
    if value.kind not in ("string", "number"):
        return None
    shown = value.text if len(value.text) <= 40 else "…"
    return syntax_fault(
        f"the argument of `{piece.text}` is not in brackets",
        f"write `{piece.text}({quoted(shown)})`",
        piece.start,
        value.end,
    )


def _end_of_condition(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    piece = tag.pieces[index]
    if index + 1 == len(tag.pieces) and tag.word in ("if", "elif", "else", "for") and piece.text in ("then", "do"):
        return fault_at(piece, f"Jinja needs no `{piece.text}` here", "remove it")
    return None


def _spaced_name(source: str, tag: Tag, index: int) -> TemplateProblem | None:
    """Two names side by side: a column with a space in it."""
    if not _is_plain(tag, index) or (
        index and (_is_plain(tag, index - 1) or tag.pieces[index - 1].text in ("|", "is"))
    ):
        return None
    last = index + 1
    while last < len(tag.pieces) and _is_plain(tag, last) and tag.pieces[last].text not in (*_CAPITALS, "IS", "Is"):
        last += 1
    if last == index + 1:
        return None
    name = quoted(" ".join(piece.text for piece in tag.pieces[index:last])[:MAX_SHOWN])
    start, end = tag.pieces[index].start, tag.pieces[last - 1].end
    return syntax_fault(SPACED, f"write `row[\"{name}\"]` for the column '{name}'", start, end)


def _is_plain(tag: Tag, index: int) -> bool:
    piece = tag.pieces[index]
    is_tag_word = index == 0 and tag.opening == "{%"
    return piece.kind == "name" and piece.text not in _NO_NAMES and not is_tag_word


_RULES: tuple[Callable[[str, Tag, int], TemplateProblem | None], ...] = (
    _quote,
    _sign,
    _null,
    _joining_word,
    _negation,
    _choice,
    _name_sign,
    _argument,
    _end_of_condition,
    _spaced_name,
)
