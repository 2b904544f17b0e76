"""Calls, slices and tests as a template writes them: their text and place, with all that they are applied to."""

from __future__ import annotations

from sendspec.composing.template_token import Token
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import quoted

MAX_SHOWN = 60
_PAIRS = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Operand:
    """From `start` to `end`: `text`, which is `operand` and what is done with it, with `arguments` in brackets."""

    text: str
    operand: str
    arguments: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        return quoted(self.text) if len(self.text) <= MAX_SHOWN else quoted(self.text[:MAX_SHOWN]) + "…"

    def is_alone(self, source: str) -> bool:
        """Whether it is all of the template."""
        before, behind = source[: self.start].strip(), source[self.end :].strip()
        return before.strip("-+ ") == "{{" and behind.strip("-+ ") == "}}"


def end_of_brackets(tokens: list[Token], index: int) -> int:
    """Where the token at `index` ends, with the brackets that follow it."""
    closing = _closing(tokens, index + 1)
    return tokens[index].end if closing is None else tokens[closing].end


def _closing(tokens: list[Token], index: int) -> int | None:
    """The index of the bracket that closes the one at `index`."""
    if index >= len(tokens) or tokens[index].text not in _PAIRS:
        return None
    depth = 0
    for at in range(index, len(tokens)):
        depth += (tokens[at].text in _PAIRS) - (tokens[at].text in _PAIRS.values())
        if not depth:
            return at
    return None


def _chain_start(tokens: list[Token], index: int) -> int | None:
    """The index of the first token of the name that ends at `index`: `a` of `a.b["c"]`. None if it is no plain name."""
    at = index
    while True:
        if tokens[at].text == "]":
            opening = next((i for i in range(at, -1, -1) if _closing(tokens, i) == at), 0)
            at = opening - 1
            continue
        if at < 0 or tokens[at].kind not in ("name", "string"):
            return None
        if at < 2 or tokens[at - 1].text != ".":
            return at
        at -= 2


def called(node: nodes.Call, source: str, tokens: list[Token]) -> Operand | None:
    """`now()`, `len(name)` or `name.upper()`; None if its name is called more than once, or is none."""
    word = getattr(node.node, "attr", None) or getattr(node.node, "name", None)
    found = [
        at for at, token in enumerate(tokens[:-1])
        if token.text == word and tokens[at + 1].text == "(" and (not at or tokens[at - 1].text not in ("|", "is"))
    ]  # fmt: skip
    first = _chain_start(tokens, found[0]) if len(found) == 1 else None
    if first is None:
        return None
    at = found[0]
    end = end_of_brackets(tokens, at)
    owner = source[tokens[first].start : tokens[at - 2].end] if first < at else ""
    start = tokens[first].start
    return Operand(source[start:end], owner, source[tokens[at + 1].end : end - 1].strip(), start, end)


def sliced(source: str, tokens: list[Token]) -> Operand | None:
    """`name[:1]`; None if there are several, or what is cut is no plain name."""
    found = [
        (at, closing) for at in range(1, len(tokens))
        if tokens[at].text == "[" and (closing := _closing(tokens, at)) and any(t.text == ":" for t in tokens[at:closing])
    ]  # fmt: skip
    first = _chain_start(tokens, found[0][0] - 1) if len(found) == 1 else None
    if first is None:
        return None
    (at, closing), start = found[0], tokens[first].start
    end = tokens[closing].end
    return Operand(
        source[start:end], source[start : tokens[at - 1].end], source[tokens[at].end : end - 1].strip(), start, end
    )


def chosen_item(source: str, tokens: list[Token]) -> Operand | None:
    """`texts[language]`: an item that a value names. None if there are several, or what has the items is no plain name."""
    found = [
        (at, closing) for at in range(1, len(tokens))
        if tokens[at].text == "[" and (closing := _closing(tokens, at)) and not _is_constant(tokens[at + 1 : closing])
        and tokens[at - 1].kind == "name"
    ]  # fmt: skip
    first = _chain_start(tokens, found[0][0] - 1) if len(found) == 1 else None
    if first is None:
        return None
    (at, closing), start = found[0], tokens[first].start
    named = source[tokens[at].end : tokens[closing].start].strip()
    return Operand(
        source[start : tokens[closing].end], source[start : tokens[at - 1].end], named, start, tokens[closing].end
    )


def _is_constant(tokens: list[Token]) -> bool:
    return not any(token.kind == "name" for token in tokens)


def named_test(source: str, tokens: list[Token], at: int) -> Operand | None:
    """`name is empty`, by the index of the test's name; None if what is tested is no plain name."""
    before = at - 2 if tokens[at - 1].text == "is" else at - 3
    first = _chain_start(tokens, before) if before >= 0 else None
    if first is None:
        return None
    start, end = tokens[first].start, tokens[at].end
    return Operand(source[start:end], source[start : tokens[before].end], "", start, end)
