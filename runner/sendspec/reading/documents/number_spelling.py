"""Numbers that remember how they were written."""

from __future__ import annotations

from typing import Any


class SpelledFloat(float):
    """A number with a fraction, from text: `12.50` is 12.5 to reckon with, and `12.50` where it becomes text."""

    __slots__ = ("_spelling",)
    _spelling: str

    def __new__(cls, spelling: str) -> SpelledFloat:
        number = super().__new__(cls, spelling)
        number._spelling = spelling
        return number

    def __str__(self) -> str:
        return self._spelling

    def __getnewargs__(self) -> tuple[Any, ...]:  # between processes
        return (self._spelling,)


def unspelled(value: Any) -> Any:
    """`value` with plain numbers only, at all depths, as the payload needs them; a tuple becomes a list."""
    if isinstance(value, SpelledFloat):
        return float(value)
    if isinstance(value, dict):
        return {name: unspelled(each) for name, each in value.items()}
    return [unspelled(each) for each in value] if isinstance(value, list | tuple) else value
