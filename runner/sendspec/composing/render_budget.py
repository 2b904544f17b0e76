"""The budget of one message's templates: what they may output, iterate over and work on, counted while they are rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_OUTPUT = 5_000_000
"""Characters of all texts of one message together."""

MAX_ITERATIONS = 10_000
"""Iterations of all loops of one message together."""

MAX_WORK = 20_000_000
"""Characters that filters, tests and comparisons of one message work on. Slow ones count each character several times, so that a
message over the limit is refused within half a second.
"""

ITEM_COST = 10
"""What an item of a list or mapping counts, besides its text."""

IN_COST = 4
"""What each character counts where one text is searched for another."""

_FIX = "shorten what it works on, or loop and filter less"


class FilterError(Exception):
    """A filter got a value that it can't work on, or the message's budget is used up."""

    def __init__(self, code: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.fix = fix


class RenderBudget:
    """The budget of one message. Raises `FilterError` as soon as a limit is passed."""

    __slots__ = ("iterations", "output", "work")

    def __init__(self, output: int = 0, work: int = 0) -> None:
        """Both are what has been used already."""
        self.output = output
        self.work = work
        self.iterations = 0

    def charge_work(self, value: Any, cost: int = 1) -> None:
        """`value` goes to something that looks at each of its characters, at `cost` each."""
        self.work += cost * (len(value) if isinstance(value, str) else character_count(value))
        if self.work > MAX_WORK:
            problem = f"the filters and comparisons of this message work on more than {MAX_WORK:,} characters"
            raise FilterError("template-too-costly", problem, _FIX)

    def charge_iteration(self) -> None:
        self.iterations += 1
        if self.iterations > MAX_ITERATIONS:
            problem = f"the loops of this message turn more than {MAX_ITERATIONS:,} times"
            raise FilterError("template-too-costly", problem, _FIX)

    def charge_output(self, length: int) -> None:
        self.output += length
        if self.output > MAX_OUTPUT:
            problem = f"the texts of this message have more than {MAX_OUTPUT:,} characters together"
            raise FilterError("template-too-costly", problem, _FIX)


def character_count(value: Any) -> int:
    """The characters of a text. A list or mapping counts all its texts, and `ITEM_COST` for each item; anything else counts 0."""
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
