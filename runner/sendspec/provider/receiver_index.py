"""Finds recipients in folded text: numbers by their digits, other addresses as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.encoded_text import Span
from sendspec.provider.folded_text import folded
from sendspec.provider.text_index import MIN_FOLDED

MIN_RECEIVER = 8
"""Characters of the shortest recipient that is found whole, digits or not."""
DIGITS_APART = 4

_DIGIT = lazy_pattern("[0-9]")


class ReceiverIndex:
    """The recipients that a response is about."""

    __slots__ = ("_digits", "_parts_by_size", "_wholes")

    def __init__(self, receivers: Collection[str]) -> None:
        letters = [(receiver, folded(receiver)) for receiver in receivers]
        self._wholes = {form for receiver, form in letters if len(receiver) >= MIN_RECEIVER and len(form) >= MIN_FOLDED}
        self._digits = {"".join(_DIGIT.findall(form)) for _, form in letters}
        self._parts_by_size: dict[int, frozenset[str]] = {}

    def spans(self, text: str, part: int) -> Iterator[Span]:
        """Where folded `text` has a whole recipient, or any `part` consecutive digits of one with little between them."""
        for whole in self._wholes:
            yield from _occurrences(text, whole)
        parts = self._parts(part)
        if not parts:
            return
        for places in _digit_groups(text):
            digits = "".join(text[place] for place in places)
            for n in range(len(digits) - part + 1):
                if digits[n : n + part] in parts:
                    yield places[n], places[n + part - 1] + 1

    def _parts(self, size: int) -> frozenset[str]:
        if size not in self._parts_by_size:
            self._parts_by_size[size] = frozenset(
                digits[start : start + size] for digits in self._digits for start in range(len(digits) - size + 1)
            )
        return self._parts_by_size[size]


def _occurrences(text: str, string: str) -> Iterator[Span]:
    start = text.find(string)
    while start >= 0:
        yield start, start + len(string)
        start = text.find(string, start + len(string))


def _digit_groups(text: str) -> Iterator[list[int]]:
    """The positions of digits, grouped where few letters separate them."""
    group: list[int] = []
    for digit in _DIGIT.finditer(text):
        place = digit.start()
        if group and place - group[-1] > DIGITS_APART:
            yield group
            group = []
        group.append(place)
    yield group
