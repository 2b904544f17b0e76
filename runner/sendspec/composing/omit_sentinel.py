"""The sentinel behind `{{ omit }}`: a key with this value is left out of the payload."""

from __future__ import annotations


class OmitInText(Exception):
    """`omit` is part of a text, where nothing can be left out."""


class Omit:
    """Compare it by identity. Only a whole value can be omitted, so `str` raises `OmitInText`."""

    __slots__ = ()

    def __str__(self) -> str:
        raise OmitInText

    def __repr__(self) -> str:
        return "OMIT"


OMIT = Omit()
