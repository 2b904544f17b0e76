"""What a template raises if a value is missing."""

from __future__ import annotations

from jinja2 import UndefinedError


class ValueMissing(UndefinedError):
    """A template uses a value that the row doesn't have, or an item that `owner` doesn't have."""

    def __init__(self, name: str, owner: object, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner
