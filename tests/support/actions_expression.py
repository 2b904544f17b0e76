"""Expressions of GitHub's workflows, as far as ours use them. Whatever else they can do is an error here: see `evaluate`.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?![\w.]))|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>==|!=|&&|\|\||[!().]))"
)
IN_TEXT = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
WORDS = {"true": True, "false": False, "null": None}
STATUS_FUNCTIONS = frozenset({"always", "success", "failure", "cancelled"})

Context = Mapping[str, Any]
"""What a name such as `github` leads to; the leaves are text, numbers, booleans and None."""


class Unsupported(AssertionError):
    """A part of GitHub's language that the emulator doesn't know, or a name that leads nowhere."""


class Expression:
    """One expression, read by recursive descent: `||`, `&&`, equality, `!`, then values."""

    def __init__(self, text: str, contexts: Mapping[str, Context], functions: Mapping[str, Callable[[], bool]]) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._contexts = contexts
        self._functions = functions

    def value(self) -> Any:
        found = self._either()
        if self._tokens:
            raise Unsupported(f"{self._tokens[0]!r} in {self._text!r}")
        return found

    def _take(self, *signs: str) -> str | None:
        return (
            self._tokens.pop(0)[1] if self._tokens and self._tokens[0] in [("sign", sign) for sign in signs] else None
        )

    def _either(self) -> Any:
        left = self._both()
        while self._take("||"):
            right = self._both()
            left = left if is_true(left) else right
        return left

    def _both(self) -> Any:
        left = self._equality()
        while self._take("&&"):
            right = self._equality()
            left = right if is_true(left) else left
        return left

    def _equality(self) -> Any:
        left = self._negation()
        if sign := self._take("==", "!="):
            left = _are_equal(left, self._negation()) is (sign == "==")
        return left

    def _negation(self) -> Any:
        return not is_true(self._negation()) if self._take("!") else self._single()

    def _single(self) -> Any:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise Unsupported(f"a bracket is open in {self._text!r}")
            return inner
        kind, word = self._tokens.pop(0) if self._tokens else ("end", "")
        match kind:
            case "text":
                return word[1:-1].replace("''", "'")
            case "number":
                return int(word)
            case "name" if word in WORDS:
                return WORDS[word]
            case "name":
                return self._call(word) if self._take("(") else self._property(word)
            case _:
                raise Unsupported(f"{word or 'the end'!r} in {self._text!r}")

    def _call(self, name: str) -> bool:
        if name not in self._functions or not self._take(")"):
            raise Unsupported(f"the function {name} in {self._text!r}")
        return self._functions[name]()

    def _property(self, name: str) -> Any:
        if name not in self._contexts:
            raise Unsupported(f"the context {name} in {self._text!r}")
        found: Any = self._contexts[name]
        path = name
        while self._take("."):
            kind, key = self._tokens.pop(0) if self._tokens else ("end", "")
            path += f".{key}"
            if kind != "name" or not isinstance(found, Mapping) or key not in found:
                raise Unsupported(f"nothing is called {path}")
            found = found[key]
        if isinstance(found, Mapping):
            raise Unsupported(f"{path} is no single value")
        return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = list[tuple[str, str]](), 0
    while text[place:].strip():
        token = TOKEN.match(text, place)
        if token is None or token.lastgroup is None:
            raise Unsupported(f"{text[place:]!r} in {text!r}")
        found.append((token.lastgroup, token[token.lastgroup]))
        place = token.end()
    return found


def is_true(value: Any) -> bool:
    return value not in (None, False, "", 0) and value == value


def _are_equal(left: Any, right: Any) -> bool:
    """As GitHub compares: text without regard to case, values of different kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return math.nan


def text_of(value: Any) -> str:
    return {None: "", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def evaluate(text: str, contexts: Mapping[str, Context], functions: Mapping[str, Callable[[], bool]]) -> Any:
    """The value of an expression. Raises `Unsupported` for every operator, function, context and key that isn't known."""
    return Expression(text, contexts, functions).value()


def filled(text: str, contexts: Mapping[str, Context]) -> str:
    """A text of a workflow with its `${{ … }}` filled in."""
    done = IN_TEXT.sub(lambda found: text_of(evaluate(found[1], contexts, {})), text)
    if "${{" in IN_TEXT.sub("", text):
        raise Unsupported(f"an expression is open in {text!r}")
    return done
