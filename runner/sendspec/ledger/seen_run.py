"""A run as others see it."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """A run as the ledger recorded it. `on_the_way` counts the messages that it is sending, or was when it died."""

    number: int
    started_at: float
    host: str
    command: str
    on_the_way: int
    is_living: bool
