"""A piece of a shape's text."""

from __future__ import annotations

from typing import NamedTuple

SAME_WORDS = frozenset({"capitalize", "lower", "string", "title", "trim", "upper"})
"""Filters that, without arguments, change at most the case of a value and the white space around it."""


class Piece(NamedTuple):
    """A part of a text: the spec's own, or a place of recipients' values (or one end of it), which is shown as it is.

    `is_column`: the place of a value as it stands in a row, but for its case.
    """

    text: str
    is_own: bool
    is_column: bool = False
