"""How user-facing texts write numbers and the nouns they count."""

from __future__ import annotations


def grouped(number: int) -> str:
    """`1204` as `1 204`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 message`, `2 messages`."""
    return f"{grouped(number)} {singular if number == 1 else plural or singular + 's'}"
