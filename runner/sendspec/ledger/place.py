"""Where a ledger is: a SQLite file, or a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from sendspec.diagnostics.exceptions import LedgerMoved
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.environment import LedgerFile


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that is shown nowhere, not by `repr` either."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A ledger on a server. `shown` names it without its URL. `folder` takes the results that can't be written to the server.

    `schema` holds the ledger's tables; an identifier of lower-case letters, digits and underscores. `tell` hears what is waited for.
    """

    url: Secret
    schema: str
    shown: str
    folder: Path
    tell: Callable[[str], None] = field(default=lambda words: None, repr=False, compare=False)


LedgerPlace: TypeAlias = LedgerFile | ServerPlace


def named(place: LedgerPlace) -> str:
    """The ledger at `place`, as errors name it; never its URL."""
    return f"the ledger of {place.shown}" if isinstance(place, ServerPlace) else place.named


def moved_trouble(ledger: str, to: str) -> LedgerMoved:
    """The error for a ledger that was copied, and is asked to send."""
    return LedgerMoved(
        f"{ledger} was moved to {to}, which knows what was sent since",
        "name that one under `ledger:` in sendspec.yaml",
    )
