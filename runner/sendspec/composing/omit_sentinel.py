"""The value of `{{ omit }}`: the key that gets it is left out of the payload."""

from __future__ import annotations


class OmitInText(Exception):
    """`omit` was made part of a text, where it can't be left out."""


class Omit:
    """One object; tell it by identity. Only a whole value can be omitted, so it refuses to become text."""

    __slots__ = ()

    def __str__(self) -> str:
        raise OmitInText

    def __repr__(self) -> str:
        return "OMIT"


OMIT = Omit()
