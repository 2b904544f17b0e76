"""Numbers that keep the spelling they had in the file."""

from __future__ import annotations

from typing import Any


class SpelledFloat(float):
    """A float parsed from text: `12.50` calculates as 12.5, and prints as `12.50`."""

    __slots__ = ("_spelling",)
    _spelling: str

    def __new__(cls, spelling: str) -> SpelledFloat:
        number = super().__new__(cls, spelling)
        number._spelling = spelling
        return number

    def __str__(self) -> str:
        return self._spelling

    def __getnewargs__(self) -> tuple[Any, ...]:  # for pickling between processes
        return (self._spelling,)


class MinusZero(int):
    """The integer -0: it calculates as 0, and prints as `-0`. No other integer has two spellings in JSON."""

    __slots__ = ()

    def __str__(self) -> str:
        return "-0"


def spelled_integer(spelling: str) -> int:
    """An integer parsed from decimal digits."""
    return MinusZero() if spelling == "-0" else int(spelling)


def unspelled(value: Any) -> Any:
    """`value` with plain numbers at all depths, as the payload needs them; tuples become lists."""
    if isinstance(value, SpelledFloat):
        return float(value)
    if isinstance(value, MinusZero):
        return 0
    if isinstance(value, dict):
        return {name: unspelled(each) for name, each in value.items()}
    return [unspelled(each) for each in value] if isinstance(value, list | tuple) else value
