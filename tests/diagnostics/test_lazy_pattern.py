"""Expressions that are compiled when they are first used."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Iterator
from importlib import import_module

import pytest
import sendspec
from sendspec.diagnostics.lazy_pattern import _LazyPattern, lazy_pattern

WORD = r"(?P<first>[a-z])(\w*)"


def test_it_does_what_the_compiled_expression_does() -> None:
    compiled, text = re.compile(WORD, re.ASCII | re.IGNORECASE), "Ünder Water-9"
    for name, arguments in [
        ("match", (text,)), ("search", (text, 2)), ("fullmatch", (text, 6, 11)), ("findall", (text,)), ("finditer", (text,)),
        ("sub", (r"<\g<first>>", text)), ("subn", ("-", text, 1)), ("split", (text,)),
    ]:  # fmt: skip
        found, expected = (getattr(each, name)(*arguments) for each in (lazy_pattern(WORD, compiled.flags), compiled))
        if name == "finditer":
            found, expected = list(found), list(expected)
        assert str(found) == str(expected)
    lazy = lazy_pattern(WORD, re.ASCII | re.IGNORECASE)
    for name in ("flags", "groups", "groupindex", "pattern"):
        assert getattr(lazy, name) == getattr(compiled, name)
    assert lazy_pattern(b"a+").sub(b"b", b"caat") == b"cbt"


def test_an_expression_is_compiled_when_it_is_first_used() -> None:
    broken = lazy_pattern("(")
    assert broken.pattern == "("
    for _ in range(2):
        with pytest.raises(re.error):
            broken.search("")


def test_it_has_no_attributes_that_an_expression_has_not() -> None:
    with pytest.raises(AttributeError, match="matches"):
        lazy_pattern("(").matches  # type: ignore[attr-defined]  # noqa: B018


def patterns_in(values: Iterable[object]) -> Iterator[_LazyPattern]:
    for value in values:
        if isinstance(value, _LazyPattern):
            yield value
        elif isinstance(value, tuple | list):
            yield from patterns_in(value)
        elif isinstance(value, dict) and len(value) < 100:
            yield from patterns_in(value.values())


def test_every_expression_of_the_package_compiles() -> None:
    names = [each.name for each in pkgutil.walk_packages(sendspec.__path__, "sendspec.") if "__main__" not in each.name]
    patterns = {id(pattern): pattern for name in names for pattern in patterns_in(vars(import_module(name)).values())}
    assert len(patterns) > 290
    for pattern in patterns.values():
        assert pattern.flags & re.DEBUG == 0, pattern.pattern
