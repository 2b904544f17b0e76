"""What a template may contain, checked node by node on the parsed tree before compiling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isinf
from typing import Any

from jinja2 import Environment, nodes

from sendspec.composing.operand_text import called, chosen_item, end_of_brackets, named_test, sliced
from sendspec.composing.template_advice import (
    USUAL_FIX,
    emptiness_fix,
    filter_fix,
    fix_of,
    instead_of_call,
    instead_of_choice,
    instead_of_slice,
    test_fix,
)
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_token import Token, tokens_of
from sendspec.diagnostics.characters import forbidden_character
from sendspec.reading.documents.scalar import joined_surrogates

MAX_NODES = 200
MAX_GROWING = 2
"""`replace` and `join` filters in one string: a chain of them multiplies its length."""

ARITHMETIC = "arithmetic"
TOO_MANY_DIGITS = "a number of more than 18 digits"

PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getitem, nodes.Getattr,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.If, nodes.For, nodes.Concat, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip
NAMED = {
    nodes.Assign: "`set`", nodes.AssignBlock: "`set`", nodes.Include: "`include`",
    nodes.Import: "`import`", nodes.FromImport: "`import`", nodes.Extends: "`extends`", nodes.Block: "`block`",
    nodes.Macro: "`macro`", nodes.CallBlock: "`call`", nodes.FilterBlock: "`filter` as a block", nodes.With: "`with`",
    nodes.Dict: "a mapping", nodes.Scope: "a scope",
}  # fmt: skip


def check_tree(tree: nodes.Template, source: str, environment: Environment) -> list[TemplateProblem]:
    """Everything in the tree that isn't allowed, each once."""
    tokens = tokens_of(source, environment)
    whole = (0, len(source))
    problems: list[TemplateProblem] = []
    growing = 0
    listed = list(_walk(tree))
    if len(listed) > MAX_NODES:
        return [
            TemplateProblem(
                "template-too-complex", f"the template has more than {MAX_NODES} parts", "make it simpler", *whole
            )
        ]
    problems += _escaped_characters(tokens)
    counted = any(isinstance(node, nodes.Slice) for node, _ in listed)  # what it counts with is a part of it
    for node, depth_of_loops in listed:
        if isinstance(node, nodes.BinExpr | nodes.UnaryExpr) and type(node) not in PLAIN:
            if counted:
                continue  # one sum is one fault, however many signs it has
            counted = True
        problems += _judge(node, depth_of_loops, source, tokens, environment)
        growing += isinstance(node, nodes.Filter) and node.name in ("replace", "join")
    if growing > MAX_GROWING:
        problems.append(
            TemplateProblem(
                "template-too-complex",
                f"more than {MAX_GROWING} `replace` or `join` are in one text",
                "use fewer",
                *whole,
            )
        )
    return list(dict.fromkeys(problems))


def _walk(tree: nodes.Template) -> Iterator[tuple[nodes.Node, int]]:
    """Every node, with the number of loops around it."""
    stack: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while stack:
        node, loops = stack.pop()
        yield node, loops
        inner = loops + isinstance(node, nodes.For)
        stack.extend((child, inner) for child in reversed(list(node.iter_child_nodes())))


def _judge(
    node: nodes.Node, loops: int, source: str, tokens: list[Token], environment: Environment
) -> list[TemplateProblem]:
    whole = (0, len(source))
    if isinstance(node, nodes.Filter):
        return _unknown_filter(node, environment.filters, tokens, whole)
    if isinstance(node, nodes.Test):
        return _unknown_test(node, environment.tests, source, tokens)
    if isinstance(node, nodes.Call):
        return [_call(node, source, tokens)]
    if isinstance(node, nodes.Slice):
        return [_slice(node, source, tokens)]
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const | nodes.Slice):
        return [_choice(node, source, tokens)]
    what = _forbidden(node, loops)
    if what is None:
        return []
    comma = _decimal_comma(tokens) if isinstance(node, nodes.Tuple) else None
    if comma is not None:
        return [comma]
    start, end = _place(node, tokens, whole)
    return [forbidden(what, start, end, fix_of(node))]


def _decimal_comma(tokens: list[Token]) -> TemplateProblem | None:
    """The problem of a number such as `12,5`, which Jinja reads as a list."""
    for before, comma, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        end = after.start + len(after.text)
        is_one = comma.text == "," and (before.kind, after.kind) == ("integer", "integer")
        if is_one and end - before.start == len(before.text) + 1 + len(after.text):
            written = f"{before.text},{after.text}"
            problem, fix = (
                f"`{written}` is two numbers: a template has no decimal comma",
                f"write {before.text}.{after.text}",
            )
            return TemplateProblem("template-forbidden", problem, fix, before.start, end)
    return None


def _call(node: nodes.Call, source: str, tokens: list[Token]) -> TemplateProblem:
    found = called(node, source, tokens)
    if found is None:
        return forbidden("a call such as `name()`", 0, len(source), USUAL_FIX)
    fix, why = instead_of_call(node, found, is_alone=found.is_alone(source))
    problem = f"`{found.shown}` is not allowed in a message{why}"
    return TemplateProblem("template-forbidden", problem, fix, found.start, found.end)


def _slice(node: nodes.Slice, source: str, tokens: list[Token]) -> TemplateProblem:
    found = sliced(source, tokens)
    if found is None:
        return forbidden("a slice such as `[1:2]`", 0, len(source), instead_of_slice(node, None))
    return forbidden(f"the slice `{found.shown}`", found.start, found.end, instead_of_slice(node, found))


def _choice(node: nodes.Getitem, source: str, tokens: list[Token]) -> TemplateProblem:
    found = chosen_item(source, tokens)
    problem, fix = instead_of_choice(node, found)
    start, end = (0, len(source)) if found is None else (found.start, found.end)
    return TemplateProblem("template-forbidden", problem, fix, start, end)


def forbidden(what: str, start: int, end: int, fix: str = USUAL_FIX) -> TemplateProblem:
    return TemplateProblem("template-forbidden", f"{what} is not allowed in a message", fix, start, end)


def _escaped_characters(tokens: list[Token]) -> Iterator[TemplateProblem]:
    """Characters that no text of a spec may hold, written as escapes in the strings of a template."""
    for token in tokens:
        if token.kind != "string" or "\\" not in token.text:
            continue
        # As Jinja's lexer reads a string.
        text = token.text[1:-1].encode("ascii", "backslashreplace").decode("unicode_escape")
        found = forbidden_character(joined_surrogates(text))
        if found is not None:
            problem = f"this text holds the character U+{ord(found[0]):04X}; it can't be seen, and can't be sent"
            end = token.start + len(token.text)
            yield TemplateProblem("forbidden-character", problem, "remove the escape", token.start, end)


def _forbidden(node: nodes.Node, loops: int) -> str | None:
    if type(node) not in PLAIN:
        named = next((words for kind, words in NAMED.items() if isinstance(node, kind)), None)
        return named or (ARITHMETIC if isinstance(node, nodes.BinExpr | nodes.UnaryExpr) else "this")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return f"`.{node.attr}`"
    if isinstance(node, nodes.Name) and (
        node.name.startswith("__") or node.name in ("self", "loop", "caller", "varargs", "kwargs")
    ):
        return f"`{node.name}`"
    if isinstance(node, nodes.List | nodes.Tuple) and not all(isinstance(item, nodes.Const) for item in node.items):
        return "a list of anything but constants"
    if isinstance(node, nodes.Const) and isinstance(node.value, int) and abs(node.value) > 10**18:
        return TOO_MANY_DIGITS
    if isinstance(node, nodes.Const) and isinstance(node.value, float) and isinf(node.value):
        return "a number that is too large for JSON"
    if isinstance(node, nodes.For):
        if loops:
            return "a loop in a loop"
        if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
            return "a loop of this kind"
    return None


def _place(node: nodes.Node, tokens: list[Token], whole: tuple[int, int]) -> tuple[int, int]:
    """The place of the node's own word; the whole text where it has none, or the word is not unique."""
    word = getattr(node, "attr", None) or getattr(node, "name", None)
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        word = node.operator
    elif not isinstance(word, str):
        word = type(node).__name__.lower() if isinstance(node, nodes.Stmt) else None
    found = [token for token in tokens if token.text == word]
    return (found[0].start, found[0].start + len(found[0].text)) if len(found) == 1 else whole


def _unknown_filter(
    node: nodes.Filter, known: dict[str, Any], tokens: list[Token], whole: tuple[int, int]
) -> list[TemplateProblem]:
    if node.name in known:
        return []
    at = next((at for at in range(1, len(tokens)) if _follows(tokens, at, node.name, ("|",))), None)
    fix, is_gone = filter_fix(node.name)
    place = whole if at is None else (tokens[at].start, tokens[at].end)
    if at is not None and is_gone:
        place = (tokens[at - 1].start, end_of_brackets(tokens, at))
    return [TemplateProblem("unknown-filter", f"there is no filter called '{node.name}' in messages", fix, *place)]


def _unknown_test(node: nodes.Test, known: dict[str, Any], source: str, tokens: list[Token]) -> list[TemplateProblem]:
    if node.name in known:
        return []
    problem = f"there is no test called '{node.name}' in messages"
    at = next((at for at in range(1, len(tokens)) if _follows(tokens, at, node.name, ("is", "not"))), None)
    if at is None:
        return [TemplateProblem("unknown-test", problem, test_fix(node.name, _identifiers(known)), 0, len(source))]
    tested = named_test(source, tokens, at)
    fix = None if tested is None else emptiness_fix(node.name, tested.operand, is_negated=tokens[at - 1].text == "not")
    if tested is not None and fix is not None:
        return [TemplateProblem("unknown-test", problem, fix, tested.start, tested.end)]
    fix = test_fix(node.name, _identifiers(known))
    return [TemplateProblem("unknown-test", problem, fix, tokens[at].start, tokens[at].end)]


def _follows(tokens: list[Token], at: int, name: str, after: tuple[str, ...]) -> bool:
    return tokens[at].text == name and tokens[at - 1].text in after


def _identifiers(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.isidentifier())


def trust_of(source: str, environment: Environment) -> tuple[int, int] | None:
    """The place of the first `| safe`."""
    if "safe" not in source:
        return None
    tokens = tokens_of(source, environment)
    pairs = zip(tokens, tokens[1:], strict=False)
    at = next((token.start for before, token in pairs if before.text == "|" and token.text == "safe"), None)
    return None if at is None else (at, at + len("safe"))
