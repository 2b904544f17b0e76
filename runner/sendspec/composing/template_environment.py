"""Jinja's environment for templates: what it offers to them, and how it looks up items."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sendspec.composing.filters import FILTERS, TESTS, as_html
from sendspec.composing.item_access import NoItems
from sendspec.composing.text_value import as_text
from sendspec.composing.tree_instrumentation import INSTRUMENT_FILTERS
from sendspec.composing.value_missing import ValueMissing

_SIGNS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class _Missing(StrictUndefined):
    """A missing value, which raises `ValueMissing` with its name and its owner when used."""

    __slots__ = ()

    def __init__(self, hint: Any = None, obj: Any = None, name: Any = None, exc: Any = UndefinedError) -> None:
        super().__init__(hint=hint or "", name=name, exc=partial(ValueMissing, str(name), obj))  # type: ignore[arg-type]


class _Environment(ImmutableSandboxedEnvironment):
    """`a.b` and `a["b"]` are items of mappings and lists, never attributes, which Jinja would fall back to.

    An item of a text or a number is a mistake, also where `default` follows: it would replace the value in every message.
    """

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, StrictUndefined):
            str(obj)
        if isinstance(obj, str | int | float):
            raise NoItems(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)


@cache
def jinja_environment(*, typed: bool, html: bool = False) -> _Environment:
    environment = _Environment(
        undefined=_Missing,
        optimized=False,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=None if typed else as_html if html else as_text,
    )
    environment.globals = {}
    environment.filters = {name: allowed.charged() for name, allowed in FILTERS.items()} | INSTRUMENT_FILTERS
    environment.tests = {name: allowed.charged() for name, allowed in TESTS.items()}
    environment.tests.update({sign: environment.tests[name] for sign, name in _SIGNS.items()})
    return environment
