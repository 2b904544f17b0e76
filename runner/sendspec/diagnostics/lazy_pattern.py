"""Regular expressions that are compiled when they are first used.

Most are for mistakes that a command never meets, and compiling all of them took a quarter of a short command.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_COMPILED = (
    "flags",
    "findall",
    "finditer",
    "fullmatch",
    "groupindex",
    "groups",
    "match",
    "search",
    "split",
    "sub",
    "subn",
)


def lazy_pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, except that an error in the expression is raised at its first use.

    It can be used by its methods alone: the functions of `re` don't take it.
    """
    return cast("re.Pattern[AnyStr]", _LazyPattern(pattern, flags))


class _LazyPattern:
    """After the first use, its attributes are those of the compiled expression: a call costs no more."""

    __slots__ = (*_COMPILED, "_flags", "pattern")

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Python calls it for an attribute that isn't set yet."""
        if name not in _COMPILED:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for each in _COMPILED:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)
