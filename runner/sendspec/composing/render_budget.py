"""What filling one message's templates may take, counted while it is taken: output, turns of loops, and what is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_OUTPUT = 5_000_000
"""Characters that all texts of one message have together."""

MAX_TURNS = 10_000
"""Turns of all loops of one message together."""

MAX_FED = 20_000_000
"""Characters that filters, tests and comparisons of one message work on. Some count several times, by how slow they are; with
that, a message is refused within half a second.
"""

ITEM_COST = 10
"""What an item of a list or mapping counts beside its text."""

IN_COST = 4
"""How often each character counts where a text is looked for in another."""

_FIX = "shorten what it works on, or loop and filter less"


class FilterError(Exception):
    """A filter met a value that it can't work on, or has worked on too much."""

    def __init__(self, code: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.fix = fix


class RenderBudget:
    """One message's. Raises `FilterError` as soon as something is used up."""

    __slots__ = ("fed", "output", "turns")

    def __init__(self, output: int = 0, fed: int = 0) -> None:
        """Both are what has been taken already."""
        self.output = output
        self.fed = fed
        self.turns = 0

    def feed(self, value: Any, cost: int = 1) -> None:
        """`value` goes to something that looks at each of its characters, at `cost` each."""
        self.fed += cost * (len(value) if isinstance(value, str) else character_count(value))
        if self.fed > MAX_FED:
            problem = f"the filters and comparisons of this message work on more than {MAX_FED:,} characters"
            raise FilterError("template-too-costly", problem, _FIX)

    def turn(self) -> None:
        self.turns += 1
        if self.turns > MAX_TURNS:
            problem = f"the loops of this message turn more than {MAX_TURNS:,} times"
            raise FilterError("template-too-costly", problem, _FIX)

    def put(self, length: int) -> None:
        self.output += length
        if self.output > MAX_OUTPUT:
            problem = f"the texts of this message have more than {MAX_OUTPUT:,} characters together"
            raise FilterError("template-too-costly", problem, _FIX)


def character_count(value: Any) -> int:
    """The characters of a text; of a list or mapping those of all it holds, and `ITEM_COST` for each item; 0 for anything else."""
    if not isinstance(value, str | Mapping | list | tuple):
        return 0
    total = 0
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            total += len(each)
        elif isinstance(each, Mapping):
            total += ITEM_COST * len(each)
            stack.extend(each)
            stack.extend(each.values())
        elif isinstance(each, list | tuple):
            total += ITEM_COST * len(each)
            stack.extend(each)
    return total
